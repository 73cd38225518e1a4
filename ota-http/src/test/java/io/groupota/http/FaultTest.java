package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeployRequest;
import io.groupota.FirmwareDownload;
import io.groupota.FirmwareRejectedException;
import io.groupota.FirmwareTooLargeException;
import io.groupota.FirmwareUnreadableException;
import io.groupota.GroupId;
import io.groupota.LatestUpdate;
import io.groupota.NotEntitledException;
import io.groupota.OtaPage;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.VersionRefusedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a service throws, and files that fail while they are read. */
class FaultTest {
  private static final String DOWNLOAD =
      "/v1/ota/group/download/" + Fleet.GROUP + Fleet.GROUP_TOKEN;

  @TempDir Path spool;

  private final FaultyService faulty =
      new FaultyService() {
        @Override
        OtaPage latestUpdates(OwnerId owner, OtaQuery query) {
          if (fault instanceof Supplier<?> page) {
            return (OtaPage) page.get();
          }
          throw raised();
        }

        @Override
        OtaUpdate deploy(DeployRequest request) {
          throw raised();
        }

        @Override
        Optional<OtaUpdate> served(GroupId group) {
          throw raised();
        }

        @Override
        Optional<FirmwareDownload> download(GroupId group, Token token) {
          if (fault instanceof FirmwareDownload download) {
            return Optional.of(download);
          }
          throw raised();
        }
      };

  private volatile Object fault = "none";
  private HttpServer server;
  private LogCapture log;

  @BeforeEach
  void start() throws Exception {
    server = new HttpServer(faulty.service(), spool);
    log = new LogCapture();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    log.close();
    assertThat(log.text())
        .doesNotContain(Fleet.GROUP_TOKEN)
        .doesNotContain(HttpServer.BEARER)
        .doesNotContain("/srv/blobs");
  }

  static Stream<Arguments> refusals() {
    return Stream.of(
        Arguments.of(
            new FirmwareRejectedException("wrong magic byte 0x7F", 0),
            400,
            "Firmware rejected: wrong magic byte 0x7F (at offset 0)"),
        Arguments.of(
            new FirmwareUnreadableException(new IOException("x")),
            400,
            "The firmware could not be read to its end"),
        Arguments.of(
            new NotEntitledException(HttpServer.OWNER),
            403,
            "Group OTA update is not available in free model. Please upgrade your account."),
        Arguments.of(
            new VersionRefusedException("1.2.8", "1.2.7"),
            409,
            "Version 1.2.7 is a downgrade from 1.2.8; deploy it without the guard if this is"
                + " intended"),
        Arguments.of(
            new FirmwareTooLargeException(1000),
            413,
            "Firmware is larger than the limit of 1000 bytes"));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void whatTheServiceRefusesIsNoAlarm(RuntimeException refusal, int status, String message)
      throws Exception {
    fault = refusal;

    RawHttp.Answer answer = deploy();

    assertThat(answer.text()).isEqualTo("{\"message\":\"" + message + "\"}");
    assertThat(answer.status()).isEqualTo(status);
    assertThat(log.alarmed()).isFalse();
    Await.until("the spool is empty", () -> server.spooled().isEmpty());
  }

  @Test
  void aStorageThatFailsIsNamedWithoutItsSecrets() throws Exception {
    fault =
        new StorageException(
            "The blob store could not write /srv/blobs/x for " + Fleet.GROUP_TOKEN,
            new IOException("/srv/blobs/x: no luck with " + Fleet.GROUP_TOKEN));

    RawHttp.Answer answer = deploy();

    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.text())
        .isEqualTo(
            "{\"message\":\"Error when uploading firmware file\","
                + "\"error\":\"The blob store could not write [path] for [hidden]\"}");
    assertThat(log.text())
        .contains("io.groupota.StorageException: The blob store could not write [path]")
        .contains("java.io.IOException: [path]: no luck with [hidden]")
        .contains("at io.groupota.http.FaultTest");
    Await.until("the spool is empty", () -> server.spooled().isEmpty());
  }

  @Test
  void whatNobodyForesawTellsTheClientNothing() throws Exception {
    for (RuntimeException unforeseen :
        List.of(
            new IllegalStateException("token " + Fleet.GROUP_TOKEN),
            new NullPointerException(),
            new UncheckedIOException(new NoSuchFileException("/srv/blobs/y")))) {
      fault = unforeseen;
      RawHttp.Answer answer = deploy();
      assertThat(answer.status()).isEqualTo(500);
      assertThat(answer.text())
          .isEqualTo(
              "{\"message\":\"Error when uploading firmware file\",\"error\":\"internal error\"}");
      assertThat(log.text()).contains(unforeseen.getClass().getName());
      Await.until("the spool is empty", () -> server.spooled().isEmpty());
    }
  }

