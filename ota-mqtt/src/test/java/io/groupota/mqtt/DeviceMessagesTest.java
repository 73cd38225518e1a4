package io.groupota.mqtt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.Token;
import io.groupota.UpdateCode;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read from device messages, and what is not. */
class DeviceMessagesTest {
  private static final String ID = "5e1b5774afd4e404d68aebd6";
  private static final String STATUS = "/Hcixd1Fx/devices/" + ID + "/status";
  private static final String RESPONSE = "/Hcixd1Fx/devices/" + ID + "/update-response";

  private final DeviceMessages messages = new DeviceMessages();

  @Test
  void aStatusIsAReportOfBothVersions() {
    assertThat(
            read(
                STATUS,
                "{\"battery\":100,\"uptime\":5482,\"core_version\":\"5.0.0\",\"fw_version\":\"1.5.2\"}"))
        .isEqualTo(
            new DeviceReport(
                new DeviceId(ID),
                Optional.of("Hcixd1Fx"),
                Optional.of("1.5.2"),
                Optional.of("5.0.0"),
                Optional.empty(),
                OptionalLong.empty()));
  }

  @ParameterizedTest
  @CsvSource({
    "200,TRIGGER_RECEIVED",
    "201,DOWNLOAD_STARTED",
    "202,UP_TO_DATE",
    "203,FAILED",
  })
  void aResponseIsAReportOfItsCode(int number, UpdateCode code) {
    assertThat(read(RESPONSE, "{\"code\":" + number + "}"))
        .isEqualTo(
            new DeviceReport(
                new DeviceId(ID),
                Optional.of("Hcixd1Fx"),
                Optional.empty(),
                Optional.empty(),
                Optional.of(code),
                OptionalLong.empty()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"fw_version\":\"1.5.2\"}",
        "{\"core_version\":null,\"fw_version\":\"1.5.2\"}",
        "{\"core_version\":\"\",\"fw_version\":\"1.5.2\"}",
        " {\n\"fw_version\" : \"1.5.2\" }\r\n",
        "{\"\\u0066w_version\":\"1.5.2\"}",
        "{\"new\":{\"list\":[1,{}]},\"n\":1e400,\"t\":true,\"fw_version\":\"1.5.2\"}",
      })
  void whatIsUnknownOrUnsetDoesNotSpoilAStatus(String payload) {
    DeviceReport report = read(STATUS, payload);

    assertThat(report).isNotNull();
    assertThat(report.version()).contains("1.5.2");
    assertThat(report.coreVersion()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"nightly", "1.2", "версия 1", "日本 🚀", "v1.0.0 (dirty)"})
  void aVersionMayBeAnyText(String version) {
    assertThat(read(STATUS, "{\"fw_version\":\"" + version + "\"}").version()).contains(version);
  }

  @Test
  void aVersionMayBeAsLongAsAReportTakesIt() {
    String longest = "1".repeat(64);
    assertThat(read(STATUS, "{\"fw_version\":\"" + longest + "\"}").version()).contains(longest);
    assertThat(read(STATUS, "{\"fw_version\":\"" + longest + "1\"}")).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "1.5.2",
        "null",
        "\"1.5.2\"",
        "[]",
        "[{\"fw_version\":\"1.5.2\"}]",
        "{}",
        "{\"battery\":100}",
        "{\"fw_version\":null}",
        "{\"fw_version\":1.5}",
        "{\"fw_version\":true}",
        "{\"fw_version\":[\"1.5.2\"]}",
        "{\"fw_version\":{\"v\":\"1.5.2\"}}",
        "{\"fw_version\":\"\"}",
        "{\"fw_version\":\"1\\u0000\"}",
        "{\"fw_version\":\"1\\n\"}",
        "{\"fw_version\":\"1\n\"}",
        "{\"fw_version\":\"\\ud83d\"}",
        "{\"fw_version\":\"1.5.2\",\"core_version\":5}",
        "{\"fw_version\":\"1.5.2\",\"core_version\":[\"5\"]}",
        "{\"fw_version\":\"1.5.2\",\"core_version\":\"a\\tb\"}",
        "{\"fw_version\":\"1.5.2\",\"fw_version\":\"1.5.3\"}",
        "{\"fw_version\":\"1.5.2\",\"fw_version\":\"1.5.2\"}",
        "{\"fw_version\":\"1.5.2\",\"x\":1,\"x\":2}",
        "{\"fw_version\":\"1.5.2\",\"x\":{\"y\":1,\"y\":2}}",
        "{\"fw_version\":\"1.5.2\"} x",
        "{\"fw_version\":\"1.5.2\"}{}",
        "{\"fw_version\":\"1.5.2\"}}",
        "{\"fw_version\":\"1.5.2\"",
        "{\"fw_version\":\"1.5.2",
        "{\"fw_version\":",
        "{\"fw_version\"",
        "{\"fw_version\":\"1.5.2\",}",
        "{'fw_version':'1.5.2'}",
        "{fw_version:\"1.5.2\"}",
        "{\"fw_version\":\"1.5.2\",\"battery\":NaN}",
        "{\"fw_version\":\"1.5.2\",\"battery\":Infinity}",
        "{\"fw_version\":\"1.5.2\",\"battery\":01}",
        "{\"fw_version\":\"1.5.2\",\"battery\":+1}",
        "{\"fw_version\":\"1.5.2\"/**/}",
        "{\"FW_VERSION\":\"1.5.2\"}",
        "{\"fw_version\":\"1.5.2\",\"x\":[[[[]]]]}",
        "\ufeff{\"fw_version\":\"1.5.2\"}",
        "\u0000",
      })
  void aStatusOfAnotherFormIsMalformed(String payload) {
    assertThat(read(STATUS, payload)).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "200",
        "{\"code\":null}",
        "{\"code\":\"200\"}",
        "{\"code\":200.0}",
        "{\"code\":2e2}",
        "{\"code\":199}",
        "{\"code\":204}",
        "{\"code\":-200}",
        "{\"code\":4294967496}",
        "{\"code\":99999999999999999999999999}",
        "{\"code\":[200]}",
        "{\"code\":200,\"code\":203}",
        "{\"code\":200} trailing",
        "{\"Code\":200}",
        "{\"fw_version\":\"1.5.2\"}",
      })
  void aResponseOfAnotherFormIsMalformed(String payload) {
    assertThat(read(RESPONSE, payload)).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "ISO-8859-1"})
  void whatIsNotUtf8IsMalformed(String charset) {
    byte[] payload = "{\"fw_version\":\"1.5.2ü\"}".getBytes(Charset.forName(charset));

    assertThat(messages.read(STATUS, Optional.of(ByteBuffer.wrap(payload)))).isNull();
  }

  @Test
  void overlongUtf8IsMalformed() {
    byte[] payload = "{\"fw_version\":\"1.5..\"}".getBytes(UTF_8);
    payload[payload.length - 4] = (byte) 0xc0;
    payload[payload.length - 3] = (byte) 0xaf;

    assertThat(messages.read(STATUS, Optional.of(ByteBuffer.wrap(payload)))).isNull();
  }

  @Test
  void aPayloadIsReadUpToTheSizeOfADevicesPacket() {
    String head = "{\"fw_version\":\"1.5.2\",\"x\":\"";
    String fits = head + "x".repeat(1024 - head.length() - 2) + "\"}";

    assertThat(read(STATUS, fits)).isNotNull();
    assertThat(read(STATUS, fits + " ")).isNull();
    assertThat(messages.read(STATUS, Optional.of(ByteBuffer.allocate(64 << 20)))).isNull();
    assertThat(messages.read(STATUS, Optional.empty())).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "////",
        "Hcixd1Fx/devices/" + ID + "/status",
        "//devices/" + ID + "/status",
        "/Hcixd1Fx/devices//status",
        "/Hcixd1Fx/devices/" + ID,
        "/Hcixd1Fx/devices/" + ID + "/",
        "/Hcixd1Fx/devices/" + ID + "/status/",
        "/Hcixd1Fx/devices/" + ID + "/status/x",
        "/x/Hcixd1Fx/devices/" + ID + "/status",
        "/Hcixd1Fx/devices/" + ID + "/Status",
        "/Hcixd1Fx/devices/" + ID + "/update-trigger",
        "/Hcixd1Fx/groups/" + ID + "/status",
        "/Hcixd1Fx/devices/" + ID + "0/status",
        "/Hcixd1Fx/devices/5e1b5774afd4e404d68aebd/status",
        "/Hcixd1Fx/devices/5e1b5774afd4e404d68aebdg/status",
        "/Hcixd1Fx/devices/5e1b5774afd4e404d68aeb٣٣/status",
        "/Hcixd1Fx/devices/ｆe1b5774afd4e404d68aebd6/status",
        "/$share/devices/" + ID + "/status",
        "/a+/devices/" + ID + "/status",
        "/a\u0000/devices/" + ID + "/status",
        "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/devices/"
            + ID
            + "/status",
        " /Hcixd1Fx/devices/" + ID + "/status",
      })
  void aStrangeTopicIsMalformed(String topic) {
    assertThat(read(topic, "{\"fw_version\":\"1.5.2\"}")).isNull();
  }

  @Test
  void aDeviceIdMayBeInUpperCase() {
    DeviceReport report =
        read("/u/devices/5E1B5774AFD4E404D68AEBD6/status", "{\"fw_version\":\"1.5.2\"}");

    assertThat(report.device()).isEqualTo(new DeviceId(ID));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "é", "🚀"})
  void aUserMayHaveAsManyCharactersAsInTheDirectory(String character) {
    String longest = character.repeat(64);
    Device known =
        new Device(new DeviceId(ID), Token.of("t"), Optional.empty(), longest, Addressing.DEVICE);

    assertThat(read("/" + longest + "/devices/" + ID + "/update-response", "{\"code\":200}"))
        .isEqualTo(DeviceReport.code(known.id(), UpdateCode.TRIGGER_RECEIVED).from(longest));
    assertThat(read("/" + longest + "a/devices/" + ID + "/update-response", "{\"code\":200}"))
        .isNull();
  }

  private DeviceReport read(String topic, String payload) {
    return messages.read(topic, Optional.of(ByteBuffer.wrap(payload.getBytes(UTF_8))));
  }
}
