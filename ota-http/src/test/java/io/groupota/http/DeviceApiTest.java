package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceApiTest {
  private static final String LATEST = "/v1/ota/group/latest/";
  private static final String DOWNLOAD = "/v1/ota/group/download/";
  private static final String NOTHING = "{\"message\":\"No firmware\"}";

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

  @Test
  void theLatestVersionIsAMinimalDocumentOfKnownLength() throws Exception {
    fleet.deploy("1.2.7", Fleet.firmware(100, 1));
    for (String path : List.of(LATEST + Fleet.GROUP, "/v1/ota/device/latest/" + Fleet.DEVICE)) {
      for (String version : List.of("HTTP/1.0", "HTTP/1.1")) {
        RawHttp.Answer answer = ask("GET " + path + " " + version);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEqualTo("{\"ver\":\"1.2.7\"}");
        assertThat(answer.header("Content-Length")).isEqualTo("15");
        assertThat(answer.header("Transfer-Encoding")).isNull();
        assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
      }
    }
  }

  @Test
  void theLongestVersionStillFitsTheDocumentOfTheDevice() throws Exception {
    String version = "1.2.7-" + "a".repeat(58);
    fleet.deploy(version, Fleet.firmware(100, 1));
    assertThat(ask("GET " + LATEST + Fleet.GROUP + " HTTP/1.1").text())
        .isEqualTo("{\"ver\":\"" + version + "\"}")
        .hasSizeLessThan(128);
  }

  @Test
  void anIdInUpperCaseIsTheSameId() throws Exception {
    fleet.deploy("1.2.7", Fleet.firmware(100, 1));
    String id = Fleet.GROUP.toUpperCase(Locale.ROOT);
    assertThat(ask("GET " + LATEST + id + " HTTP/1.1").status()).isEqualTo(200);
    assertThat(ask("GET " + DOWNLOAD + id + Fleet.GROUP_TOKEN + " HTTP/1.1").status())
        .isEqualTo(200);
  }

  @Test
  void nothingDeployedIsNotFound() throws Exception {
    for (String path :
        List.of(
            LATEST + Fleet.GROUP,
            "/v1/ota/device/latest/" + Fleet.DEVICE,
            DOWNLOAD + Fleet.GROUP + Fleet.GROUP_TOKEN,
            "/v1/ota/device/download/" + Fleet.DEVICE + Fleet.DEVICE_TOKEN)) {
      RawHttp.Answer answer = ask("GET " + path + " HTTP/1.1");
      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.text()).isEqualTo(NOTHING);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        LATEST,
        LATEST + "5e1b76bc4315b70eb242567",
        LATEST + "5e1b76bc4315b70eb242567a0",
        LATEST + "5e1b76bc4315b70eb242567g",
        LATEST + "0e1b76bc4315b70eb242567a",
        LATEST + "5e1b76bc4315b70eb242567a/x",
        LATEST + "+",
        LATEST + "%23",
        LATEST + Fleet.DEVICE,
        DOWNLOAD,
        DOWNLOAD + Fleet.GROUP,
        DOWNLOAD + Fleet.GROUP + "x",
        DOWNLOAD + Fleet.GROUP + Fleet.GROUP_TOKEN + "x",
        DOWNLOAD + Fleet.GROUP + "aatluvflurijoh9d",
        DOWNLOAD + Fleet.GROUP + Fleet.SECOND_TOKEN,
        DOWNLOAD + Fleet.GROUP + Fleet.DEVICE_TOKEN,
        DOWNLOAD + "0e1b76bc4315b70eb242567a" + Fleet.GROUP_TOKEN,
        DOWNLOAD + "not-an-id",
        DOWNLOAD + Fleet.GROUP + Fleet.GROUP_TOKEN + "/",
        DOWNLOAD
            + Fleet.GROUP
            + "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "/v1/ota/device/latest/" + Fleet.GROUP,
        "/v1/ota/device/download/" + Fleet.GROUP + Fleet.GROUP_TOKEN,
        "/v1/ota/device/download/" + Fleet.DEVICE + Fleet.GROUP_TOKEN,
        "/v1/ota/device/download/" + Fleet.DEVICE,
      })
  void unknownMalformedAndWrongTokensCannotBeToldApart(String path) throws Exception {
    fleet.deploy("1.2.7", Fleet.firmware(100, 1));

    RawHttp.Answer answer = ask("GET " + path + " HTTP/1.1");

    assertThat(answer.statusLine()).isEqualTo("HTTP/1.1 404 Not Found");
    assertThat(answer.text()).isEqualTo(NOTHING);
    assertThat(answer.headers().stream().map(h -> h.replaceFirst("^Date: .*", "Date: D")))
        .containsExactlyInAnyOrder(
            "Server: " + answer.header("Server"),
            "Date: D",
            "Content-Type: application/json;charset=utf-8",
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            "Content-Length: 25");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/ota/",
        "/v1/ota",
        "/v1/ota/x",
        "/v1/ota/group/",
        "/v1/ota/group/latest",
        "/v1/ota/group/other/" + Fleet.GROUP,
        "/v1/ota/user/latest/" + Fleet.GROUP,
        "/v1/ota/device",
        "/v1/ota/Group/latest/" + Fleet.GROUP,
      })
  void unknownPathsAreNotFound(String path) throws Exception {
    fleet.deploy("1.2.7", Fleet.firmware(100, 1));
    RawHttp.Answer answer = ask("GET " + path + " HTTP/1.1");
    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.text()).isEqualTo("{\"message\":\"Not found\"}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS"})
  void otherMethodsAreRefusedWithTheAllowedOnes(String method) throws Exception {
    for (String path :
        List.of(
            LATEST + Fleet.GROUP,
            DOWNLOAD + Fleet.GROUP + Fleet.GROUP_TOKEN,
            "/v1/ota/device/latest/" + Fleet.DEVICE,
            "/v1/ota/device/download/" + Fleet.DEVICE + Fleet.DEVICE_TOKEN)) {
      RawHttp.Answer answer = ask(method + " " + path + " HTTP/1.1\r\nContent-Length: 0");
      assertThat(answer.status()).isEqualTo(405);
      assertThat(answer.header("Allow")).isEqualTo("GET, HEAD");
    }
  }

  @Test
  void headOfTheLatestVersionHasItsLengthAndNoBody() throws Exception {
    fleet.deploy("1.2.7", Fleet.firmware(100, 1));
    try (RawHttp http = server.raw()) {
      http.send("HEAD " + LATEST + Fleet.GROUP + " HTTP/1.1\r\nHost: ota\r\n\r\n");
      RawHttp.Answer head = http.readNoBody();
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.header("Content-Length")).isEqualTo("15");
      http.send("GET " + LATEST + Fleet.GROUP + " HTTP/1.1\r\nHost: ota\r\n\r\n");
      assertThat(http.read().text()).isEqualTo("{\"ver\":\"1.2.7\"}");
    }
  }

  private RawHttp.Answer ask(String line) throws Exception {
    try (RawHttp http = server.raw()) {
      return http.send(line + "\r\nHost: ota\r\n\r\n").read();
    }
  }
}
