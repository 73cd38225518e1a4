package io.groupota.testkit.device;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.testkit.device.DeviceProgress.Step;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SimulatedDeviceFailuresTest extends DeviceTestBase {
  static Stream<Arguments> repliesThatNameNoVersion() {
    return Stream.of(
        Arguments.of("answered 500", ScriptedServer.head("500 Error", "Content-Length: 0\r\n")),
        Arguments.of("no Content-Length", ScriptedServer.head("200 OK", "")),
        Arguments.of("names no version", ScriptedServer.json("{}")),
        Arguments.of("does not speak HTTP", "hello\r\n\r\n".getBytes(UTF_8)),
        Arguments.of("closed the connection", new byte[0]),
        Arguments.of("too many", ScriptedServer.json(" ".repeat(120) + "{\"ver\":\"1.2.7\"}")));
  }

  @ParameterizedTest
  @MethodSource("repliesThatNameNoVersion")
  void saysNothingWhenItsCheckFails(String reason, byte[] reply) throws InterruptedException {
    server.latest = request -> reply;
    run(builder());

    trigger();

    assertThat(await(Step.FAILED).detail()).contains(reason);
    assertThat(broker.nextCode()).endsWith("{\"code\":200}");
    assertThat(broker.hasCodes()).isFalse();
    assertThat(device.downloads()).isZero();
  }

  static Stream<Arguments> downloadsThatFail() {
    byte[] foreign = BYTES.clone();
    foreign[0] = 0x7F;
    byte[] damaged = BYTES.clone();
    damaged[1_000] ^= 1;
    String length = "Content-Length: " + BYTES.length + "\r\n";
    return Stream.of(
        Arguments.of("answered 404", ScriptedServer.head("404 Not Found", "")),
        Arguments.of(
            "answered 302", ScriptedServer.head("302 Found", "Location: /v1/ota/elsewhere\r\n")),
        Arguments.of(
            "no Content-Length", ScriptedServer.join(ScriptedServer.head("200 OK", ""), BYTES)),
        Arguments.of("no Content-Length", ScriptedServer.firmware(new byte[0], "")),
        Arguments.of("is no number", ScriptedServer.head("200 OK", "Content-Length: -1\r\n")),
        Arguments.of(
            "room for 1966080", ScriptedServer.head("200 OK", "Content-Length: 1966081\r\n")),
        Arguments.of("first byte is 0x7F", ScriptedServer.firmware(foreign, "")),
        Arguments.of("MD5", ScriptedServer.firmware(BYTES, "X-md5: " + "0".repeat(32) + "\r\n")),
        Arguments.of("does not boot", ScriptedServer.firmware(damaged, "")),
        Arguments.of(
            "ended after 5000",
            ScriptedServer.join(
                ScriptedServer.head("200 OK", length), Arrays.copyOf(BYTES, 5_000))));
  }

  @ParameterizedTest
  @MethodSource("downloadsThatFail")
  void answers203WhenItsDownloadFails(String reason, byte[] reply) throws InterruptedException {
    server.offer("1.2.7", BYTES);
    server.download = request -> reply;
    run(builder());

    trigger();

    assertThat(await(Step.FAILED).detail()).contains(reason).doesNotContain(TOKEN);
    assertThat(broker.nextCode()).endsWith("{\"code\":200}");
    assertThat(broker.nextCode()).endsWith("{\"code\":201}");
    assertThat(broker.nextCode()).endsWith("{\"code\":203}");
    assertThat(device.version()).isEqualTo("1.2.6");
    assertThat(server.requests("download")).hasSize(1);
    assertThat(server.requests("elsewhere")).isEmpty();
  }

  @Test
  void answers203WhenNobodyListens() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    Function<String, byte[]> offered = server.latest;
    server.latest =
        request -> {
          try {
            server.close();
          } catch (IOException e) {
            throw new AssertionError(e);
          }
          return offered.apply(request);
        };
    run(builder());

    trigger();

    assertThat(await(Step.FAILED).detail()).contains("refused");
    assertThat(broker.nextCode()).endsWith("{\"code\":200}");
    assertThat(broker.nextCode()).endsWith("{\"code\":201}");
    assertThat(broker.nextCode()).endsWith("{\"code\":203}");
  }
}
