package io.groupota.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.LatestUpdate;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.rollout.Rollout;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Walks every endpoint with every kind of caller: without a bearer there is nothing, and an owner
 * gets nothing of another owner. The endpoints are those that the router has.
 */
@Timeout(120)
class EveryEndpointTest {
  private static final List<String> METHODS =
      List.of("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "X");

  @TempDir static Path spool;

  private static final WatchedBlobs BLOBS = new WatchedBlobs();
  private static Fleet fleet;
  private static HttpServer server;

  private static Rollout rollout;

  private OtaUpdate update;

  @BeforeEach
  void start() throws Exception {
    fleet = new Fleet(BLOBS);
    update = fleet.deploy("1.2.7", Probe.FIRMWARE);
    fleet.deployForeign("3.0.0", Fleet.firmware(1_000, 3));
    rollout = fleet.rollOut("4.0.0", Fleet.firmware(1_000, 4));
    server = new HttpServer(fleet.service, spool, Caller::authenticate);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    fleet.close();
  }

  /** Those that a servlet has, whatever its service. */
  private static List<String> endpoints() {
    return OtaServlet.builder()
        .service(new FaultyService().service())
        .authenticator(bearer -> Optional.empty())
        .build()
        .endpoints();
  }

  static Stream<Arguments> endpointsAndCallers() {
    return endpoints().stream()
        .flatMap(endpoint -> Stream.of(Caller.values()).map(who -> Arguments.of(endpoint, who)));
  }

  static Stream<Arguments> pathsAndCallers() {
    return endpoints().stream()
        .map(endpoint -> endpoint.substring(endpoint.indexOf(' ') + 1))
        .distinct()
        .flatMap(path -> Stream.of(Caller.values()).map(who -> Arguments.of(path, who)));
  }

  private static List<Probe> probes(String endpoint) {
    return Probe.all(fleet, rollout).getOrDefault(endpoint, List.of());
  }

  @Test
  void theWalkMissesNoEndpoint() {
    assertThat(Probe.all(fleet, rollout).keySet()).containsExactlyInAnyOrderElementsOf(endpoints());
    assertThat(server.endpoints()).isEqualTo(endpoints());
  }

  @ParameterizedTest(name = "{0} by {1}")
  @MethodSource("endpointsAndCallers")
  void everybodyGetsWhatIsTheirsAndNothingElse(String endpoint, Caller caller) throws Exception {
    String method = endpoint.substring(0, endpoint.indexOf(' '));
    for (Probe probe : probes(endpoint)) {
      Probe.Expected expected = probe.expected().apply(caller);
      List<Object> before = fleet.everything();
      long writes = BLOBS.writes();

      RawHttp.Answer answer = send(method, probe, caller);

      assertThat(answer.status()).as(probe.path()).isEqualTo(expected.status());
      assertThat(text(answer).replaceFirst("\"rollout\":\"[0-9a-f]{24}\"", "\"rollout\":\"NEW\""))
          .as(probe.path())
          .isEqualTo(expected.body());
      assertNothingOfTheOwner(answer, expected);
      if (expected.status() == 201) {
        assertThat(BLOBS.writes()).isEqualTo(writes + 1);
      } else {
        boolean changes = expected.status() == 200 && method.equals("POST");
        assertThat(fleet.everything().equals(before)).isEqualTo(!changes);
        assertThat(BLOBS.writes()).isEqualTo(writes);
      }
      Await.until("the spool is empty", () -> server.spooled().isEmpty());
    }
  }

  @ParameterizedTest(name = "{0} by {1}")
  @MethodSource("endpointsAndCallers")
  void headTellsNoMoreThanGet(String endpoint, Caller caller) throws Exception {
    long reads = BLOBS.reads();
    for (Probe probe : probes(endpoint)) {
      if (!endpoint.startsWith("GET ")) {
        continue;
      }
      Probe.Expected expected = probe.expected().apply(caller);
      try (RawHttp http = server.raw()) {
        RawHttp.Answer answer = http.send(request("HEAD", probe, caller)).readNoBody();
        assertThat(answer.status()).isEqualTo(expected.status());
        assertThat(answer.header("Content-Length")).isEqualTo("" + expected.body().length());
        assertNothingOfTheOwner(answer, expected);
      }
    }
    assertThat(BLOBS.reads()).isEqualTo(reads);
  }

  @ParameterizedTest(name = "{0} by {1}")
  @MethodSource("pathsAndCallers")
  void otherMethodsDoNothingForAnybody(String path, Caller caller) throws Exception {
    List<String> answered =
        endpoints().stream().filter(endpoint -> endpoint.endsWith(" " + path)).toList();
    Probe probe = probes(answered.get(0)).get(0);
    String target = probe.path().replaceFirst("[?].*", "");
    boolean needsBearer = probe.expected().apply(Caller.NOBODY).status() == 401;
    List<Object> before = fleet.everything();
    long writes = BLOBS.writes();
    for (String method : METHODS) {
      if (answered.contains(method + " " + path)) {
        continue;
      }
      RawHttp.Answer answer = send(method, new Probe(target, "", any -> null), caller);
      assertThat(answer.status())
          .as(method)
          .isEqualTo(needsBearer && !caller.isKnown() ? 401 : 405);
      assertThat(answer.text()).isIn("Unauthorized", "{\"message\":\"Method not allowed\"}");
    }
    assertThat(fleet.everything()).isEqualTo(before);
    assertThat(BLOBS.writes()).isEqualTo(writes);
  }

  /** Other spellings of the path of the management API are no way around the bearer. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/ota/group/",
        "/v1/ota/group;a=b",
        "/v1/ota;a=b/group",
        "/v1/ota//group",
        "/v1//ota/group",
        "/v1/ota/./group",
        "/v1/ota/device/../group",
        "/v1/ota/device/%2e%2e/group",
        "/v1/ota/%67roup",
        "/v1/ota/GROUP",
        "/v1/ota/group%2f",
        "/v1/ota/group%00",
        "/v1/ota/group\\",
        "/v1/ota/group?draw=1",
        "http://ota/v1/ota/group",
      })
  void noSpellingOfThePathIsAWayAroundTheBearer(String path) throws Exception {
    List<Object> before = fleet.everything();
    for (Caller caller : List.of(Caller.NOBODY, Caller.UNKNOWN, Caller.BASIC_SCHEME)) {
      for (String body : List.of("", Probe.deployment())) {
        try (RawHttp http = server.raw()) {
          http.send(request(body.isEmpty() ? "GET" : "POST", path, body, caller));
          RawHttp.Answer answer = http.readToEnd();
          assertThat(answer.status()).isIn(400, 401, 404);
          assertNothingOfTheOwner(answer, new Probe.Expected(answer.status(), ""));
        }
      }
    }
    assertThat(fleet.everything()).isEqualTo(before);
  }

  @ParameterizedTest
  @EnumSource
  void theHostIsAskedAboutABearerThatIsOneAndAboutNothingElse(Caller caller) throws Exception {
    StringBuilder asked = new StringBuilder();
    try (HttpServer watching =
            new HttpServer(
                fleet.service,
                spool,
                bearer -> {
                  asked.append(bearer);
                  return Optional.empty();
                });
        RawHttp http = watching.raw()) {
      http.send(request("GET", "/v1/ota/group", "", caller));
      assertThat(http.read().status()).isEqualTo(401);
    }
    boolean wellFormed =
        caller.header().startsWith("Authorization: Bearer ")
            && !List.of(Caller.BLANK_BEARER, Caller.TWO_BEARERS, Caller.OVER_LONG).contains(caller);
    assertThat(asked.toString()).isEqualTo(wellFormed ? caller.header().strip().substring(22) : "");
  }

  /** What belongs to the owner is in no answer but the one that the caller is to get. */
  private void assertNothingOfTheOwner(RawHttp.Answer answer, Probe.Expected expected) {
    String everything = String.join("\n", answer.headers()) + new String(answer.body(), ISO_8859_1);
    LatestUpdate latest =
        fleet.service.latestUpdates(HttpServer.OWNER, OtaQuery.builder().build()).updates().get(0);
    boolean served = expected.status() == 200;
    List<String> secrets =
        Stream.of(
                HttpServer.OWNER.value(),
                HttpServer.BEARER,
                Fleet.GROUP,
                Fleet.GROUP_TOKEN,
                Fleet.DEVICE,
                Fleet.DEVICE_TOKEN,
                latest.id(),
                latest.path(),
                update.id().value(),
                update.blob().value(),
                update.firmware().sha256(),
                update.firmware().md5())
            .filter(secret -> !(served && isGiven(secret, expected)))
            .toList();
    assertThat(everything.toLowerCase(Locale.ROOT))
        .doesNotContain(secrets.stream().map(s -> s.toLowerCase(Locale.ROOT)).toList());
  }

  /** Whether the expected answer holds it: the owner's own page, or the digests of a download. */
  private boolean isGiven(String secret, Probe.Expected expected) {
    boolean download = expected.body().equals(new String(Probe.FIRMWARE, ISO_8859_1));
    return expected.body().contains(secret)
        || (download
            && List.of(update.firmware().sha256(), update.firmware().md5()).contains(secret));
  }

  private RawHttp.Answer send(String method, Probe probe, Caller caller) throws Exception {
    try (RawHttp http = server.raw()) {
      return http.send(request(method, probe, caller)).read();
    }
  }

  private static String text(RawHttp.Answer answer) {
    return new String(answer.body(), ISO_8859_1);
  }

  private static String request(String method, Probe probe, Caller caller) {
    return request(method, "/v1/ota" + probe.path(), probe.body(), caller);
  }

  private static String request(String method, String target, String body, Caller caller) {
    String type =
        body.startsWith("{")
            ? "Content-Type: application/json\r\n"
            : "Content-Type: multipart/form-data; boundary=" + Form.BOUNDARY + "\r\n";
    return method
        + (" " + target + " HTTP/1.1\r\nHost: ota\r\nConnection: close\r\n")
        + caller.header()
        + (body.isEmpty() ? "" : type)
        + ("Content-Length: " + body.length() + "\r\n\r\n")
        + body;
  }
}
