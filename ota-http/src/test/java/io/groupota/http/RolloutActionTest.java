package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.OwnerId;
import io.groupota.StorageException;
import io.groupota.rollout.Rollouts;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies and failures of the actions. */
@Timeout(120)
class RolloutActionTest {
  private static final String PLAN =
      "{\"stages\":[{\"percent\":20,\"gate\":{\"approval\":true}},{\"percent\":100}]}";

  @TempDir Path spool;

  private RolloutFleet fleet;
  private String id;

  @BeforeEach
  void start() throws Exception {
    fleet = new RolloutFleet(spool);
    id = fleet.begin("2.0.0", PLAN);
  }

  @AfterEach
  void stop() throws Exception {
    fleet.close();
  }

  static Stream<Arguments> badBodies() {
    return Stream.of(
        bad("pause", "{", "body is not valid JSON (line 1, column 2)"),
        bad("pause", "{\"a\":1", "body is not valid JSON (line 1, column 7)"),
        bad("pause", "[]", "body must be a JSON object (line 1, column 2)"),
        bad("pause", "\"secret\"", "body must be a JSON object (line 1, column 2)"),
        bad("pause", " ", "body must be a JSON object (line 1, column 2)"),
        bad("pause", "{}{}", "body goes on after its end (line 1, column 4)"),
        bad("pause", "{\"x\":1}", "The body has fields that this action does not know"),
        bad("start", "{\"x\":1}", "The body has fields that this action does not know"),
        bad("resume", "{\"x\":1}", "The body has fields that this action does not know"),
        bad("approve", "{\"x\":1}", "The body has fields that this action does not know"),
        bad("cancel", "{\"x\":1}", "The body has fields that this action does not know"),
        bad("rollback", "{\"x\":1}", "The body has fields that this action does not know"),
        bad("rollback", "{\"update\":1}", "update must be a text"),
        bad("rollback", "{\"update\":\"x\"}", "Update ID is not valid"),
        bad("pace", "", "The body must be the pace; {} is one without limits"),
        bad("pace", "{\"speed\":1}", "pace.speed is not known"),
        bad("pace", "{\"per_minute\":\"1\"}", "pace.per_minute must be a number"),
        bad(
            "pace",
            "{\"per_minute\":0}",
            "pace: per_minute must be above 0 and at most 1000000000"),
        bad("pace", "{\"in_flight\":1.5}", "pace.in_flight must be a whole number"),
        bad(
            "pace",
            "{\"in_flight\":1,\"in_flight\":2}",
            "body has a member twice (line 1, column 29)"),
        bad("pace", "{\"in_flight\":" + "1".repeat(65) + "}", TOO_LONG),
        bad("pace", "{\"" + "x".repeat(257) + "\":1}", TOO_LONG),
        bad("pace", "{\"x\":\"" + "x".repeat(1_025) + "\"}", TOO_LONG),
        bad("pace", "{\"x\":" + "[".repeat(16) + "]".repeat(16) + "}", TOO_LONG),
        bad("pace", "{\"x\":[null]}", "body has a null in a list (line 1, column 11)"));
  }

  private static final String TOO_LONG =
      "body is nested too deeply, or has a name, a text or a number that is too long";

  private static Arguments bad(String action, String body, String message) {
    return Arguments.of(action, body, message);
  }