  @Test
  void evenAnErrorOfTheMachineIsAnswered() throws Exception {
    fault = new NoClassDefFoundError("x");
    for (String line : List.of("GET /v1/ota/group/latest/" + Fleet.GROUP, "GET " + DOWNLOAD)) {
      RawHttp.Answer answer = ask(line);
      assertThat(answer.status()).isEqualTo(500);
      assertThat(answer.text())
          .isEqualTo("{\"message\":\"Internal server error\",\"error\":\"internal error\"}");
    }
    assertThat(log.text()).contains("NoClassDefFoundError");
  }

  @Test
  void aListThatCannotBeReadSaysSo() throws Exception {
    fault = new StorageException("The repository is not available", null);
    RawHttp.Answer answer = ask("GET /v1/ota/group");
    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.text())
        .isEqualTo(
            "{\"message\":\"Error when getting group OTA's.\","
                + "\"error\":\"The repository is not available\"}");

    fault = new IllegalStateException("relation ota_latest does not exist");
    assertThat(ask("GET /v1/ota/group").text())
        .isEqualTo(
            "{\"message\":\"Error when getting group OTA's.\",\"error\":\"internal error\"}");
    assertThat(log.text()).contains("relation ota_latest does not exist");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2020-01-17T17:38:59Z=2020-01-17T17:38:59.000Z",
        "2020-01-17T17:38:59.100Z=2020-01-17T17:38:59.100Z",
        "2020-01-17T17:38:00.007Z=2020-01-17T17:38:00.007Z",
        "2020-01-17T17:38:59.983999Z=2020-01-17T17:38:59.983Z",
        "1969-12-31T23:59:59.999Z=1969-12-31T23:59:59.999Z",
      })
  void timesHaveThreeFractionDigits(String pair) throws Exception {
    int equals = pair.indexOf('=');
    LatestUpdate record =
        new LatestUpdate(
            "5e1bc21cdfa10030ab7ea212",
            Downloads.update(Optional.empty(), 1).id(),
            new GroupId(Fleet.GROUP),
            HttpServer.OWNER,
            "1.2.7",
            "ota/group/x/firmware.bin",
            Instant.parse(pair.substring(0, equals)));
    fault = (Supplier<OtaPage>) () -> new OtaPage(List.of(record), 2, 1);
    assertThat(ask("GET /v1/ota/group?draw=warp").text())
        .isEqualTo(
            "{\"otas\":[{\"_id\":\"5e1bc21cdfa10030ab7ea212\","
                + "\"group\":\"5e1b76bc4315b70eb242567a\",\"__v\":0,\"last_updated\":\""
                + pair.substring(equals + 1)
                + "\",\"owner\":\"5e10fc5e77ba18070312e171\",\"path\":\"ota/group/x/firmware.bin\","
                + "\"version\":\"1.2.7\"}],\"recordsTotal\":2,\"recordsFiltered\":1,"
                + "\"draw\":\"warp\"}");
  }

  @Test
  void aCheckThatFailsIsAnErrorOfTheServer() throws Exception {
    fault = new StorageException("The repository is not available", null);
    for (String line : List.of("GET /v1/ota/group/latest/" + Fleet.GROUP, "GET " + DOWNLOAD)) {
      RawHttp.Answer answer = ask(line);
      assertThat(answer.status()).isEqualTo(500);
      assertThat(answer.text())
          .isEqualTo(
              "{\"message\":\"Error when getting firmware\","
                  + "\"error\":\"The repository is not available\"}");
    }
  }

  @Test
  void aFileThatCannotBeOpenedIsAnErrorAndNoDownload() throws Exception {
    fault =
        Downloads.download(
            100_000,
            () -> {
              throw new StorageException(
                  "The file is lost", new NoSuchFileException("/srv/blobs/z"));
            });
    RawHttp.Answer answer = ask("GET " + DOWNLOAD);
    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.header("x-MD5")).isNull();
    assertThat(answer.header("ETag")).isNull();
    assertThat(answer.text())
        .isEqualTo("{\"message\":\"Error when getting firmware\",\"error\":\"The file is lost\"}");
  }

  @Test
  void aSmallFileThatFailsIsAnErrorAndNoDownload() throws Exception {
    fault =
        Downloads.download(
            1000, () -> Downloads.failingAfter(500, 1000, new IOException("/srv/blobs/z gone")));
    RawHttp.Answer answer = ask("GET " + DOWNLOAD);
    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.header("x-MD5")).isNull();
    assertThat(answer.text())
        .isEqualTo("{\"message\":\"Error when getting firmware\",\"error\":\"internal error\"}");
  }

  @Test
  void aFileThatFailsInTheMiddleEndsTheConnectionEarly() throws Exception {
    Exception[] failures = {
      new IOException("/srv/blobs/z gone"), new StorageException("gone", null)
    };
    for (Exception failure : failures) {
      for (String version : List.of("HTTP/1.0", "HTTP/1.1")) {
        fault =
            Downloads.download(
                1_000_000, () -> Downloads.failingAfter(500_000, 1_000_000, failure));
        assertCutShort(version);
      }
    }
    assertThat(log.text())
        .contains("A download was cut short")
        .contains("java.io.IOException: [path] gone");
  }

  @Test
  void aFileThatEndsEarlyEndsTheConnectionEarly() throws Exception {
    fault = Downloads.download(1_000_000, () -> new ByteArrayInputStream(new byte[700_000]));
    assertCutShort("HTTP/1.1");
    assertThat(log.text()).contains("The stored firmware ends 300000 bytes early");
  }

  @Test
  void theRunningImageIsNotSentAgain() throws Exception {
    fault = Downloads.download(1000, () -> new ByteArrayInputStream(new byte[1000]));
    for (String running : List.of(Downloads.RUNNING, "AB".repeat(32), " aB" + "ab".repeat(31))) {
      try (RawHttp http = server.raw()) {
        RawHttp.Answer answer =
            http.send(
                    "GET "
                        + DOWNLOAD
                        + " HTTP/1.0\r\nx-ESP32-free-space: 1\r\nx-ESP32-sketch-sha256: "
                        + running
                        + "\r\n\r\n")
                .readToEnd();
        assertThat(answer.status()).isEqualTo(304);
        assertThat(answer.body()).isEmpty();
      }
    }
    for (String other : List.of("", "cd".repeat(32), Downloads.RUNNING.substring(1))) {
      assertThat(ask("GET " + DOWNLOAD + " HTTP/1.1\r\nx-ESP32-sketch-sha256: " + other).status())
          .isEqualTo(200);
    }
  }

  @Test
  void onlyTheAskedBytesAreOpened() throws Exception {
    OtaUpdate update = Downloads.update(Optional.empty(), 1_000_000_000_000L);
    fault =
        new FirmwareDownload() {
          @Override
          public OtaUpdate update() {
            return update;
          }

          @Override
          public InputStream open(long offset, long length) {
            return new ByteArrayInputStream(
                (offset + "+" + length).getBytes(StandardCharsets.UTF_8));
          }
        };
    RawHttp.Answer answer =
        ask("GET " + DOWNLOAD + " HTTP/1.1\r\nRange: bytes=999999999000-999999999014");
    assertThat(answer.status()).isEqualTo(206);
    assertThat(answer.text()).isEqualTo("999999999000+15");
  }

  private void assertCutShort(String version) throws Exception {
    try (RawHttp http = server.raw()) {
      RawHttp.Answer answer =
          http.send("GET " + DOWNLOAD + " " + version + "\r\nHost: ota\r\n\r\n").readToEnd();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.header("Content-Length")).isEqualTo("1000000");
      assertThat(answer.body()).hasSizeLessThan(1_000_000);
    }
  }

  private RuntimeException raised() {
    if (fault instanceof Error error) {
      throw error;
    }
    return (RuntimeException) fault;
  }

  private RawHttp.Answer deploy() throws Exception {
    try (RawHttp http = server.raw()) {
      byte[] body =
          Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.7", Fleet.firmware(1000, 1)).bytes();
      return http.send(Form.request(body)).read();
    }
  }

  private RawHttp.Answer ask(String line) throws Exception {
    try (RawHttp http = server.raw()) {
      return http.send(
              (line.contains(" HTTP/") ? line : line + " HTTP/1.1")
                  + "\r\nHost: ota\r\nAuthorization: Bearer "
                  + HttpServer.BEARER
                  + "\r\n\r\n")
          .read();
    }
  }
}
