package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.BlobKey;
import io.groupota.OtaUpdate;
import io.groupota.StorageException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is sent to the blob store, and who never is. */
@Timeout(120)
class RedirectTest {
  private static final int SIZE = 300_000;
  private static final byte[] FIRMWARE = Fleet.firmware(SIZE, 1);
  private static final String BY_GROUP =
      "/v1/ota/group/download/" + Fleet.GROUP + Fleet.GROUP_TOKEN;
  private static final String BY_DEVICE =
      "/v1/ota/device/download/" + Fleet.DEVICE + Fleet.DEVICE_TOKEN;
  private static final String SIGNATURE = "0f343b0931126a20f133d67c2b018a3b";
  private static final Duration VALIDITY = Duration.ofMinutes(2);
  private static final String CURL = "User-Agent: curl/8.5.0\r\n";

  @TempDir Path spool;

  private final Presigning blobs = new Presigning();
  private Fleet fleet;
  private HttpServer server;
  private OtaUpdate update;

  @BeforeEach
  void start() throws Exception {
    fleet = new Fleet(blobs);
    server = HttpServer.with(fleet.service, spool, servlet -> servlet.redirectDownloads(VALIDITY));
    update = fleet.deploy("1.2.7", FIRMWARE);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    fleet.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {BY_GROUP, BY_DEVICE})
  void aClientThatCanFollowIsSentToTheStore(String path) throws Exception {
    RawHttp.Answer answer = ask("GET " + path + " HTTP/1.1", CURL);

    assertThat(answer.statusLine()).isEqualTo("HTTP/1.1 302 Found");
    assertThat(answer.header("Location"))
        .isEqualTo(
            "https://s3.example.org/firmware/"
                + update.blob()
                + "?X-Amz-Expires=120&X-Amz-Signature="
                + SIGNATURE);
    assertThat(answer.header("x-MD5")).isEqualTo(update.firmware().md5());
    assertThat(answer.header("ETag")).isEqualTo("\"" + update.firmware().sha256() + "\"");
    assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
    assertThat(answer.text()).isEqualTo("{\"message\":\"The firmware is at the location\"}");
  }

  @Test
  void byDefaultNobodyIsSentAway() throws Exception {
    try (HttpServer another = new HttpServer(fleet.service, spool);
        RawHttp http = another.raw()) {
      http.send("GET " + BY_GROUP + " HTTP/1.1\r\nHost: ota\r\n" + CURL + "\r\n");
      assertThat(http.read().body()).isEqualTo(FIRMWARE);
      assertThat(blobs.signed).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "User-Agent: ESP32-http-Update\r\n",
        "User-Agent: esp32-http-update/2\r\n",
        "User-Agent: ESP32HTTPClient\r\n",
        "User-Agent: ESP8266-http-Update\r\n",
        "User-Agent: curl/8.5.0\r\nUser-Agent: ESP32-http-Update\r\n",
        CURL + "x-ESP32-STA-MAC: 24:0A:C4:00:00:01\r\n",
        CURL + "x-ESP32-mode: sketch\r\n",
        CURL + "X-esp32-free-space: 1310720\r\n",
        CURL + "x-ESP32-anything:\r\n",
        CURL + "x-ESP8266-mode: sketch\r\n",
        CURL + "Via: 1.0 proxy\r\n",
        CURL + "Via: 1.1 a, HTTP/1.0 b\r\nVia: 1.1 c\r\n",
        "",
        "User-Agent:\r\n",
      })
  void aDeviceIsServedHere(String headers) throws Exception {
    assertWhole(ask("GET " + BY_GROUP + " HTTP/1.1", headers));
    assertWhole(ask("GET " + BY_DEVICE + " HTTP/1.1", headers));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", CURL, "Host: ota\r\n" + CURL, CURL + "Connection: close\r\n"})
  void whoSpeaksHttp10IsServedHere(String headers) throws Exception {
    try (RawHttp http = server.raw()) {
      assertWhole(http.send("GET " + BY_GROUP + " HTTP/1.0\r\n" + headers + "\r\n").readToEnd());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n",
        "User-Agent: respectable/1.0 (ESP tool)\r\n",
        CURL + "Via: 1.1 proxy, 2.0 another\r\n",
        CURL + "x-forwarded-for: 10.0.0.1\r\n",
        CURL + "Range: bytes=5-9\r\n",
        CURL + "If-None-Match: \"another\"\r\n",
      })
  void everybodyElseIsSentToTheStore(String headers) throws Exception {
    assertThat(ask("GET " + BY_GROUP + " HTTP/1.1", headers).status()).isEqualTo(302);
  }

  @Test
  void conditionsAreAnsweredBeforeTheRedirect() throws Exception {
    String sha256 = "\"" + update.firmware().sha256() + "\"";
    // What S3 calls the file, once it has been sent there.
    String md5 = "\"" + update.firmware().md5() + "\"";
    for (String tag : List.of(sha256, "W/" + sha256, md5, "*")) {
      RawHttp.Answer answer = get("If-None-Match: " + tag + "\r\n");
      assertThat(answer.status()).as(tag).isEqualTo(304);
      assertThat(answer.header("Location")).isNull();
    }
    assertThat(get("If-Match: \"another\"\r\n").status()).isEqualTo(412);
    assertThat(get("Range: bytes=300000-\r\n").status()).isEqualTo(416);
    assertThat(blobs.signed).isEmpty();
  }

  @Test
  void whatTheStoreWouldJudgeOtherwiseIsServedHere() throws Exception {
    String sha256 = "\"" + update.firmware().sha256() + "\"";
    String md5 = "\"" + update.firmware().md5() + "\"";
    assertWhole(get("If-Match: " + sha256 + "\r\n"));
    assertWhole(get("If-Match: " + md5 + "\r\n"));
    assertWhole(get("If-Modified-Since: Fri, 17 Jan 2020 17:38:59 GMT\r\n"));
    assertWhole(get("If-Unmodified-Since: Fri, 17 Jan 2020 17:38:59 GMT\r\n"));
    assertWhole(get("Range: bytes=5-9\r\nIf-Range: \"another\"\r\n"));
    for (String tag : List.of(sha256, md5)) {
      assertThat(get("Range: bytes=5-9\r\nIf-Range: " + tag + "\r\n").status()).isEqualTo(206);
    }
  }

  @Test
  void aBearerIsNotCarriedToTheStore() throws Exception {
    assertWhole(get("Authorization: Bearer " + HttpServer.BEARER + "\r\n"));
    assertThat(blobs.signed).isEmpty();
  }

  @Test
  void headIsAnsweredHereSinceTheUrlIsForGetAlone() throws Exception {
    try (RawHttp http = server.raw()) {
      http.send("HEAD " + BY_GROUP + " HTTP/1.1\r\nHost: ota\r\n" + CURL + "\r\n");
      RawHttp.Answer head = http.readNoBody();
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.header("Content-Length")).isEqualTo("" + SIZE);
    }
  }

