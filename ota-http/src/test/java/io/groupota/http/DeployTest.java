package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.GroupId;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeployTest {
  private static final byte[] FIRMWARE = Fleet.firmware(100_000, 1);

  @TempDir Path spool;

  private Fleet fleet;
  private HttpServer server;

  @BeforeEach
  void start() throws Exception {
    fleet = new Fleet();
    server =
        new HttpServer(
            fleet.service,
            spool,
            bearer ->
                switch (bearer) {
                  case HttpServer.BEARER -> Optional.of(HttpServer.OWNER);
                  case "free" -> Optional.of(Fleet.FREE_OWNER);
                  default -> Optional.empty();
                });
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    fleet.close();
  }

  @Test
  void aCompleteFormIsDeployed() throws Exception {
    RawHttp.Answer answer = post(Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.7", FIRMWARE));

    assertThat(answer.statusLine()).isEqualTo("HTTP/1.1 201 Created");
    assertThat(answer.text()).isEqualTo("{\"message\":\"Firmware successfully deployed\"}");
    assertThat(answer.header("Content-Type"))
        // Jetty takes the optional space out.
        .isEqualTo("application/json;charset=utf-8");
    assertThat(answer.header("Content-Length")).isEqualTo("44");
    assertServes("1.2.7", FIRMWARE);
  }

  @Test
  void thePartsComeInAnyOrder() throws Exception {
    for (int seed = 0; seed < 8; seed++) {
      byte[] firmware = Fleet.firmware(1000 + seed, seed);
      List<String> order = Arrays.asList("group", "token", "version", "firmware");
      Collections.shuffle(order, new Random(seed));
      Form form = new Form();
      for (String part : order) {
        switch (part) {
          case "group" -> form.field("group", Fleet.GROUP.toUpperCase(Locale.ROOT));
          case "token" -> form.field("token", Fleet.GROUP_TOKEN);
          case "version" -> form.field("version", "1.0." + seed);
          default -> form.file("firmware", "firmware.bin", firmware);
        }
      }
      assertThat(post(form).status()).as("order %s", order).isEqualTo(201);
      assertServes("1.0." + seed, firmware);
    }
  }

  @Test
  void aFileOfExactlyTheLimitIsDeployedAndOneByteMoreIsTooLarge() throws Exception {
    byte[] largest = Fleet.firmware((int) HttpServer.MAX_UPLOAD, 3);
    byte[] larger = Fleet.firmware((int) HttpServer.MAX_UPLOAD + 1, 3);

    assertThat(post(Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.0.0", largest)).status())
        .isEqualTo(201);
    RawHttp.Answer answer = post(Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.0.1", larger));
    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.text())
        .isEqualTo("{\"message\":\"Firmware is larger than the limit of 262144 bytes\"}");
    assertServes("1.0.0", largest);
  }

  static Stream<Arguments> badForms() {
    String g = Fleet.GROUP;
    String t = Fleet.GROUP_TOKEN;
    String v = "1.2.7";
    byte[] f = FIRMWARE;
    return Stream.of(
        bad("nothing at all", new Form(), 400, "group is a mandatory field"),
        bad("no group", form(null, t, v, f), 400, "group is a mandatory field"),
        bad("no token", form(g, null, v, f), 400, "token is a mandatory field"),
        bad("no version", form(g, t, null, f), 400, "version is a mandatory field"),
        bad("no file", form(g, t, v, null), 400, "No file uploaded"),
        bad("empty group", form("", t, v, f), 400, "group is a mandatory field"),
        bad("empty token", form(g, "", v, f), 400, "token is a mandatory field"),
        bad("empty version", form(g, t, "", f), 400, "version is a mandatory field"),
        bad("empty file", form(g, t, v, new byte[0]), 400, "No file uploaded"),
        bad("only a file", form(null, null, null, f), 400, "group is a mandatory field"),
        bad("no token and no version", form(g, null, null, f), 400, "token is a mandatory field"),
        bad("no version and no file", form(g, t, null, null), 400, "version is a mandatory field"),
        bad(
            "firmware as a field",
            form(g, t, v, null).field("firmware", "bytes"),
            400,
            "No file uploaded"),
        bad(
            "no file chosen in a browser",
            form(g, t, v, null).file("firmware", "", new byte[0]),
            400,
            "No file uploaded"),
        bad(
            "a file without a name",
            form(g, t, v, null).file("firmware", "", f),
            400,
            "No file uploaded"),
        bad(
            "a file of another name",
            form(g, t, v, null).file("image", "firmware.bin", f),
            400,
            "No file uploaded"),
        bad(
            "group as a file",
            form(null, t, v, f).file("group", "g.txt", g.getBytes(StandardCharsets.UTF_8)),
            400,
            "group is a mandatory field"),
        bad(
            "group twice",
            form(g, t, v, f).field("group", g),
            400,
            "group is given more than once"),
        bad(
            "token twice",
            form(g, t, v, f).field("token", t),
            400,
            "token is given more than once"),
        bad(
            "version twice",
            form(g, t, v, f).field("version", "1.2.8"),
            400,
            "version is given more than once"),
        bad(
            "firmware twice",
            form(g, t, v, f).file("firmware", "firmware.bin", f),
            400,
            "firmware is given more than once"),
        bad(
            "a misspelled plan",
            form(g, t, v, f).field("Plan", "{}"),
            400,
            "A field is spelled almost like plan; spell it like that"),
        bad(
            "a misspelled flag as a file",
            form(g, t, v, f).file("must-pass-through", "flag.txt", f),
            400,
            "A field is spelled almost like must_pass_through; spell it like that"),
        bad("short group", form(g.substring(1), t, v, f), 400, "Group ID is not valid"),
        bad("long group", form(g + "0", t, v, f), 400, "Group ID is not valid"),
        bad("very long group", form("0".repeat(5000), t, v, f), 400, "Group ID is not valid"),
        bad("no hex", form("z" + g.substring(1), t, v, f), 400, "Group ID is not valid"),
        bad("a slash", form(g.substring(2) + "/a", t, v, f), 400, "Group ID is not valid"),
        bad("a plus", form("+" + g.substring(1), t, v, f), 400, "Group ID is not valid"),
        bad("a hash", form("#" + g.substring(1), t, v, f), 400, "Group ID is not valid"),
        bad("malformed group and no file", form("x", t, v, null), 400, "No file uploaded"),
        bad("long token", form(g, t + "x".repeat(65), v, f), 404, "No such group"),
        bad("very long token", form(g, "é".repeat(5000), v, f), 404, "No such group"),
        bad("a token with a NUL", form(g, t + "\0", v, f), 404, "No such group"),
        bad(
            "long token and malformed group",
            form("x", "x".repeat(65), v, f),
            400,
            "Group ID is not valid"),
        bad("very long version", form(g, t, "1".repeat(5000), f), 400, "version is too long"),
        bad("unknown group", form("0" + g.substring(1), t, v, f), 404, "No such group"),
        bad("wrong token", form(g, t + "x", v, f), 404, "No such group"),
        bad(
            "another owner's group",
            form(Fleet.FOREIGN_GROUP, Fleet.FOREIGN_TOKEN, v, f),
            404,
            "No such group"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badForms")
  void aBadFormIsRefusedAndChangesNothing(String name, Form form, int status, String message)
      throws Exception {
    byte[] before = Fleet.firmware(500, 9);
    fleet.deploy("1.0.0", before);

    RawHttp.Answer answer = post(form);

    assertThat(answer.text()).isEqualTo("{\"message\":\"" + message + "\"}");
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.header("Content-Length")).isEqualTo("" + answer.body().length);
    Await.until("the spool is empty", () -> server.spooled().isEmpty());
    assertServes("1.0.0", before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.2", "v1.2.7", "1.2.7 ", "latest", "01.2.3", "1.2.3.4"})
  void aVersionThatIsNotSemanticIsRefusedByName(String version) throws Exception {
    RawHttp.Answer answer = post(Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, version, FIRMWARE));

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text()).contains("version").contains("semantic");
    assertThat(fleet.service.served(new GroupId(Fleet.GROUP))).isEmpty();
  }

  @Test
  void anOwnerOfTheFreePlanIsToldToUpgrade() throws Exception {
    byte[] body = Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.7", FIRMWARE).bytes();
    try (RawHttp http = server.raw()) {
      http.send(Form.head("Content-Length: " + body.length).replace(HttpServer.BEARER, "free"));
      RawHttp.Answer answer = http.send(body).read();
      assertThat(answer.status()).isEqualTo(403);
      assertThat(answer.text())
          .isEqualTo(
              "{\"message\":\"Group OTA update is not available in free model."
                  + " Please upgrade your account.\"}");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/mixed; boundary=x",
        "multipart/form-dataX; boundary=x",
        "application/octet-stream",
      })
  void aBodyThatIsNoFormIsAnUnsupportedType(String type) throws Exception {
    RawHttp.Answer answer =
        send(
            Form.head("Content-Length: 2")
                    .replaceFirst("Content-Type: [^\r]*", "Content-Type: " + type)
                + "{}");
    assertThat(answer.status()).isEqualTo(415);
    assertThat(answer.text()).isEqualTo("{\"message\":\"The body must be multipart/form-data\"}");
  }

  @Test
  void noTypeAtAllIsAnUnsupportedType() throws Exception {
    RawHttp.Answer answer =
        send(Form.head("Content-Length: 0").replaceFirst("Content-Type: [^\r]*\r\n", ""));
    assertThat(answer.status()).isEqualTo(415);
  }

  @Test
  void theTypeIsRecognizedInAnyCase() throws Exception {
    byte[] body = Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.7", FIRMWARE).bytes();
    try (RawHttp http = server.raw()) {
      http.send(
          Form.head("Content-Length: " + body.length)
              .replace("multipart/form-data", "Multipart/Form-Data"));
      assertThat(http.send(body).read().status()).isEqualTo(201);
    }
  }

  @Test
  void aFormWithoutABoundaryIsBroken() throws Exception {
    RawHttp.Answer answer =
        send(Form.head("Content-Length: 2").replaceFirst("; boundary=[^\r]*", "") + "{}");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text()).isEqualTo("{\"message\":\"The multipart body names no boundary\"}");
  }

  static Stream<Arguments> brokenBodies() {
    byte[] whole = Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.7", FIRMWARE).bytes();
    byte[] unfinished =
        Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.7", FIRMWARE).unfinished();
    return Stream.of(
        Arguments.of("empty", new byte[0]),
        Arguments.of("json", "{\"group\":1}".getBytes(StandardCharsets.UTF_8)),
        Arguments.of("cut in the file", Arrays.copyOf(whole, 50_000)),
        Arguments.of("cut in the headers", Arrays.copyOf(whole, 60)),
        Arguments.of("without its last boundary", unfinished),
        Arguments.of("with endless part headers", endlessHeaders()));
  }

  /** Longer than Jetty lets the headers of a part be, which is what those of a request may be. */
  private static byte[] endlessHeaders() {
    String header = "X: " + "x".repeat(HttpServer.MAX_HEADERS);
    return new Form().part("name=\"group\"\r\n" + header, new byte[1]).bytes();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenBodies")
  void aBrokenBodyIsRefusedWithAClearMessage(String name, byte[] body) throws Exception {
    RawHttp.Answer answer = send(Form.request(body));

    assertThat(answer.text())
        .isEqualTo(
            "{\"message\":\"The multipart body is broken:"
                + " it is malformed or ends before its last boundary\"}");
    assertThat(answer.status()).isEqualTo(400);
    Await.until("the spool is empty", () -> server.spooled().isEmpty());
    assertThat(fleet.service.served(new GroupId(Fleet.GROUP))).isEmpty();
  }

  @Test
  void aFormOfVeryManyPartsIsRefusedWithoutMuchWork() throws Exception {
    Form form = Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.7", FIRMWARE);
    for (int i = 0; i < 1500; i++) {
      form.field("x", "");
    }
    RawHttp.Answer answer = post(form);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text()).isEqualTo("{\"message\":\"The multipart body has too many parts\"}");
    Await.until("the spool is empty", () -> server.spooled().isEmpty());
  }

  @Test
  void partsOfOtherNamesAreIgnored() throws Exception {
    RawHttp.Answer answer =
        post(
            Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.7", FIRMWARE)
                .field("note", "a")
                .field("note", "b")
                .file("manual", "manual.pdf", new byte[10]));
    assertThat(answer.status()).isEqualTo(201);
    assertServes("1.2.7", FIRMWARE);
  }

  @Test
  void anOrdinaryClientThatSendsInChunksIsServed() throws Exception {
    byte[] body = Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.7", FIRMWARE).bytes();
    HttpResponse<String> response =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.port() + "/v1/ota/group"))
                    .header("Authorization", "Bearer " + HttpServer.BEARER)
                    .header("Content-Type", "multipart/form-data; boundary=" + Form.BOUNDARY)
                    .POST(
                        HttpRequest.BodyPublishers.ofInputStream(
                            () -> new ByteArrayInputStream(body)))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(201);
    assertServes("1.2.7", FIRMWARE);
  }

  private static Arguments bad(String name, Form form, int status, String message) {
    return Arguments.of(name, form, status, message);
  }

  private static Form form(String group, String token, String version, byte[] firmware) {
    Form form = new Form();
    if (firmware != null) {
      form.file("firmware", "firmware.bin", firmware);
    }
    if (group != null) {
      form.field("group", group);
    }
    if (token != null) {
      form.field("token", token);
    }
    return version == null ? form : form.field("version", version);
  }

  private RawHttp.Answer post(Form form) throws Exception {
    return send(Form.request(form.bytes()));
  }

  private RawHttp.Answer send(String request) throws Exception {
    return send(request.getBytes(StandardCharsets.ISO_8859_1));
  }

  private RawHttp.Answer send(byte[] request) throws Exception {
    try (RawHttp http = server.raw()) {
      return http.send(request).read();
    }
  }

  private void assertServes(String version, byte[] firmware) throws Exception {
    assertThat(fleet.service.served(new GroupId(Fleet.GROUP)).orElseThrow().version())
        .isEqualTo(version);
    try (RawHttp http = server.raw()) {
      RawHttp.Answer answer =
          http.send(
                  "GET /v1/ota/group/download/"
                      + Fleet.GROUP
                      + Fleet.GROUP_TOKEN
                      + " HTTP/1.0\r\nHost: ota\r\n\r\n")
              .readToEnd();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo(firmware);
    }
    Await.until("the spool is empty", () -> server.spooled().isEmpty());
  }
}
