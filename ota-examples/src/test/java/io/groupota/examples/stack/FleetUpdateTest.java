package io.groupota.examples.stack;

import static org.assertj.core.api.Assertions.assertThat;

import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt3.Mqtt3Client;
import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.OtaQuery;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.UpdateCode;
import io.groupota.VersionChange.Direction;
import io.groupota.VersionDiff;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.testkit.Esp32Image;
import io.groupota.testkit.device.Fault;
import io.groupota.testkit.device.SimulatedDevice;
import io.groupota.testkit.device.SimulatedDeviceBuilder;
import io.groupota.testkit.device.SimulatedFleet;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The main job on real parts: H2, a folder, a broker, Jetty, and fifty devices under two MQTT
 * users, some of them addressed by themselves.
 */
class FleetUpdateTest {
  private static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");
  private static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  private static final Token TOKEN = Token.of("AATluvfLURijoH9d");
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int ALICES = 30;
  private static final int DEVICES = 50;
  private static final int BY_ITSELF = 5;

  @TempDir Path folder;

  private final List<String> triggers = new CopyOnWriteArrayList<>();
  private ServerStack stack;
  private SimulatedFleet simulated;
  private Mqtt3AsyncClient observer;

  @BeforeEach
  void start() {
    stack = ServerStack.start(settings(), fleet());
    observer =
        Mqtt3Client.builder()
            .serverHost(stack.mqtt().getHost())
            .serverPort(stack.mqtt().getPort())
            .buildAsync();
    observer.connect().join();
    observer
        .subscribeWith()
        .topicFilter("/+/+/+/update-trigger")
        .callback(publish -> triggers.add(publish.getTopic().toString()))
        .send()
        .join();
    simulated = SimulatedFleet.builder().build();
  }

  @AfterEach
  void stop() {
    simulated.close();
    if (observer.getState().isConnected()) {
      observer.disconnect().join();
    }
    stack.close();
  }

  @Test
  void fiftyDevicesFollowTwoDeploysThoughOneMissesTheFirst() throws Exception {
    List<SimulatedDevice> devices = simulated.add(wanted("1.2.6"));
    SimulatedDevice late = devices.get(7);
    devices.stream().filter(device -> device != late).forEach(SimulatedDevice::switchOn);
    await(diff -> diff.count(Direction.UPGRADE) == DEVICES - 1, "1.2.7");

    deploy("1.2.7");
    await(diff -> diff.count(Direction.CURRENT) == DEVICES - 1, "1.2.7");
    assertThat(late.version()).isEqualTo("1.2.6");
    late.switchOn();
    await(diff -> diff.count(Direction.CURRENT) == DEVICES, "1.2.7");

    deploy("1.3.0");
    await(diff -> diff.count(Direction.CURRENT) == DEVICES, "1.3.0");

    assertThat(devices).allMatch(device -> device.version().equals("1.3.0"));
    assertThat(devices).allMatch(device -> device.downloads() == 2);
    DeviceState state = stack.service().deviceState(OWNER, late.id()).orElseThrow();
    assertThat(state.codes())
        .containsKeys(UpdateCode.TRIGGER_RECEIVED, UpdateCode.DOWNLOAD_STARTED);
  }

  @Test
  void usersAndDevicesThatAreCurrentHearNothing() throws Exception {
    List<SimulatedDevice> devices = new ArrayList<>();
    for (int i = 0; i < DEVICES; i++) {
      boolean current = i >= ALICES || i == 0;
      devices.add(simulated.add(wanted(i, current ? "1.2.7" : "1.2.6")));
    }
    simulated.start(Duration.ZERO);
    await(diff -> diff.count(Direction.UPGRADE) == ALICES - 1, "1.2.7");

    deploy("1.2.7");
    await(diff -> diff.count(Direction.CURRENT) == DEVICES, "1.2.7");

    assertThat(triggers)
        .as("bob's devices run it already, and so does alice's first, addressed by itself")
        .allMatch(topic -> topic.startsWith("/alice/"))
        .noneMatch(topic -> topic.contains(id(0).value()));
    assertThat(devices.subList(ALICES, DEVICES)).allMatch(device -> device.checks() == 0);
    assertThat(devices.get(0).checks()).isZero();
  }

