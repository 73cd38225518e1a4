package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.GroupId;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How long everything may be that a client sends, to the character. */
@Timeout(120)
class InputLimitTest {
  private static final byte[] FIRMWARE = Fleet.firmware(1_000, 1);

  @TempDir Path spool;

  private final List<String> asked = new CopyOnWriteArrayList<>();
  private Fleet fleet;
  private HttpServer server;

  @BeforeEach
  void start() throws Exception {
    fleet = new Fleet();
    server =
        new HttpServer(
            fleet.service,
            spool,
            bearer -> {
              asked.add(bearer);
              return Optional.of(HttpServer.OWNER);
            });
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    fleet.close();
  }

  @Test
  void theHostIsNotAskedAboutABearerThatIsTooLong() throws Exception {
    String longest = "x".repeat(8_192);
    assertThat(list("", longest).status()).isEqualTo(200);
    assertThat(asked).containsExactly(longest);
    RawHttp.Answer answer = list("", longest + "x");
    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.text()).isEqualTo("Unauthorized");
    assertThat(asked).hasSize(1);
  }

  @Test
  void whatTheContainerDoesNotTakeDoesNotReachUs() throws Exception {
    assertThat(list("", "x".repeat(HttpServer.MAX_HEADERS)).status()).isEqualTo(431);
    assertThat(list("?draw=" + "x".repeat(HttpServer.MAX_HEADERS), "b").status()).isEqualTo(414);
    assertThat(asked).isEmpty();
  }

  @Test
  void aQueryHasRoomForWhatAGridSendsAndNoMore() throws Exception {
    String grid = "?" + "columns%5B0%5D%5Bdata%5D=function&".repeat(400);
    String longest = grid + "x".repeat(16_385 - grid.length());
    assertThat(list(longest, "b").status()).isEqualTo(200);
    RawHttp.Answer answer = list(longest + "x", "b");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text())
        .isEqualTo("{\"message\":\"The query string is too long (at most 16384 characters)\"}");
  }

  @Test
  void aFormHasAHundredPartsAtMost() throws Exception {
    Form form = Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.7", FIRMWARE);
    for (int i = 4; i < 100; i++) {
      form.field("note", "");
    }
    assertThat(post(form).status()).isEqualTo(201);
    RawHttp.Answer answer = post(form.field("note", ""));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text()).isEqualTo("{\"message\":\"The multipart body has too many parts\"}");
    Await.until("the spool is empty", () -> server.spooled().isEmpty());
    assertThat(
            fleet
                .service
                .history(HttpServer.OWNER, new GroupId(Fleet.GROUP), 0, OptionalInt.empty())
                .total())
        .isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "No multipart configuration element",
        "Unable to process parts as no multi-part configuration has been provided",
        "Form with too many keys [1001 > 1000]",
        "Form is larger than max length 1",
        "max file size exceeded: 1",
        "No space left on device",
        "multipart config, max parts, too many, file size, max length",
      })
  void aClientCannotPassForTheContainer(String message) throws Exception {
    // The container repeats the name of a character set that it does not know.
    Form form = new Form().field("_charset_", message);
    form.field("group", Fleet.GROUP).field("token", Fleet.GROUP_TOKEN).field("version", "1.2.7");
    try (LogCapture log = new LogCapture()) {
      RawHttp.Answer answer = post(form.file("firmware", "firmware.bin", FIRMWARE));
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.text()).startsWith("{\"message\":\"The multipart body is broken");
      assertThat(log.alarmed()).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "group, 24, 400, Group ID is not valid",
    "group, 1024, 400, Group ID is not valid",
    "group, 1025, 400, Group ID is not valid",
    "token, 64, 404, No such group",
    "token, 65, 404, No such group",
    "token, 1024, 404, No such group",
    "token, 1025, 404, No such group",
    "token, 100000, 404, No such group",
    "version, 1025, 400, version is too long",
  })
  void aFieldIsReadUpToWhatItMayHave(String field, int length, int status, String message)
      throws Exception {
    String value = "x".repeat(length);
    RawHttp.Answer answer =
        post(
            Form.complete(
                field.equals("group") ? value : Fleet.GROUP,
                field.equals("token") ? value : Fleet.GROUP_TOKEN,
                field.equals("version") ? value : "1.2.7",
                FIRMWARE));
    assertThat(answer.text()).isEqualTo("{\"message\":\"" + message + "\"}");
    assertThat(answer.status()).isEqualTo(status);
  }

  @Test
  void aVersionHasSixtyFourCharactersAtMost() throws Exception {
    String longest = "1.2.7-" + "a".repeat(58);
    assertThat(deploy(longest).status()).isEqualTo(201);
    RawHttp.Answer answer = deploy(longest + "a");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text()).contains("version");
  }

  @Test
  void aPathOfADeviceIsNoLongerThanAnIdAndAToken() throws Exception {
    fleet.deploy("1.2.7", FIRMWARE);
    for (String path :
        List.of(
            "/v1/ota/group/latest/" + "a".repeat(30_000),
            "/v1/ota/group/download/" + Fleet.GROUP + "a".repeat(30_000),
            "/v1/ota/group/download/" + Fleet.GROUP + "%41".repeat(10_000))) {
      try (RawHttp http = server.raw()) {
        http.send("GET " + path + " HTTP/1.1\r\nHost: ota\r\n\r\n");
        RawHttp.Answer answer = http.read();
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.text()).isEqualTo("{\"message\":\"No firmware\"}");
      }
    }
  }

  private RawHttp.Answer deploy(String version) throws Exception {
    return post(Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, version, FIRMWARE));
  }

  private RawHttp.Answer post(Form form) throws Exception {
    try (RawHttp http = server.raw()) {
      return http.send(Form.request(form.bytes())).read();
    }
  }

  private RawHttp.Answer list(String query, String bearer) throws Exception {
    try (RawHttp http = server.raw()) {
      http.send(
          "GET /v1/ota/group"
              + query
              + " HTTP/1.1\r\nHost: ota\r\nConnection: close\r\nAuthorization: Bearer "
              + bearer
              + "\r\n\r\n");
      return http.readToEnd();
    }
  }
}
