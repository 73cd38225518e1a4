package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.OtaUpdate;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.EOFException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DownloadTest {
  private static final int SIZE = 300_000;
  private static final byte[] FIRMWARE = Fleet.firmware(SIZE, 1);
  private static final String BY_GROUP =
      "/v1/ota/group/download/" + Fleet.GROUP + Fleet.GROUP_TOKEN;
  private static final String BY_DEVICE =
      "/v1/ota/device/download/" + Fleet.DEVICE + Fleet.DEVICE_TOKEN;

  /** What IoTaaP OS sends, as its HTTPUpdate writes it. */
  private static final String DEVICE_HEADERS =
      String.join(
          "\r\n",
          "Host: ota",
          "User-Agent: ESP32-http-Update",
          "Connection: close",
          "x-ESP32-STA-MAC: 24:0A:C4:00:00:01",
          "x-ESP32-AP-MAC: 24:0A:C4:00:00:02",
          "x-ESP32-free-space: 1310720",
          "x-ESP32-sketch-size: 900000",
          "x-ESP32-sketch-sha256: 00112233445566778899AABBCCDDEEFF",
          "x-ESP32-chip-size: 4194304",
          "x-ESP32-sdk-version: v3.3.5",
          "x-ESP32-mode: sketch",
          "");

  @TempDir Path spool;

  private Fleet fleet;
  private HttpServer server;
  private OtaUpdate update;
  private String etag;

  @BeforeEach
  void start() throws Exception {
    fleet = new Fleet();
    server = new HttpServer(fleet.service, spool);
    update = fleet.deploy("1.2.7", FIRMWARE);
    etag = "\"" + update.firmware().sha256() + "\"";
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    fleet.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {BY_GROUP, BY_DEVICE})
  void aDeviceOfHttp10GetsTheWholeImageWithItsLengthAndMd5(String path) throws Exception {
    try (RawHttp http = server.raw()) {
      RawHttp.Answer answer =
          http.send("GET " + path + " HTTP/1.0\r\n" + DEVICE_HEADERS + "\r\n").readToEnd();

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo(FIRMWARE);
      assertThat(answer.header("Content-Length")).isEqualTo("" + SIZE);
      assertThat(answer.header("Transfer-Encoding")).isNull();
      assertThat(answer.header("x-MD5")).isEqualTo(update.firmware().md5());
      assertThat(answer.headers()).anyMatch(h -> h.startsWith("x-MD5: "));
      assertThat(answer.header("Content-Type")).isEqualTo("application/octet-stream");
      assertThat(answer.header("ETag")).isEqualTo(etag);
      assertThat(answer.header("Accept-Ranges")).isEqualTo("bytes");
      assertThat(answer.header("Last-Modified")).isEqualTo("Fri, 17 Jan 2020 17:38:59 GMT");
      assertThat(answer.header("Content-Range")).isNull();
      assertThat(answer.header("Location")).isNull();
    }
  }

  @Test
  void anOrdinaryClientGetsTheSame() throws Exception {
    HttpResponse<byte[]> response =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + BY_GROUP))
                    .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo(FIRMWARE);
  }

  @Test
  void aDeviceThatAsksForItselfTellsHowMuchSpaceItHas() throws Exception {
    String foreign = "/v1/ota/device/download/" + Fleet.DEVICE + Fleet.FOREIGN_DEVICE_TOKEN;
    for (String path : List.of(BY_GROUP, foreign)) {
      try (RawHttp http = server.raw()) {
        http.send("GET " + path + " HTTP/1.0\r\n" + DEVICE_HEADERS + "\r\n").readToEnd();
      }
    }
    fleet.service.runOnce();
    DeviceId device = new DeviceId(Fleet.DEVICE);
    assertThat(fleet.repository.states(List.of(device))).isEmpty();
    try (RawHttp http = server.raw()) {
      http.send("GET " + BY_DEVICE + " HTTP/1.0\r\n" + DEVICE_HEADERS + "\r\n").readToEnd();
    }
    fleet.service.runOnce();
    assertThat(fleet.repository.states(List.of(device)))
        .containsOnlyKeys(device)
        .allSatisfy((id, state) -> assertThat(state.freeSpace()).hasValue(1_310_720));
  }

  @Test
  void headHasTheHeadersOfGetAndNoBody() throws Exception {
    try (RawHttp http = server.raw()) {
      RawHttp.Answer get = http.send(request("GET", "")).read();
      RawHttp.Answer head = http.send(request("HEAD", "Range: bytes=0-1\r\n")).readNoBody();
      assertThat(head.statusLine()).isEqualTo(get.statusLine());
      assertThat(withoutDate(head)).containsExactlyInAnyOrderElementsOf(withoutDate(get));
      assertThat(http.send(request("GET", "")).read().body()).isEqualTo(FIRMWARE);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "bytes=0-0, 0, 0",
    "bytes=0-99, 0, 99",
    "bytes=1000-1999, 1000, 1999",
    "bytes=65535-131072, 65535, 131072",
    "bytes=299999-, 299999, 299999",
    "bytes=0-, 0, 299999",
    "bytes=1-, 1, 299999",
    "bytes=-1, 299999, 299999",
    "bytes=-70000, 230000, 299999",
    "bytes=-300000, 0, 299999",
    "bytes=-999999, 0, 299999",
    "bytes=-99999999999999999999, 0, 299999",
    "bytes=299990-999999, 299990, 299999",
    "bytes=299990-99999999999999999999, 299990, 299999",
    "BYTES=5-6, 5, 6",
    "bytes= 5-6, 5, 6",
  })
  void aSingleRangeIsPartialContent(String range, int first, int last) throws Exception {
    RawHttp.Answer answer = get("Range: " + range + "\r\n");

    assertThat(answer.statusLine()).isEqualTo("HTTP/1.1 206 Partial Content");
    assertThat(answer.header("Content-Range")).isEqualTo("bytes " + first + "-" + last + "/300000");
    assertThat(answer.header("Content-Length")).isEqualTo("" + (last - first + 1));
    assertThat(answer.header("ETag")).isEqualTo(etag);
    assertThat(answer.header("x-MD5")).isEqualTo(update.firmware().md5());
    assertThat(answer.body()).isEqualTo(Arrays.copyOfRange(FIRMWARE, first, last + 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"bytes=300000-", "bytes=300000-300001", "bytes=-0", "bytes=99999999999999999999-"})
  void aRangeBehindTheEndCannotBeSatisfied(String range) throws Exception {
    RawHttp.Answer answer = get("Range: " + range + "\r\n");
    assertThat(answer.status()).isEqualTo(416);
    assertThat(answer.header("Content-Range")).isEqualTo("bytes */300000");
    assertThat(answer.text())
        .isEqualTo("{\"message\":\"The range begins behind the end of the firmware\"}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bytes=0-1,5-6",
        "bytes=2-1",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=1",
        "bytes 0-1",
        "bytes=0x1-2",
        "bytes=--1",
        "items=0-1",
        "0-1",
        "",
        "bytes=0-1\r\nRange: bytes=3-4",
      })
  void everythingElseIsTheWholeFile(String range) throws Exception {
    assertWhole(get("Range: " + range + "\r\n"));
  }

  @Test
  void ifRangeHonoursTheRangeOfTheSameFileOnly() throws Exception {
    assertThat(get("Range: bytes=0-1\r\nIf-Range: " + etag + "\r\n").status()).isEqualTo(206);
    for (String other :
        List.of(
            "\"other\"",
            "W/" + etag,
            update.firmware().sha256(),
            "Fri, 17 Jan 2020 17:38:59 GMT")) {
      assertWhole(get("Range: bytes=0-1\r\nIf-Range: " + other + "\r\n"));
      assertWhole(get("Range: bytes=999999-\r\nIf-Range: " + other + "\r\n"));
    }
  }

  @Test
  void ifNoneMatchSparesTheDownload() throws Exception {
    for (String tags :
        List.of(
            etag,
            "W/" + etag,
            "\"a\", " + etag + " ,\"b\"",
            "*",
            "\"a\"\r\nIf-None-Match: " + etag)) {
      try (RawHttp http = server.raw()) {
        RawHttp.Answer answer = http.send(request("GET", "If-None-Match: " + tags + "\r\n")).read();
        assertThat(answer.statusLine()).as(tags).isEqualTo("HTTP/1.1 304 Not Modified");
        assertThat(answer.header("ETag")).isEqualTo(etag);
        assertThat(http.send(request("GET", "If-None-Match: \"other\"\r\n")).read().status())
            .as("the next on the same connection")
            .isEqualTo(200);
      }
    }
    for (String tags : List.of("\"other\"", update.firmware().sha256(), "", "\"*\"")) {
      assertWhole(get("If-None-Match: " + tags + "\r\n"));
    }
  }

  @Test
  void ifMatchRefusesAnotherFile() throws Exception {
    for (String tags : List.of("\"other\"", "W/" + etag)) {
      RawHttp.Answer answer = get("If-Match: " + tags + "\r\n");
      assertThat(answer.status()).as(tags).isEqualTo(412);
      assertThat(answer.header("ETag")).isEqualTo(etag);
    }
    for (String tags : List.of(etag, "*", "\"a\"," + etag)) {
      assertWhole(get("If-Match: " + tags + "\r\n"));
    }
  }

  @Test
  void anImageThatCannotFitIsForbidden() throws Exception {
    RawHttp.Answer answer = get("x-ESP32-free-space: " + (SIZE - 1) + "\r\n");
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.text())
        .isEqualTo("{\"message\":\"The firmware is larger than the free space of the device\"}");
    for (String space :
        List.of("" + SIZE, "99999999999", "99999999999999999999", "-1", "1 MB", "", "0x1")) {
      assertWhole(get("x-ESP32-free-space: " + space + "\r\n"));
    }
  }

  @Test
  void anEarlierTimeOfTheClientIsNoReasonToSpareTheDownload() throws Exception {
    assertWhole(get("If-Modified-Since: Fri, 17 Jan 2020 17:38:59 GMT\r\n"));
  }

  @Test
  void aFileOfAnotherTimeThanTheClientAsksForIsRefused() throws Exception {
    assertWhole(get("If-Unmodified-Since: Fri, 17 Jan 2020 17:38:59 GMT\r\n"));
    // A later time too: it was given out with a file that a rollback has taken back.
    for (String time : List.of("Fri, 17 Jan 2020 17:38:58 GMT", "Fri, 17 Jan 2020 17:39:00 GMT")) {
      RawHttp.Answer answer = get("Range: bytes=5-9\r\nIf-Unmodified-Since: " + time + "\r\n");
      assertThat(answer.status()).as(time).isEqualTo(412);
      assertThat(answer.header("ETag")).isEqualTo(etag);
    }
  }

  @Test
  void aTimeIsNotLookedAtBesideATagOrIfItIsNone() throws Exception {
    String another = "If-Unmodified-Since: Fri, 17 Jan 2020 17:38:58 GMT\r\n";
    assertWhole(get("If-Match: " + etag + "\r\n" + another));
    for (String time : List.of("yesterday", "", "2020-01-17T17:38:58Z")) {
      assertWhole(get("If-Unmodified-Since: " + time + "\r\n"));
    }
  }

  @Test
  void aDownloadFinishesWithTheFileThatItBeganWith() throws Exception {
    byte[] large = Fleet.firmware(32 << 20, 5);
    OtaUpdate first = fleet.deploy("1.3.0", large);
    try (RawHttp http = server.raw()) {
      RawHttp.Answer head = http.send(request("GET", "")).readHead();
      fleet.deploy("1.4.0", Fleet.firmware(1000, 6));
      assertThat(head.header("x-MD5")).isEqualTo(first.firmware().md5());
      assertThat(http.in().readNBytes(large.length)).isEqualTo(large);
      assertThat(http.send(request("GET", "")).read().body()).hasSize(1000);
    }
  }

  @Test
  void aDeviceThatGoesAwayIsNoAlarm() throws Exception {
    fleet.deploy("1.3.0", Fleet.firmware(32 << 20, 5));
    try (LogCapture log = new LogCapture()) {
      try (RawHttp http = server.raw()) {
        assertThat(http.send(request("GET", "")).readHead().status()).isEqualTo(200);
        http.reset();
      }
      Await.until(
          "the download has ended", () -> log.text().contains("The client went away during"));
      assertThat(log.alarmed()).as(log.text()).isFalse();
      assertThat(log.text()).doesNotContain(Fleet.GROUP_TOKEN);
    }
  }

  /** Jetty has nothing left to flush then; other containers keep the end of a file until here. */
  @Test
  void aDeviceThatGoesAwayBeforeTheLastBytesIsNoAlarm() throws Exception {
    Filter broken =
        (request, response, chain) ->
            chain.doFilter(
                request,
                new HttpServletResponseWrapper((HttpServletResponse) response) {
                  @Override
                  public void flushBuffer() throws IOException {
                    throw new EOFException("reset by the device");
                  }
                });
    try (LogCapture log = new LogCapture();
        HttpServer buffering = HttpServer.behind(broken, fleet.service, spool);
        RawHttp http = buffering.raw()) {
      assertWhole(http.send(request("GET", "")).read());
      Await.until(
          "the download has ended", () -> log.text().contains("(group " + Fleet.GROUP + ", "));
      assertThat(log.text()).contains("The client went away during a download");
      assertThat(log.alarmed()).as(log.text()).isFalse();
    }
  }

  private RawHttp.Answer get(String headers) throws Exception {
    try (RawHttp http = server.raw()) {
      return http.send(request("GET", headers)).read();
    }
  }

  private static String request(String method, String headers) {
    return method + " " + BY_GROUP + " HTTP/1.1\r\nHost: ota\r\n" + headers + "\r\n";
  }

  private static List<String> withoutDate(RawHttp.Answer answer) {
    return answer.headers().stream().filter(h -> !h.startsWith("Date:")).toList();
  }

  private static void assertWhole(RawHttp.Answer answer) {
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Range")).isNull();
    assertThat(answer.body()).isEqualTo(FIRMWARE);
  }
}
