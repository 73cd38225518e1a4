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
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A host that lets its container compress answers gives out firmware as it is all the same. */
@ParameterizedClass
@EnumSource(CompressionTest.Container.class)
class CompressionTest {
  private static final int SIZE = 300_000;
  private static final byte[] FIRMWARE = Fleet.firmware(SIZE, 1);
  private static final String DOWNLOAD =
      "/v1/ota/group/download/" + Fleet.GROUP + Fleet.GROUP_TOKEN;

  @TempDir Path spool;

  @Parameter Container container;

  private Fleet fleet;
  private Running plain;
  private Running compressing;
  private OtaUpdate update;

  /** What compresses answers. */
  enum Container {
    JETTY_GZIP,
    JETTY_COMPRESSION,
    TOMCAT
  }

  private record Running(int port, AutoCloseable server) {
    static Running of(HttpServer jetty) {
      return new Running(jetty.port(), jetty);
    }

    static Running of(TomcatServer tomcat) {
      return new Running(tomcat.port(), tomcat);
    }
  }

  @BeforeEach
  void start() throws Exception {
    fleet = new Fleet();
    plain =
        container == Container.TOMCAT
            ? Running.of(new TomcatServer(fleet.service, spool.resolve("plain")))
            : Running.of(new HttpServer(fleet.service, spool.resolve("plain")));
    compressing = compressing(spool.resolve("compressing"));
    update = fleet.deploy("1.2.7", FIRMWARE);
  }

  private Running compressing(Path folder) throws Exception {
    return switch (container) {
      case JETTY_GZIP -> Running.of(HttpServer.compressing(fleet.service, folder));
      case JETTY_COMPRESSION -> Running.of(HttpServer.compressingAnew(fleet.service, folder));
      case TOMCAT -> Running.of(TomcatServer.compressing(fleet.service, folder));
    };
  }

  @AfterEach
  void stop() throws Exception {
    compressing.server().close();
    plain.server().close();
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

  /** What is said of it may be compressed, as any text. */
  @Test
  void aRangeThatIsNotThereIsRefused() throws Exception {
    for (String accepted : List.of("gzip", "identity")) {
      RawHttp.Answer answer =
          answer(
              compressing,
              ("GET " + DOWNLOAD + " HTTP/1.1\r\n" + headers("Range: bytes=300000-"))
                  + ("\r\nAccept-Encoding: " + accepted + "\r\n\r\n"));
      assertThat(answer.status()).isEqualTo(416);
      assertThat(answer.header("Content-Range")).isEqualTo("bytes */" + SIZE);
    }
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

  private static RawHttp.Answer answer(Running server, String request) throws Exception {
    try (RawHttp http = new RawHttp(server.port())) {
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
        .filter(header -> !header.matches("(?i)(Date|Vary|Content-Encoding): .*"))
        .toList();
  }
}
