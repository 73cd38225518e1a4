package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Requests that are answered before all of their body is there. */
@Timeout(60)
class UnreadBodyTest {
  private static final byte[] FIRMWARE = Fleet.firmware(100_000, 1);

  @TempDir Path spool;

  private Fleet fleet;
  private HttpServer server;

  @BeforeEach
  void start() throws Exception {
    fleet = new Fleet();
    server = new HttpServer(fleet.service, spool);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    fleet.close();
  }

  private static String head(String method, String bearer, String more) {
    return method
        + " /v1/ota/group HTTP/1.1\r\nHost: ota\r\nAuthorization: Bearer "
        + bearer
        + "\r\n"
        + more
        + "\r\n\r\n";
  }

  @Test
  void aClientThatHasMuchMoreToSendIsToldThatTheConnectionEnds() throws Exception {
    String length = "Content-Length: " + (UnreadBody.MOST + 1);
    for (String framing : new String[] {length, "Content-Length: 9\r\nExpect: 100-continue"}) {
      try (RawHttp http = server.raw()) {
        RawHttp.Answer answer = http.send(head("POST", "wrong", framing)).readToEnd();
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("Connection")).isEqualTo("close");
        assertThat(answer.text()).isEqualTo("Unauthorized");
      }
    }
  }

  @Test
  void aBodyThatBreaksOffEndsTheConnection() throws Exception {
    for (String framing : new String[] {"Content-Length: 9", "Transfer-Encoding: chunked"}) {
      try (RawHttp http = server.raw()) {
        http.send(head("POST", "wrong", framing) + "4\r\n").endOutput();
        RawHttp.Answer answer = http.readToEnd();
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("Connection")).isEqualTo("close");
      }
    }
  }

  @Test
  void theConnectionGoesOnIfAllOfItIsSent() throws Exception {
    try (RawHttp http = server.raw()) {
      for (int i = 0; i < 3; i++) {
        http.send(head("POST", "wrong", "Content-Length: 4")).send("body");
        RawHttp.Answer answer = http.read();
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("Connection")).isNull();
      }
      http.send(head("GET", HttpServer.BEARER, "Content-Length: 4") + "body");
      assertThat(http.read().status()).isEqualTo(200);
    }
  }

  @Test
  void theConnectionGoesOnAfterADeploy() throws Exception {
    try (RawHttp http = server.raw()) {
      for (int i = 1; i <= 3; i++) {
        byte[] body = Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.3." + i, FIRMWARE).bytes();
        http.send(Form.request(body));
        RawHttp.Answer answer = http.read();
        assertThat(answer.status()).isEqualTo(201);
        assertThat(answer.header("Connection")).isNull();
      }
    }
  }

  @Test
  void theConnectionGoesOnAfterABodyThatWasReadHoweverItCame() throws Exception {
    byte[] large = Fleet.firmware(UnreadBody.MOST + 1, 1);
    try (HttpServer roomy =
            HttpServer.with(fleet.service, spool, servlet -> servlet.maxUpload(large.length));
        RawHttp http = roomy.raw()) {
      http.send(Form.request(form("1.3.1", large)));
      assertGoesOn(http.read(), 201);
      for (byte[] firmware : new byte[][] {FIRMWARE, large}) {
        byte[] body = form("1.3.2", firmware);
        http.send(Form.head("Content-Length: " + body.length + "\r\nExpect: 100-continue"));
        assertThat(http.readHead().status()).isEqualTo(100);
        assertGoesOn(http.send(body).read(), 201);
      }
    }
  }

  @Test
  void theConnectionGoesOnAfterAnActionThatAskedFirst() throws Exception {
    String id = fleet.rollOut("1.4.0", FIRMWARE).id().value();
    String head =
        "POST /v1/ota/rollouts/"
            + id
            + "/pace HTTP/1.1\r\nHost: ota\r\nAuthorization: Bearer "
            + HttpServer.BEARER
            + "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
            + "Expect: 100-continue\r\n\r\n";
    try (RawHttp http = server.raw()) {
      for (int i = 0; i < 2; i++) {
        assertThat(http.send(head).readHead().status()).isEqualTo(100);
        assertGoesOn(http.send("{}").read(), 200);
      }
    }
  }

  @Test
  void aClientThatFallsSilentIsWaitedForUntilTheContainerGivesUp() throws Exception {
    server.endSilenceAfter(Duration.ofSeconds(1));
    try (RawHttp http = server.raw()) {
      http.send(head("POST", "wrong", "Content-Length: 9")).send("body");
      RawHttp.Answer answer = http.readToEnd();
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.header("Connection")).isEqualTo("close");
      assertThat(answer.text()).isEqualTo("Unauthorized");
    }
  }

  private static byte[] form(String version, byte[] firmware) {
    return Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, version, firmware).bytes();
  }

  private static void assertGoesOn(RawHttp.Answer answer, int status) {
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.header("Connection")).isNull();
  }

  /** A client that keeps connections does not repeat a POST of which it knows nothing. */
  @Test
  void theNextRequestOfAClientThatWasRefusedIsAnswered() throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    for (int i = 0; i < 50; i++) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/v1/ota/group"))
              .header("Authorization", "Bearer wrong")
              .POST(HttpRequest.BodyPublishers.ofByteArray(FIRMWARE))
              .build();
      assertThat(client.send(request, BodyHandlers.discarding()).statusCode()).isEqualTo(401);
    }
  }
}
