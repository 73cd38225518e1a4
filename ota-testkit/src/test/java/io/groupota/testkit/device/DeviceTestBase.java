package io.groupota.testkit.device;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.Token;
import io.groupota.testkit.Esp32Image;
import io.groupota.testkit.device.DeviceProgress.Step;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A device, a real broker and a scripted server for every test. */
abstract class DeviceTestBase {
  static final DeviceId DEVICE = new DeviceId("5e1b5774afd4e404d68aebd6");
  static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  static final String TOKEN = "AATluvfLURijoH9d";
  static final Esp32Image IMAGE = Esp32Image.builder().seed(7).build();
  static final byte[] BYTES = IMAGE.bytes();

  @TempDir static Path folder;
  static TestBroker broker;

  /**
   * One per test: what the broker still delivers of the test before is not taken for this one's.
   */
  final String user = "u" + UUID.randomUUID().toString().substring(0, 7);

  final String groupTrigger = "/" + user + "/groups/" + GROUP + "/update-trigger";
  final String ownTrigger = "/" + user + "/devices/" + DEVICE + "/update-trigger";
  final String response = "/" + user + "/devices/" + DEVICE + "/update-response ";

  final BlockingQueue<DeviceProgress> steps = new LinkedBlockingQueue<>();
  ScriptedServer server;
  SimulatedDevice device;

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

  SimulatedDeviceBuilder builder() {
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
  void run(SimulatedDeviceBuilder wanted) throws InterruptedException {
    device = wanted.build();
    device.switchOn();
    broker.awaitStatus("\"fw_version\":\"1.2.6\"");
  }

  DeviceProgress await(Step step) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    DeviceProgress next;
    do {
      next = steps.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      assertThat(next).as("progress up to %s", step).isNotNull();
    } while (next.step() != step);
    return next;
  }

  void trigger() {
    broker.publish(groupTrigger, "now".getBytes(UTF_8));
  }
}
