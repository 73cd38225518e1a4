package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuthenticationTest {
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
              if (bearer.equals("explode")) {
                throw new IllegalStateException("no luck with explode in /var/lib/accounts");
              }
              return bearer.equals(HttpServer.BEARER)
                  ? Optional.of(HttpServer.OWNER)
                  : Optional.empty();
            });
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    fleet.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Nothing: 1",
        "Authorization: Bearer",
        "Authorization: Bearer  ",
        "Authorization: Bearer wrong",
        "Authorization: Basic " + HttpServer.BEARER,
        "Authorization: Bearer" + HttpServer.BEARER,
        "Authorization: " + HttpServer.BEARER,
        "Authorization: Bearer " + HttpServer.BEARER + "\r\nAuthorization: Bearer other",
      })
  void noOrABadTokenIsUnauthorized(String header) throws Exception {
    for (String line :
        List.of("GET /v1/ota/group?limit=abc", "POST /v1/ota/group", "PUT /v1/ota/group")) {
      RawHttp.Answer answer = ask(line, header);
      assertThat(answer.statusLine()).isEqualTo("HTTP/1.1 401 Unauthorized");
      assertThat(answer.text()).isEqualTo("Unauthorized");
      assertThat(answer.header("Content-Length")).isEqualTo("12");
      assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearer", "bearer", "BEARER", "bEaReR"})
  void theSchemeHasNoCase(String scheme) throws Exception {
    RawHttp.Answer answer =
        ask("GET /v1/ota/group", "Authorization: " + scheme + " " + HttpServer.BEARER);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(asked).containsExactly(HttpServer.BEARER);
  }

  @Test
  void anUnauthorizedUploadIsAnsweredBeforeItsBodyIsSent() throws Exception {
    try (RawHttp http = server.raw()) {
      http.send(
          Form.head("Content-Length: 1000000000\r\nExpect: 100-continue")
              .replace(HttpServer.BEARER, "wrong"));
      assertThat(http.readHead().status()).isEqualTo(401);
    }
  }

  @Test
  void anAuthenticatorThatFailsIsAnErrorOfTheServerThatTellsNothing() throws Exception {
    try (LogCapture log = new LogCapture()) {
      RawHttp.Answer get = ask("GET /v1/ota/group", "Authorization: Bearer explode");
      assertThat(get.status()).isEqualTo(500);
      assertThat(get.text())
          .isEqualTo(
              "{\"message\":\"Error when getting group OTA's.\",\"error\":\"internal error\"}");
      RawHttp.Answer post = ask("POST /v1/ota/group", "Authorization: Bearer explode");
      assertThat(post.status()).isEqualTo(500);
      assertThat(post.text())
          .isEqualTo(
              "{\"message\":\"Error when uploading firmware file\",\"error\":\"internal error\"}");
      assertThat(log.text())
          .contains("IllegalStateException: no luck with [hidden] in [path]")
          .doesNotContain("explode")
          .doesNotContain("/var/lib");
    }
  }

  @Test
  void devicesAreNeverAskedForABearer() throws Exception {
    RawHttp.Answer answer =
        ask("GET /v1/ota/group/latest/" + Fleet.GROUP, "Authorization: Bearer x");
    assertThat(answer.status()).isEqualTo(404);
    assertThat(asked).isEmpty();
  }

  private RawHttp.Answer ask(String line, String header) throws Exception {
    try (RawHttp http = server.raw()) {
      return http.send(
              line + " HTTP/1.1\r\nHost: ota\r\nContent-Length: 0\r\n" + header + "\r\n\r\n")
          .read();
    }
  }
}