  @ParameterizedTest
  @MethodSource("badBodies")
  void aBadBodyIsRefusedAndChangesNothing(String action, String body, String message)
      throws Exception {
    String before = fleet.get("/rollouts/" + id).text();

    RawHttp.Answer answer = fleet.post("/rollouts/" + id + "/" + action, body);

    if (message.equals(TOO_LONG)) {
      assertThat(answer.text()).startsWith("{\"message\":\"" + message + " (line 1, column ");
    } else {
      assertThat(answer.text()).isEqualTo("{\"message\":\"" + message + "\"}");
    }
    assertThat(answer.status()).isEqualTo(400);
    assertThat(fleet.get("/rollouts/" + id).text()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "text/json", "application/x-www-form-urlencoded", "application/jsonx"})
  void aBodyOfAnotherTypeIsRefused(String type) throws Exception {
    for (String action : List.of("pause", "pace", "rollback")) {
      RawHttp.Answer answer =
          fleet.call("POST", "/rollouts/" + id + "/" + action, type, "{}", HttpServer.BEARER);
      assertThat(answer.text()).isEqualTo("{\"message\":\"The body must be application/json\"}");
      assertThat(answer.status()).isEqualTo(415);
    }
    assertThat(fleet.get("/rollouts/" + id).text()).contains("\"state\":\"running\"");
  }

  @Test
  void theTypeIsRecognizedInAnyCaseAndWithACharset() throws Exception {
    String path = "/rollouts/" + id + "/pause";
    String type = "Application/JSON; charset=utf-8";
    assertThat(fleet.call("POST", path, type, "{}", HttpServer.BEARER).status()).isEqualTo(200);
  }

  @Test
  void theTypeOfNoBodyDoesNotMatter() throws Exception {
    String path = "/rollouts/" + id + "/pause";
    String type = "application/x-www-form-urlencoded";
    assertThat(fleet.call("POST", path, type, "", HttpServer.BEARER).status()).isEqualTo(200);
  }