  @Test
  void aRedirectNeedsNoSlot() throws Exception {
    fleet.deploy("1.3.0", Fleet.firmware(24 << 20, 2));
    try (HttpServer narrow =
            HttpServer.with(
                fleet.service,
                spool,
                servlet -> servlet.redirectDownloads(VALIDITY).maxDownloads(1));
        RawHttp slow = narrow.raw();
        RawHttp http = narrow.raw()) {
      slow.send("GET " + BY_GROUP + " HTTP/1.0\r\n\r\n");
      Await.until("the only slot is taken", () -> narrow.downloads().active() == 1);
      String request = "GET " + BY_GROUP + " HTTP/1.1\r\nHost: ota\r\n" + CURL;
      assertThat(http.send(request + "\r\n").read().status()).isEqualTo(302);
      assertThat(narrow.downloads()).isEqualTo(new DownloadCounts(1, 0));
      assertThat(http.send(request + "x-ESP32-mode: sketch\r\n\r\n").read().status())
          .isEqualTo(503);
      slow.reset();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/ota/group/download/" + Fleet.GROUP + "wrong",
        "/v1/ota/group/download/" + Fleet.SECOND_GROUP + Fleet.SECOND_TOKEN,
        "/v1/ota/device/download/" + Fleet.DEVICE + Fleet.GROUP_TOKEN,
      })
  void withoutTheTokenOrTheFirmwareNothingIsSigned(String path) throws Exception {
    assertThat(ask("GET " + path + " HTTP/1.1", CURL).status()).isEqualTo(404);
    assertThat(blobs.signed).isEmpty();
  }

  @Test
  void aStoreWithoutUrlsServesThroughUs() throws Exception {
    blobs.url = Optional.empty();
    assertWhole(get(""));
  }

  @Test
  void aStoreThatCannotSignServesThroughUsAndIsSaid() throws Exception {
    for (RuntimeException failure :
        List.of(
            new StorageException("The object store could not sign " + blobs.url.get(), null),
            new IllegalStateException("no luck with " + Fleet.GROUP_TOKEN))) {
      blobs.failure = failure;
      try (LogCapture log = new LogCapture()) {
        assertWhole(get(""));
        Await.until("it is logged", () -> log.text().contains("gave no URL"));
        assertThat(log.text())
            .contains(failure.getClass().getName())
            .doesNotContain(SIGNATURE, Fleet.GROUP_TOKEN);
      }
    }
  }

  @Test
  void theUrlIsInNoLog() throws Exception {
    try (LogCapture log = new LogCapture()) {
      assertThat(get("").status()).isEqualTo(302);
      assertThat(log.text()).doesNotContain(SIGNATURE, "X-Amz", Fleet.GROUP_TOKEN);
    }
  }

  @Test
  void aValidityThatNoStoreGrantsIsRefused() {
    for (Duration validity :
        List.of(
            Duration.ZERO,
            Duration.ofMillis(999),
            Duration.ofSeconds(-1),
            Duration.ofDays(7).plusSeconds(1))) {
      assertThatThrownBy(() -> OtaServlet.builder().redirectDownloads(validity))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("1 s to 7 days");
    }
    OtaServlet.builder().redirectDownloads(Duration.ofDays(7));
  }

  private RawHttp.Answer get(String headers) throws Exception {
    return ask("GET " + BY_GROUP + " HTTP/1.1", CURL + headers);
  }

  private RawHttp.Answer ask(String line, String headers) throws Exception {
    try (RawHttp http = server.raw()) {
      return http.send(line + "\r\nHost: ota\r\n" + headers + "\r\n").read();
    }
  }

  private static void assertWhole(RawHttp.Answer answer) {
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Location")).isNull();
    assertThat(answer.body()).isEqualTo(FIRMWARE);
  }

  /** A store that signs URLs, of a host that is never asked here. */
  private static final class Presigning extends WatchedBlobs {
    private final List<BlobKey> signed = new CopyOnWriteArrayList<>();
    private volatile Optional<URI> url =
        Optional.of(URI.create("https://s3.example.org/firmware/"));
    private volatile RuntimeException failure;

    @Override
    public Optional<URI> presign(BlobKey key, Duration validity) {
      if (failure != null) {
        throw failure;
      }
      signed.add(key);
      return url.map(
          base ->
              base.resolve(
                  key
                      + "?X-Amz-Expires="
                      + validity.toSeconds()
                      + "&X-Amz-Signature="
                      + SIGNATURE));
    }
  }
}