  @Test
  void devicesThatFailOrFallBackGetThereInTheEnd() throws Exception {
    List<SimulatedDevice> devices = simulated.add(wanted("1.2.6"));
    devices.get(3).inject(Fault.DOWNLOAD_CUT, 1);
    devices.get(4).inject(Fault.DOWNLOAD_DAMAGED, 1);
    devices.get(5).inject(Fault.FALL_BACK, 1);
    simulated.start(Duration.ZERO);
    await(diff -> diff.count(Direction.UPGRADE) == DEVICES, "1.2.7");

    deploy("1.2.7");
    await(diff -> diff.count(Direction.CURRENT) == DEVICES, "1.2.7");

    assertThat(stack.service().deviceState(OWNER, id(3)).orElseThrow().codes())
        .containsKey(UpdateCode.FAILED);
    assertThat(devices.get(5).downloads()).isEqualTo(2);
  }

  @Test
  void aRestartOnTheSameFolderLosesNothing() throws Exception {
    simulated.add(wanted("1.2.6"));
    simulated.start(Duration.ZERO);
    await(diff -> diff.count(Direction.UPGRADE) == DEVICES, "1.2.7");
    deploy("1.2.7");
    await(diff -> diff.count(Direction.CURRENT) == DEVICES, "1.2.7");
    simulated.close();
    var page = stack.service().latestUpdates(OWNER, OtaQuery.builder().build());
    stack.close();

    stack = ServerStack.start(settings(), new Fleet(List.of(), List.of(), List.of()));

    assertThat(stack.service().latestUpdates(OWNER, OtaQuery.builder().build())).isEqualTo(page);
    assertThat(diff("1.2.7").count(Direction.CURRENT)).isEqualTo(DEVICES);
    try (var bytes =
        stack.service().download(GROUP, TOKEN).orElseThrow().open(0, image("1.2.7").size())) {
      assertThat(bytes).hasBinaryContent(image("1.2.7").bytes());
    }
  }

  private ServerStack.Settings settings() {
    return new ServerStack.Settings(
        Address.loopback(),
        Address.loopback(),
        folder,
        Duration.ofSeconds(2),
        64L << 20,
        External.NONE);
  }

  private void deploy(String version) {
    stack
        .service()
        .deploy(DeployRequest.of(OWNER, GROUP.value(), TOKEN.value(), version, image(version)));
  }

  private static Esp32Image image(String version) {
    return Esp32Image.builder().version(version).size(100_000).build();
  }

  private VersionDiff diff(String target) {
    return stack.service().diff(OWNER, GROUP, target);
  }

  private void await(java.util.function.Predicate<VersionDiff> condition, String target)
      throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    VersionDiff diff = diff(target);
    while (!condition.test(diff)) {
      assertThat(System.nanoTime()).as("waiting, now %s", diff).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(50);
      diff = diff(target);
    }
  }

  private List<SimulatedDeviceBuilder> wanted(String version) {
    List<SimulatedDeviceBuilder> all = new ArrayList<>();
    for (int i = 0; i < DEVICES; i++) {
      all.add(wanted(i, version));
    }
    return all;
  }

  private SimulatedDeviceBuilder wanted(int index, String version) {
    Device device = device(index);
    SimulatedDeviceBuilder builder =
        SimulatedDevice.builder(device.id())
            .mqttUser(device.mqttUser())
            .broker(stack.mqtt().getHost(), stack.mqtt().getPort())
            .server(URI.create("http://" + stack.http()))
            .version(version)
            .pace(Duration.ofMillis(100))
            .reboot(Duration.ofMillis(200))
            .statusInterval(Duration.ofMillis(300));
    return device.addressing() == Addressing.GROUP
        ? builder.group(GROUP, TOKEN)
        : builder.token(device.token());
  }

  private static Fleet fleet() {
    List<Device> devices = new ArrayList<>();
    for (int i = 0; i < DEVICES; i++) {
      devices.add(device(i));
    }
    return new Fleet(
        List.of(new Fleet.Owner(OWNER, "secret", true)),
        List.of(new Group(GROUP, OWNER, TOKEN, "cooling")),
        devices);
  }

  private static Device device(int index) {
    return new Device(
        id(index),
        Token.of("token-" + index),
        Optional.of(GROUP),
        index < ALICES ? "alice" : "bob",
        index < BY_ITSELF ? Addressing.DEVICE : Addressing.GROUP);
  }

  private static DeviceId id(int index) {
    return new DeviceId(String.format("%024x", index + 1));
  }
}
