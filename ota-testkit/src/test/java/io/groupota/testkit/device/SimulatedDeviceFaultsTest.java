package io.groupota.testkit.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.testkit.Esp32Image;
import io.groupota.testkit.device.DeviceProgress.Step;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SimulatedDeviceFaultsTest extends DeviceTestBase {
  @Test
  void missesWhatHappensWhileItIsOff() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(builder());
    device.switchOff();
    await(Step.OFF);

    trigger();
    broker.listenTo(user);
    device.switchOn();

    assertThat(broker.nextStatus()).contains("\"fw_version\":\"1.2.6\"");
    assertThat(device.triggers()).isZero();
    trigger();
    await(Step.UPDATED);
  }

  @Test
  void forgetsAnUpdateThatItWasSwitchedOffIn() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(builder().reboot(Duration.ofMillis(200)));
    trigger();
    await(Step.REBOOTING);

    // The status that came with code 201; the next one says that it can be triggered again.
    broker.awaitStatus("\"fw_version\":\"1.2.6\"");
    device.switchOff();
    device.switchOn();
    broker.awaitStatus("\"fw_version\":\"1.2.6\"");
    trigger();
    await(Step.REBOOTING);
    await(Step.UPDATED);

    assertThat(device.downloads()).isEqualTo(2);
  }

  @Test
  void canFallSilent() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(builder().statusInterval(Duration.ofMillis(20)));
    device.inject(Fault.SILENCE, 1);

    trigger();
    trigger();
    await(Step.UPDATED);

    assertThat(List.of(device.triggers(), device.checks())).containsExactly(2, 1);
  }

  @Test
  void canLoseItsConnectionToATrigger() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(builder());
    device.inject(Fault.CONNECTION_LOST, 1);

    trigger();
    broker.awaitStatus("\"fw_version\":\"1.2.6\"");

    assertThat(broker.hasCodes()).isFalse();
    assertThat(device.checks()).isZero();
    trigger();
    await(Step.UPDATED);
  }

  static Stream<Arguments> faultsOfADownload() {
    return Stream.of(
        Arguments.of(Fault.DOWNLOAD_CUT, "broke off after"),
        Arguments.of(Fault.DOWNLOAD_DAMAGED, "MD5"));
  }

  @ParameterizedTest
  @MethodSource("faultsOfADownload")
  void canFailADownloadAndSucceedLater(Fault fault, String reason) throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(builder());
    device.inject(fault, 2);

    for (int i = 0; i < 2; i++) {
      trigger();
      assertThat(await(Step.FAILED).detail()).contains(reason);
    }
    trigger();
    await(Step.UPDATED);

    assertThat(device.downloads()).isEqualTo(3);
  }

  @Test
  void canFallBackToTheOldImage() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(builder());
    device.inject(Fault.FALL_BACK, Integer.MAX_VALUE);

    for (int i = 0; i < 2; i++) {
      trigger();
      assertThat(await(Step.FAILED).detail()).isEqualTo("fell back to 1.2.6");
    }

    assertThat(device.version()).isEqualTo("1.2.6");
    device.inject(Fault.FALL_BACK, 0);
    trigger();
    await(Step.UPDATED);
  }

  @Test
  void canFallBackAfterItReportedTheNewVersion() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(builder());
    device.inject(Fault.LATE_FALL_BACK, 1);

    trigger();

    broker.awaitStatus("\"fw_version\":\"1.2.7\"");
    broker.awaitStatus("\"fw_version\":\"1.2.6\"");
    await(Step.UPDATED);
    assertThat(await(Step.FAILED).detail()).isEqualTo("fell back to 1.2.6");
  }

  @Test
  void tellsTheDigestOfWhatItRunsAfterItFellBackLate() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(builder());
    trigger();
    await(Step.UPDATED);
    server.offer("1.2.8", Esp32Image.builder().seed(8).size(2L * BYTES.length).build().bytes());
    Function<String, byte[]> second = server.download;
    server.download =
        request -> {
          // Not before: the device may still look whether the first one falls back.
          device.inject(Fault.LATE_FALL_BACK, 1);
          return second.apply(request);
        };
    trigger();
    assertThat(await(Step.FAILED).detail()).isEqualTo("fell back to 1.2.7");

    server.download = second;
    trigger();
    await(Step.UPDATED);

    assertThat(server.requests("download")).hasSize(3);
    assertThat(server.requests("download").get(2))
        .contains("sketch-sha256: " + IMAGE.sha256().toUpperCase(Locale.ROOT) + "\r\n")
        .contains("sketch-size: " + BYTES.length + "\r\n");
  }

  @Test
  void outlivesAListenerThatThrows() throws InterruptedException {
    server.offer("1.2.7", BYTES);
    run(
        builder()
            .listener(
                (changed, progress) -> {
                  steps.add(progress);
                  if (progress.step() == Step.CHECKING) {
                    throw new IllegalStateException("on purpose");
                  }
                }));

    trigger();

    assertThat(await(Step.UPDATED).detail()).isEqualTo("1.2.7");
  }
}
