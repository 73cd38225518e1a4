package io.groupota.testkit.device;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.Token;
import io.groupota.testkit.device.DeviceProgress.Step;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SimulatedDeviceTest extends DeviceTestBase {
  @Test
  void followsATriggerToTheNewVersion() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(builder());

    trigger();

    assertThat(broker.nextCode()).isEqualTo(response + "{\"code\":200}");
    assertThat(broker.nextCode()).isEqualTo(response + "{\"code\":201}");
    assertThat(broker.awaitStatus("1.2.7"))
        .matches(
            "/"
                + user
                + "/devices/"
                + DEVICE
                + "/status \\{\"battery\":100,\"uptime\":[0-9]+,\"core_version\":\"5.0.0\","
                + "\"fw_version\":\"1.2.7\"}");
    assertThat(await(Step.UPDATED).detail()).isEqualTo("1.2.7");
    assertThat(device.version()).isEqualTo("1.2.7");
    assertThat(broker.hasCodes()).isFalse();
    assertThat(List.of(device.triggers(), device.checks(), device.downloads()))
        .containsExactly(1, 1, 1);
  }

  @Test
  void tellsEveryStepInItsOrder() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(builder());

    trigger();

    assertThat(List.of(next(), next(), next()))
        .containsExactly(Step.IDLE, Step.TRIGGERED, Step.CHECKING);
    long received = -1;
    DeviceProgress progress = steps.poll(10, TimeUnit.SECONDS);
    for (; progress.step() == Step.DOWNLOADING; progress = steps.poll(10, TimeUnit.SECONDS)) {
      assertThat(progress.received()).isGreaterThanOrEqualTo(received);
      received = progress.received();
    }
    assertThat(received).isEqualTo(BYTES.length);
    assertThat(progress.step()).isEqualTo(Step.REBOOTING);
    assertThat(next()).isEqualTo(Step.UPDATED);
  }

  private Step next() throws InterruptedException {
    return steps.poll(10, TimeUnit.SECONDS).step();
  }

  @Test
  void asksAsTheFirmwareOfADeviceDoes() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(builder().freeSpace(100_000).sketchSha256("ab".repeat(32)));
    trigger();
    await(Step.UPDATED);
    server.offer("1.2.8", BYTES);
    trigger();
    await(Step.UPDATED);

    assertThat(server.requests("latest").get(0))
        .startsWith("GET /v1/ota/group/latest/" + GROUP + " HTTP/1.1\r\n")
        .contains("\r\nHost: 127.0.0.1:");
    assertThat(server.requests("download").get(0))
        .startsWith("GET /v1/ota/group/download/" + GROUP + TOKEN + " HTTP/1.0\r\n")
        .contains("\r\nUser-Agent: ESP32-http-Update\r\n")
        .contains("\r\nx-ESP32-free-space: 100000\r\n")
        .contains("\r\nx-ESP32-sketch-sha256: " + "AB".repeat(32) + "\r\n")
        .contains("\r\nx-ESP32-chip-size: 4194304\r\n")
        .contains("\r\nx-ESP32-mode: sketch\r\n")
        .contains("\r\nx-ESP32-sdk-version: ")
        .containsPattern("\r\nx-ESP32-STA-MAC: ([0-9A-F]{2}:){5}[0-9A-F]{2}\r\n")
        .containsPattern("\r\nx-ESP32-AP-MAC: ([0-9A-F]{2}:){5}[0-9A-F]{2}\r\n");
    assertThat(server.requests("download").get(1))
        .contains("sketch-sha256: " + IMAGE.sha256().toUpperCase(Locale.ROOT) + "\r\n")
        .contains("sketch-size: " + BYTES.length + "\r\n");
  }

  @Test
  void aDeviceAddressedByItselfAsksForItselfAndIgnoresItsGroup() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(builder().token(Token.of("iIP2C3D4B07O")));

    trigger();
    broker.publish(ownTrigger, new byte[0]);
    await(Step.UPDATED);

    assertThat(device.triggers()).isEqualTo(1);
    assertThat(server.requests("latest").get(0)).startsWith("GET /v1/ota/device/latest/" + DEVICE);
    assertThat(server.requests("download").get(0))
        .startsWith("GET /v1/ota/device/download/" + DEVICE + "iIP2C3D4B07O HTTP/1.0\r\n");
  }

  @Test
  void answers202WhenTheVersionIsItsOwn() throws InterruptedException {
    server.offer("1.2.6", BYTES);
    run(builder());

    trigger();

    assertThat(broker.nextCode()).endsWith("{\"code\":200}");
    assertThat(broker.nextCode()).endsWith("{\"code\":202}");
    await(Step.CHECKING);
    await(Step.IDLE);
    assertThat(device.downloads()).isZero();
  }

  @Test
  void takesAnyDifferenceOfTheVersionForAnUpdate() throws InterruptedException {
    server.offer("1.2.6+1", BYTES);
    run(builder());
    trigger();

    assertThat(await(Step.UPDATED).detail()).isEqualTo("1.2.6+1");

    server.offer("0.9.0", BYTES);
    trigger();

    assertThat(await(Step.UPDATED).detail()).isEqualTo("0.9.0");
  }

  @Test
  void answers202WhenTheServerSaysNotModified() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    server.download = request -> ScriptedServer.head("304 Not Modified", "");
    run(builder());

    trigger();

    assertThat(broker.nextCode()).endsWith("{\"code\":200}");
    assertThat(broker.nextCode()).endsWith("{\"code\":201}");
    assertThat(broker.nextCode()).endsWith("{\"code\":202}");
    assertThat(device.version()).isEqualTo("1.2.6");
  }

  @Test
  void staysIdleWhenThereIsNoFirmware() throws InterruptedException {
    run(builder());

    trigger();
    await(Step.CHECKING);
    await(Step.IDLE);

    assertThat(broker.nextCode()).endsWith("{\"code\":200}");
    assertThat(broker.hasCodes()).isFalse();
  }

  @Test
  void takesNoMoreThanTheContentLength() throws InterruptedException {
    byte[] reply = ScriptedServer.firmware(BYTES, "X-MD5: " + ScriptedServer.md5(BYTES) + "\r\n");
    server.offer("1.2.7", BYTES);
    server.download = request -> ScriptedServer.join(reply, "trailing".getBytes(UTF_8));
    run(builder());

    trigger();

    assertThat(await(Step.UPDATED).detail()).isEqualTo("1.2.7");
  }

  @Test
  void canTakeFirmwareThatIsNoImage() throws InterruptedException {
    byte[] firmware = new byte[5_000];
    firmware[0] = (byte) 0xE9;
    firmware[4_999] = 0x2A;
    server.offer("1.2.7", firmware);
    run(builder().verifyImage(false));
    trigger();
    await(Step.UPDATED);
    server.offer("1.2.8", firmware);
    trigger();
    await(Step.UPDATED);

    assertThat(server.requests("download").get(1))
        .contains("sketch-sha256: " + "00".repeat(31) + "2A\r\n");
  }

  @Test
  void ignoresPacketsThatItHasNoRoomFor() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(builder());
    int most = 1024 - 1 - 2 - 2 - groupTrigger.length();

    broker.publish(groupTrigger, new byte[most + 1]);
    broker.publish(groupTrigger, new byte[most]);
    await(Step.UPDATED);

    assertThat(device.triggers()).isEqualTo(1);
  }

  @Test
  void dropsItsConnectionWhileItChecksAndLosesTriggersMeanwhile() throws InterruptedException {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    server.latest =
        request -> {
          asked.countDown();
          try {
            assertThat(answer.await(10, TimeUnit.SECONDS)).isTrue();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
          return ScriptedServer.json("{\"ver\":\"1.2.6\"}");
        };
    run(builder());
    trigger();

    assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(device.isConnected()).isFalse();
    trigger();
    answer.countDown();
    await(Step.CHECKING);
    await(Step.IDLE);

    assertThat(device.isConnected()).isTrue();
    assertThat(device.triggers()).isEqualTo(1);
  }

  @Test
  void aRetainedTriggerMakesItCheckForEver() throws InterruptedException {
    server.offer("1.2.6", BYTES);
    run(builder());

    broker.publish(groupTrigger, "now".getBytes(UTF_8), true);
    try {
      for (int i = 0; i < 3; i++) {
        await(Step.CHECKING);
      }
    } finally {
      broker.publish(groupTrigger, new byte[0], true);
    }

    assertThat(device.triggers()).isGreaterThanOrEqualTo(3);
  }

  @Test
  void publishesItsStatusAtIntervals() throws InterruptedException {
    run(builder().statusInterval(Duration.ofMillis(20)).coreVersion("5.\"1\\\n"));

    for (int i = 0; i < 3; i++) {
      assertThat(broker.nextStatus()).contains("\"core_version\":\"5.\\\"1\\\\\\u000a\"");
    }
  }

  @Test
  void checksWithoutATriggerToo() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(builder().checkInterval(Duration.ofMillis(50)));

    await(Step.UPDATED);

    assertThat(device.triggers()).isZero();
    assertThat(broker.nextCode()).endsWith("{\"code\":201}");
  }

  @Test
  void checksWhenAsked() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(builder());

    device.check();

    assertThat(await(Step.UPDATED).detail()).isEqualTo("1.2.7");
  }

  @Test
  void saysWhatItsConfigurationMisses() {
    SimulatedDeviceBuilder empty = SimulatedDevice.builder(DEVICE);

    assertThatThrownBy(empty::build).hasMessage("Call group(...) or token(...) before build()");
    assertThatThrownBy(() -> empty.server(URI.create("https://localhost")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> empty.statusInterval(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> empty.sketchSha256("AB")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> builder().build().inject(Fault.SILENCE, -1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
