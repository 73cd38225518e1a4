package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
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
