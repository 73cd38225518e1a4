package io.groupota;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.firmware.FirmwareSource;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdentifiersTest {
  private static final String HEX = "5e1b76bc4315b70eb242567a";

  @Test
  void idsAreKeptInLowerCase() {
    assertThat(new GroupId("5E1B76BC4315B70EB242567A")).isEqualTo(new GroupId(HEX));
    assertThat(new DeviceId(HEX).toString()).isEqualTo(HEX);
    assertThat(new DeviceId("0123456789abcdefABCDEF09").value())
        .isEqualTo("0123456789abcdefabcdef09");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "5e1b76bc4315b70eb242567",
        "5e1b76bc4315b70eb242567ab",
        "5e1b76bc4315b70eb242567g",
        "5e1b76bc4315b70eb242567G",
        "5e1b76bc4315b70eb242567`",
        "5e1b76bc4315b70eb242567@",
        "5e1b76bc4315b70eb242567:",
        "/e1b76bc4315b70eb242567a",
        "5e1b76bc4315b70eb242567\u0663",
        "../../../../etc/passwd..",
        "5e1b76bc4315b70eb24256/a",
        "+",
        "#",
        "5e1b76bc4315b70eb242567a\n"
      })
  void anythingElseIsNoId(String value) {
    assertThatThrownBy(() -> new GroupId(value))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessage("Group ID is not valid");
    assertThatThrownBy(() -> new DeviceId(value)).isInstanceOf(InvalidRequestException.class);
    assertThatThrownBy(() -> new UpdateId(value)).isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void aTokenShowsItsTextOnlyWhenAskedFor() {
    Token token = Token.of("AATluvfLURijoH9d");
    assertThat(token.value()).isEqualTo("AATluvfLURijoH9d");
    assertThat(token.toString()).doesNotContain("AATluv");
    Group group = new Group(new GroupId(HEX), new OwnerId("me"), token, "cooling");
    assertThat(group.toString()).doesNotContain("AATluv");
    assertThat(device("user", token).toString()).doesNotContain("AATluv");
  }

  @Test
  void tokensAreEqualByTheirText() {
    assertThat(Token.of("abc")).isEqualTo(Token.of("abc")).hasSameHashCodeAs(Token.of("abc"));
    assertThat(Token.of("abc")).isNotEqualTo(Token.of("abd"));
    assertThat(Token.of("abc")).isNotEqualTo(Token.of("abcd"));
  }

  @Test
  void tokensAreNeitherEmptyNorLong() {
    assertThatThrownBy(() -> Token.of("")).isInstanceOf(InvalidRequestException.class);
    assertThatThrownBy(() -> Token.of("x".repeat(65)))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("too long");
    assertThat(Token.of("x".repeat(64)).value()).hasSize(64);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a/b", "a b", "ä", "a#", "a%2F"})
  void aRegisteredTokenFitsIntoAUrl(String value) {
    Token token = Token.of(value);
    assertThatThrownBy(() -> new Group(new GroupId(HEX), new OwnerId("me"), token, ""))
        .isInstanceOf(InvalidRequestException.class);
    assertThatThrownBy(() -> device("user", token)).isInstanceOf(InvalidRequestException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a/b",
        "+",
        "#",
        "a+b",
        "$SYS",
        "a\u0000b",
        "\u001f",
        "\u007f",
        "\u0080",
        "a\u0085",
        "\u009f",
        "\ufdd0",
        "\ufdef",
        "\ufffe",
        "a\uffffb",
        "\ud83f\udffe",
        "\udbff\udfff",
        "\ud83d",
        "a\ud83db",
        "\ude80",
        "\ude80\ud83d"
      })
  void anMqttUserIsOneTopicLevel(String user) {
    assertThat(Device.isMqttUser(user)).isFalse();
    assertThatThrownBy(() -> device(user, Token.of("t")))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("mqttUser");
  }

  @ParameterizedTest
  @ValueSource(strings = {"u", "a$", "a b", "\u00a0", "é日", "\ufdcf\ufdf0\ufffd", "\ud83d\ude80"})
  void anMqttUserIsAnyTextOtherwise(String user) {
    assertThat(Device.isMqttUser(user)).isTrue();
    assertThat(device(user, Token.of("t")).mqttUser()).isEqualTo(user);
  }

  @ParameterizedTest
  @ValueSource(strings = {"u", "\ud83d\ude80"})
  void anMqttUserHasAtMost64Characters(String character) {
    assertThat(Device.isMqttUser(character.repeat(64))).isTrue();
    assertThat(Device.isMqttUser(character.repeat(65))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/a", "a//b", "../a", "A", "a/", "a.b", "a\\b"})
  void aBlobKeyIsSafeAsAPath(String value) {
    assertThatThrownBy(() -> new BlobKey(value)).isInstanceOf(IllegalArgumentException.class);
    assertThat(new BlobKey(HEX + "/" + HEX).value()).isEqualTo(HEX + "/" + HEX);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1.2.3\u0000",
        "1.2\n",
        "1\u007f",
        "1\u0085",
        "\ud83d",
        "1\ud83d2",
        "\ude80",
        "\ude80\ud83d"
      })
  void aReportedVersionIsText(String version) {
    DeviceId id = new DeviceId(HEX);
    assertThatThrownBy(() -> DeviceReport.version(id, version))
        .isInstanceOf(InvalidRequestException.class);
    assertThatThrownBy(() -> DeviceReport.version(id, "x".repeat(65)))
        .isInstanceOf(InvalidRequestException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.2.7", "x", "vé 日", "\ud83d\ude80", "1\ud83d\ude80\ud83d\ude802"})
  void aReportedVersionIsAnyText(String version) {
    assertThat(DeviceReport.version(new DeviceId(HEX), version).version()).contains(version);
  }

  /** What is missing, and the making of something without it. */
  static Stream<Arguments> whatIsMadeWithoutSomething() {
    GroupId group = new GroupId(HEX);
    OwnerId owner = new OwnerId("me");
    Token token = Token.of("t");
    return Stream.of(
        without("value", () -> new GroupId(null)),
        without("value", () -> new DeviceId(null)),
        without("value", () -> new UpdateId(null)),
        without("value", () -> new RolloutId(null)),
        without("value", () -> new OwnerId(null)),
        without("value", () -> new BlobKey(null)),
        without("value", () -> Token.of(null)),
        without("group", () -> request(null, "t")),
        without("token", () -> request(HEX, null)),
        without("id", () -> new Group(null, owner, token, "")),
        without("owner", () -> new Group(group, null, token, "")),
        without("token", () -> new Group(group, owner, null, "")),
        without("name", () -> new Group(group, owner, token, null)),
        without("id", () -> device(null, Optional.of(group), Addressing.GROUP, Map.of())),
        without("token", () -> device("user", null)),
        without("group", () -> device(new DeviceId(HEX), null, Addressing.GROUP, Map.of())),
        without("mqttUser", () -> device(null, token)),
        without("addressing", () -> device(new DeviceId(HEX), Optional.of(group), null, Map.of())),
        without(
            "attributes",
            () -> device(new DeviceId(HEX), Optional.of(group), Addressing.GROUP, null)),
        without("text", () -> Device.isMqttUser(null)));
  }

  @ParameterizedTest
  @MethodSource("whatIsMadeWithoutSomething")
  void whatIsMissingIsNamedAtOnce(String name, ThrowingCallable making) {
    assertThatThrownBy(making).isInstanceOf(NullPointerException.class).hasMessage(name);
  }

  private static Arguments without(String name, ThrowingCallable making) {
    return Arguments.of(name, making);
  }

  private static DeployRequest request(String group, String token) {
    return DeployRequest.of(
        new OwnerId("me"), group, token, "1.0.0", FirmwareSource.bytes(new byte[1]));
  }

  private static Device device(
      DeviceId id, Optional<GroupId> group, Addressing addressing, Map<String, String> attributes) {
    return new Device(id, Token.of("t"), group, "user", addressing, attributes);
  }

  private static Device device(String user, Token token) {
    return new Device(
        new DeviceId(HEX), token, Optional.of(new GroupId(HEX)), user, Addressing.GROUP);
  }
}
