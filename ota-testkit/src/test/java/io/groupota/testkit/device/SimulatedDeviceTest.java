package io.groupota.testkit.device;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.Token;
import io.groupota.testkit.Esp32Image;
import io.groupota.testkit.device.DeviceProgress.Step;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SimulatedDeviceTest {
  private static final DeviceId DEVICE = new DeviceId("5e1b5774afd4e404d68aebd6");
  private static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  private static final String TOKEN = "AATluvfLURijoH9d";
  private static final Esp32Image IMAGE = Esp32Image.builder().seed(7).build();
  private static final byte[] BYTES = IMAGE.bytes();

  @TempDir static Path folder;
  private static TestBroker broker;

  /**
   * One per test: what the broker still delivers of the test before is not taken for this one's.
   */
  private final String user = "u" + UUID.randomUUID().toString().substring(0, 7);

  private final String groupTrigger = "/" + user + "/groups/" + GROUP + "/update-trigger";
  private final String ownTrigger = "/" + user + "/devices/" + DEVICE + "/update-trigger";
  private final String response = "/" + user + "/devices/" + DEVICE + "/update-response ";

  private final BlockingQueue<DeviceProgress> steps = new LinkedBlockingQueue<>();
  private ScriptedServer server;
  private SimulatedDevice device;

  @BeforeAll
  static void startBroker() throws IOException {
    broker = new TestBroker(folder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void startServer() throws IOException {
    server = new ScriptedServer();
    broker.listenTo(user);
  }

  @AfterEach
  void closeAll() throws IOException {
    if (device != null) {
      device.close();
    }
    server.close();
  }

  private SimulatedDeviceBuilder builder() {
    return SimulatedDevice.builder(DEVICE)
        .group(GROUP, Token.of(TOKEN))
        .mqttUser(user)
        .broker("127.0.0.1", broker.port())
        .server(server.uri())
        .pace(Duration.ofMillis(5))
        .reboot(Duration.ofMillis(5))
        .reconnect(Duration.ofMillis(50))
        .listener((changed, progress) -> steps.add(progress));
  }

  /** Starts a device and waits until it can be triggered. */
  private void run(SimulatedDeviceBuilder wanted) throws InterruptedException {
    device = wanted.build();
    device.switchOn();
    broker.awaitStatus("\"fw_version\":\"1.2.6\"");
  }

  private DeviceProgress await(Step step) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    DeviceProgress next;
    do {
      next = steps.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      assertThat(next).as("progress up to %s", step).isNotNull();
    } while (next.step() != step);
    return next;
  }

  private void trigger() {
    broker.publish(groupTrigger, "now".getBytes(UTF_8));
  }

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
