package io.groupota.testkit.device;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.Token;
import io.groupota.testkit.Esp32Image;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulatedFleetTest {
  private static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir static Path folder;
  private static TestBroker broker;
  private ScriptedServer server;

  /**
   * One per test: what the broker still delivers of the test before is not taken for this one's.
   */
  private final String user = "u" + UUID.randomUUID().toString().substring(0, 7);

  private final String trigger = "/" + user + "/groups/" + GROUP + "/update-trigger";

  @BeforeAll
  static void startBroker() throws IOException {
    broker = new TestBroker(folder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void start() throws IOException {
    broker.listenTo(user);
    server = new ScriptedServer();
    server.offer("1.2.7", Esp32Image.builder().build().bytes());
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private List<SimulatedDeviceBuilder> devices(int count) {
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                SimulatedDevice.builder(new DeviceId(String.format("%024x", i)))
                    .group(GROUP, Token.of("AATluvfLURijoH9d"))
                    .mqttUser(user)
                    .broker("127.0.0.1", broker.port())
                    .server(server.uri())
                    .pace(Duration.ofMillis(100))
                    .reboot(Duration.ofMillis(100))
                    .reconnect(Duration.ofMillis(100)))
        .toList();
  }

  /** A device is in touch once its status has arrived. */
  private void awaitStatuses(int count) throws InterruptedException {
    for (int i = 0; i < count; i++) {
      assertThat(broker.nextStatus()).contains("\"fw_version\"");
    }
  }

  /** A port that nobody listens on. */
  private static int nobody() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> deviceThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("ota-device-"))
        .toList();
  }

  @Test
  void oneTriggerUpdatesAllDevicesOnAFewThreads() throws InterruptedException {
    try (SimulatedFleet fleet = SimulatedFleet.builder().downloads(4).build()) {
      fleet.add(devices(200));
      assertThat(deviceThreads()).isEmpty();
      fleet.start(Duration.ofMillis(500));
      awaitStatuses(200);

      broker.publish(trigger, "now".getBytes(UTF_8));

      assertThat(fleet.await(device -> device.version().equals("1.2.7"), LONG)).isTrue();
      assertThat(deviceThreads()).hasSizeLessThanOrEqualTo(2 + 4 + 2 * 2);
      assertThat(fleet.devices()).allMatch(device -> device.downloads() == 1);
    }
    assertThat(deviceThreads()).isEmpty();
  }

  @Test
  void devicesComeBackAfterTheirBrokerWasAway() throws InterruptedException, IOException {
    try (SimulatedFleet fleet = SimulatedFleet.builder().build()) {
      fleet.add(devices(3));
      fleet.start(Duration.ZERO);
      awaitStatuses(3);

      broker.stop();
      broker.listenTo(user);
      broker.start();
      awaitStatuses(3);
      broker.publish(trigger, "now".getBytes(UTF_8));

      assertThat(fleet.await(device -> device.version().equals("1.2.7"), LONG)).isTrue();
    }
  }

  @Test
  void devicesCheckWithoutABrokerToo() throws InterruptedException {
    try (SimulatedFleet fleet = SimulatedFleet.builder().build()) {
      List<SimulatedDevice> devices =
          fleet.add(
              devices(2).stream().map(device -> device.broker("127.0.0.1", nobody())).toList());
      devices.forEach(SimulatedDevice::switchOn);
      devices.forEach(SimulatedDevice::check);

      assertThat(fleet.await(device -> device.version().equals("1.2.7"), LONG)).isTrue();
      assertThat(devices).noneMatch(SimulatedDevice::isConnected);
    }
    assertThat(deviceThreads()).isEmpty();
  }

  @Test
  void saysWhenTheTimeIsOver() throws InterruptedException {
    try (SimulatedFleet fleet = SimulatedFleet.builder().build()) {
      fleet.add(devices(1));

      assertThat(fleet.await(device -> device.checks() > 0, Duration.ofMillis(10))).isFalse();
    }
  }

  @Test
  void leavesATimerThatItWasGivenOpen() throws InterruptedException {
    ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
    try {
      try (SimulatedFleet fleet = SimulatedFleet.builder().timer(timer).build()) {
        SimulatedDevice device = fleet.add(devices(1).get(0));
        device.switchOn();
        awaitStatuses(1);
        assertThat(deviceThreads()).noneMatch(name -> name.contains("timer"));
      }
      assertThat(timer.isShutdown()).isFalse();
    } finally {
      timer.shutdown();
      assertThat(timer.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void canBeClosedTwiceAndHaveADeviceClosedBefore() throws InterruptedException {
    SimulatedFleet fleet = SimulatedFleet.builder().build();
    List<SimulatedDevice> devices = fleet.add(devices(2));
    fleet.start(Duration.ZERO);
    awaitStatuses(2);
    long start = System.nanoTime();

    devices.get(0).close();
    assertThat(devices.get(0).isConnected()).isFalse();
    assertThat(devices.get(1).isConnected()).isTrue();
    fleet.close();
    fleet.close();

    assertThat(devices).noneMatch(SimulatedDevice::isConnected);
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(9));
  }

  @Test
  void takesNoDeviceOnceItIsClosed() {
    SimulatedFleet fleet = SimulatedFleet.builder().build();
    fleet.close();

    assertThatThrownBy(() -> fleet.add(devices(1).get(0)))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> SimulatedFleet.builder().downloads(0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