  @Test
  void aBodyOfTheLimitIsReadAndALargerOneIsNot() throws Exception {
    String path = "/rollouts/" + id + "/pace";
    String largest = "{}" + " ".repeat(ActionBody.MAX_BYTES - 2);
    String tooLarge = "{\"message\":\"The body is larger than the limit of 65536 bytes\"}";
    assertThat(fleet.post(path, largest).status()).isEqualTo(200);
    RawHttp.Answer answer = fleet.post(path, largest + " ");
    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.text()).isEqualTo(tooLarge);
    String chunk = "10001\r\n" + largest + " \r\n0\r\n\r\n";
    RawHttp.Answer chunked = fleet.send(request(path, "Transfer-Encoding: chunked", chunk));
    assertThat(chunked.status()).isEqualTo(413);
    assertThat(chunked.text()).isEqualTo(tooLarge);
  }

  @Test
  void aBodyThatIsCutShortChangesNothing() throws Exception {
    String path = "/rollouts/" + id + "/pause";
    try (RawHttp http = fleet.server.raw()) {
      http.send(request(path, "Content-Length: 10", "{}"));
      http.endOutput();
      RawHttp.Answer answer = http.readToEnd();
      assertThat(answer.status()).isEqualTo(400);
    }
    assertThat(fleet.get("/rollouts/" + id).text()).contains("\"state\":\"running\"");
  }

  private static byte[] request(String path, String framing, String body) {
    return ("POST /v1/ota"
            + path
            + " HTTP/1.1\r\nHost: ota\r\nAuthorization: Bearer "
            + HttpServer.BEARER
            + "\r\nContent-Type: application/json\r\n"
            + framing
            + "\r\n\r\n"
            + body)
        .getBytes(StandardCharsets.US_ASCII);
  }

  @ParameterizedTest
  @CsvSource({
    "start, has started already (it is running)",
    "resume, is not paused (it is running)",
    "approve, does not wait for an approval (it is running)",
  })
  void anActionThatDoesNotFitTheStateIsAConflict(String action, String problem) throws Exception {
    RawHttp.Answer answer = fleet.post("/rollouts/" + id + "/" + action);
    assertThat(answer.text()).isEqualTo("{\"message\":\"Rollout " + id + " " + problem + "\"}");
    assertThat(answer.status()).isEqualTo(409);
  }

  @Test
  void anUnknownUpdateIsNotFound() throws Exception {
    String update = "5e1b76bc4315b70eb2425600";
    RawHttp.Answer answer =
        fleet.post("/rollouts/" + id + "/rollback", "{\"update\":\"" + update + "\"}");
    assertThat(answer.text()).isEqualTo("{\"message\":\"No such update: " + update + "\"}");
    assertThat(answer.status()).isEqualTo(404);
    assertThat(fleet.get("/rollouts/" + id).text()).contains("\"state\":\"running\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"start", "pause", "resume", "approve", "cancel", "rollback", "pace"})
  void anUnknownRolloutAndThatOfAnotherOwnerCannotBeToldApart(String action) throws Exception {
    String unknown = "5e1b76bc4315b70eb2425600";
    for (String bearer : List.of(HttpServer.BEARER, RolloutFleet.STRANGER, RolloutFleet.FREE)) {
      String asked = bearer.equals(HttpServer.BEARER) ? unknown : id;
      RawHttp.Answer answer =
          fleet.call("POST", "/rollouts/" + asked + "/" + action, "application/json", "{}", bearer);
      assertThat(answer.text()).isEqualTo("{\"message\":\"No such rollout\"}");
      assertThat(answer.status()).isEqualTo(404);
    }
    assertThat(fleet.get("/rollouts/" + id).text()).contains("\"state\":\"running\"");
  }

  @Test
  void unknownActionsAreNotFoundAndOtherMethodsNotAllowed() throws Exception {
    for (String action : List.of("stop", "Pause", "roll_back", "pause/now")) {
      RawHttp.Answer answer = fleet.post("/rollouts/" + id + "/" + action);
      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.text()).isEqualTo("{\"message\":\"Not found\"}");
    }
    RawHttp.Answer got = fleet.get("/rollouts/" + id + "/pause");
    assertThat(got.status()).isEqualTo(405);
    assertThat(got.header("Allow")).isEqualTo("POST");
    RawHttp.Answer posted = fleet.post("/rollouts/" + id);
    assertThat(posted.status()).isEqualTo(405);
    assertThat(posted.header("Allow")).isEqualTo("GET, HEAD");
  }

  @Test
  void aStorageThatFailsIsSaidWithoutItsSecrets() throws Exception {
    FaultyService faulty =
        new FaultyService() {
          @Override
          Rollouts rollouts() {
            return (Rollouts)
                Proxy.newProxyInstance(
                    getClass().getClassLoader(),
                    new Class<?>[] {Rollouts.class},
                    (proxy, method, args) -> {
                      assertThat(args[0]).isInstanceOf(OwnerId.class);
                      throw new StorageException(
                          "cannot read /var/lib/ota for " + HttpServer.BEARER,
                          new IllegalStateException("x"));
                    });
          }
        };
    try (HttpServer server = new HttpServer(faulty.service(), spool);
        LogCapture log = new LogCapture()) {
      String one = "/rollouts/" + id;
      for (List<String> call :
          List.of(
              List.of("GET", "/rollouts", "Error when getting rollouts"),
              List.of("GET", one, "Error when getting the rollout"),
              List.of("GET", one + "/devices", "Error when getting the devices of the rollout"),
              List.of("POST", one + "/pause", "Error when changing the rollout"))) {
        try (RawHttp http = server.raw()) {
          http.send(
              call.get(0)
                  + (" /v1/ota" + call.get(1) + " HTTP/1.1\r\nHost: ota\r\n")
                  + ("Authorization: Bearer " + HttpServer.BEARER)
                  + "\r\nContent-Length: 0\r\n\r\n");
          RawHttp.Answer answer = http.read();
          assertThat(answer.status()).isEqualTo(500);
          assertThat(answer.text())
              .isEqualTo(
                  "{\"message\":\""
                      + call.get(2)
                      + "\",\"error\":\"cannot read [path] for [hidden]\"}");
        }
      }
      assertThat(log.text()).contains("rollout " + id).doesNotContain(HttpServer.BEARER, "/var/");
    }
  }
}
