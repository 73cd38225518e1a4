package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.OtaUpdate;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A host that lets its container compress answers gives out firmware as it is all the same. */
class CompressionTest {
  private static final int SIZE = 300_000;
  private static final byte[] FIRMWARE = Fleet.firmware(SIZE, 1);
  private static final String DOWNLOAD =
      "/v1/ota/group/download/" + Fleet.GROUP + Fleet.GROUP_TOKEN;

  @TempDir Path spool;

  private Fleet fleet;
  private HttpServer plain;
  private HttpServer compressing;
  private OtaUpdate update;

  @BeforeEach
  void start() throws Exception {
    fleet = new Fleet();
    plain = new HttpServer(fleet.service, spool.resolve("plain"));
    compressing = HttpServer.compressing(fleet.service, spool.resolve("compressing"));
    update = fleet.deploy("1.2.7", FIRMWARE);
  }

  @AfterEach
  void stop() throws Exception {
    compressing.close();
    plain.close();
    fleet.close();
  }

  @ParameterizedTest
  @CsvSource({
    "GET, 1.1, 200, ''",
    "GET, 1.0, 200, ''",
    "GET, 1.1, 206, Range: bytes=1000-99999",
    "GET, 1.0, 206, Range: bytes=1000-99999",
    "GET, 1.1, 206, Range: bytes=-1",
    "GET, 1.1, 206, Range: bytes=5-9999; If-Range: <etag>",
    "GET, 1.1, 200, Range: bytes=5-9999; If-Range: <gzip>",
    "GET, 1.1, 416, Range: bytes=300000-",
    "GET, 1.1, 200, If-Match: <etag>",
    "GET, 1.1, 200, If-None-Match: \"other\"",
    "GET, 1.1, 304, If-None-Match: <etag>",
    "GET, 1.0, 304, If-None-Match: <etag>",
    "HEAD, 1.1, 200, ''",
    "HEAD, 1.0, 200, ''",
    "HEAD, 1.1, 304, If-None-Match: <etag>",
  })
  void aDownloadIsWhatItIsWithoutCompression(
      String method, String version, int status, String conditions) throws Exception {
    String tag = update.firmware().sha256();
    String headers =
        conditions
            .replace("<etag>", "\"" + tag + "\"")
            .replace("<gzip>", "\"" + tag + "--gzip\"")
            .replace("; ", "\r\n");
    String request =
        method + " " + DOWNLOAD + " HTTP/" + version + "\r\n" + headers(headers) + "\r\n";
    RawHttp.Answer expected = answer(plain, request + "\r\n");
    assertThat(expected.status()).isEqualTo(status);
    assertThat(expected.header("Content-Encoding")).isNull();

    assertSame(answer(compressing, request + "\r\n"), expected);
    for (String accepted : List.of("gzip", "gzip, deflate, br", "*", "identity")) {
      RawHttp.Answer answer =
          answer(compressing, request + "Accept-Encoding: " + accepted + "\r\n\r\n");
      assertThat(answer.header("Content-Encoding")).as(accepted).isIn("identity", null);
      assertSame(answer, expected);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gzip | true",
        "identity, GZIP;q=0.5 | true",
        "br;q=1 | true",
        "* | true",
        "*;q=0.001 | true",
        "identity | false",
        "identity;q=1,chunked;q=0.1,*;q=0 | false",
        "gzip;q=0, deflate; q=0.0 | false",
        "gzipped | false",
      })
  void onlyWhoCouldBeSentACompressedAnswerIsToldThatItHasNoCoding(String accepted, boolean told)
      throws Exception {
    String request = "GET " + DOWNLOAD + " HTTP/1.1\r\n" + headers("") + "\r\n";
    RawHttp.Answer answer =
        answer(compressing, request + "Accept-Encoding: " + accepted + "\r\n\r\n");
    assertThat(answer.header("Content-Encoding")).isEqualTo(told ? "identity" : null);
    assertSame(answer, answer(plain, request + "\r\n"));
  }

  @Test
  void whatIsNoFirmwareIsCompressed() throws Exception {
    String request =
        "GET /v1/ota/group HTTP/1.0\r\nAuthorization: Bearer " + HttpServer.BEARER + "\r\n";
    RawHttp.Answer answer = answer(compressing, request + "Accept-Encoding: gzip\r\n\r\n");

    assertThat(answer.header("Content-Encoding")).isEqualTo("gzip");
    assertThat(new GZIPInputStream(new ByteArrayInputStream(answer.body())).readAllBytes())
        .isEqualTo(answer(plain, request + "\r\n").body());
  }

  private static String headers(String more) {
    return "Host: ota\r\nConnection: close" + (more.isEmpty() ? "" : "\r\n" + more);
  }

  private static RawHttp.Answer answer(HttpServer server, String request) throws Exception {
    try (RawHttp http = server.raw()) {
      return http.send(request).readToEnd();
    }
  }

  private static void assertSame(RawHttp.Answer answer, RawHttp.Answer expected) {
    assertThat(answer.statusLine()).isEqualTo(expected.statusLine());
    assertThat(own(answer)).containsExactlyElementsOf(own(expected));
    assertThat(answer.body()).isEqualTo(expected.body());
  }

  /** The headers without those that tell of the time and of encodings. */
  private static List<String> own(RawHttp.Answer answer) {
    return answer.headers().stream()
        .filter(header -> !header.matches("(Date|Vary|Content-Encoding): .*"))
        .toList();
  }
}
