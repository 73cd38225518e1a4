package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Only so many downloads at once. */
@Timeout(60)
class AdmissionTest {
  private static final int LIMIT = 3;

  /** Larger than all the buffers between the servlet and a client that does not read. */
  private static final int SIZE = 24 << 20;

  private static final byte[] FIRMWARE = Fleet.firmware(SIZE, 1);
  private static final String DOWNLOAD =
      "/v1/ota/group/download/" + Fleet.GROUP + Fleet.GROUP_TOKEN;

  @TempDir Path spool;

  private final List<RawHttp> slow = new ArrayList<>();
  private Fleet fleet;
  private HttpServer server;
  private String etag;

  @BeforeEach
  void start() throws Exception {
    fleet = new Fleet();
    server =
        new HttpServer(
            fleet.service,
            spool,
            bearer ->
                HttpServer.BEARER.equals(bearer) ? Optional.of(HttpServer.OWNER) : Optional.empty(),
            LIMIT);
    etag = "\"" + fleet.deploy("1.2.7", FIRMWARE).firmware().sha256() + "\"";
  }

  @AfterEach
  void stop() throws Exception {
    for (RawHttp client : slow) {
      client.close();
    }
    server.close();
    fleet.close();
  }

  @Test
  void oneMoreThanTheLimitIsToldToComeBack() throws Exception {
    occupyAll();
    for (int i = 1; i <= 5; i++) {
      RawHttp.Answer refused = request("GET", "");
      assertThat(refused.status()).isEqualTo(503);
      assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(20, 30);
      assertThat(refused.text()).isEqualTo("{\"message\":\"Too many downloads, try again later\"}");
      assertThat(server.downloads()).isEqualTo(new DownloadCounts(LIMIT, i));
    }
  }

  @Test
  void aDownloadThatEndsMakesRoom() throws Exception {
    occupyAll();
    assertThat(slow.get(0).readToEnd().body()).isEqualTo(FIRMWARE);
    Await.until("slots", () -> server.downloads().active() == LIMIT - 1);
    assertThat(request("GET", "").body()).isEqualTo(FIRMWARE);
  }

  @Test
  void aClientThatVanishesMakesRoom() throws Exception {
    occupyAll();
    slow.get(1).reset();
    Await.until("slots", () -> server.downloads().active() == LIMIT - 1);
    assertThat(request("GET", "").status()).isEqualTo(200);
  }

  @Test
  void whatCostsNothingIsAnsweredThoughAllSlotsAreTaken() throws Exception {
    occupyAll();
    assertThat(request("HEAD", "").status()).isEqualTo(200);
    assertThat(request("GET", "If-None-Match: " + etag + "\r\n").status()).isEqualTo(304);
    assertThat(request("GET", "If-Match: \"another\"\r\n").status()).isEqualTo(412);
    assertThat(request("GET", "x-ESP32-free-space: 10\r\n").status()).isEqualTo(403);
    assertThat(request("GET", "Range: bytes=" + SIZE + "-\r\n").status()).isEqualTo(416);
    try (RawHttp http = server.raw()) {
      http.send("GET /v1/ota/group/latest/" + Fleet.GROUP + " HTTP/1.0\r\n\r\n");
      assertThat(http.readToEnd().text()).isEqualTo("{\"ver\":\"1.2.7\"}");
    }
    assertThat(server.downloads().refused()).isZero();
  }

  @Test
  void settingsThatAdmitNobodyAreRefused() {
    assertThatThrownBy(() -> OtaServlet.builder().maxDownloads(0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> OtaServlet.builder().retryAfter(Duration.ofMillis(999)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** Clients that have read the head of the answer and nothing more. */
  private void occupyAll() throws Exception {
    for (int i = 0; i < LIMIT; i++) {
      RawHttp http = server.raw();
      slow.add(http);
      http.send("GET " + DOWNLOAD + " HTTP/1.0\r\n\r\n");
    }
    Await.until("slots", () -> server.downloads().active() == LIMIT);
  }

  private RawHttp.Answer request(String method, String headers) throws Exception {
    try (RawHttp http = server.raw()) {
      http.send(method + " " + DOWNLOAD + " HTTP/1.0\r\n" + headers + "\r\n");
      return http.readToEnd();
    }
  }
}
