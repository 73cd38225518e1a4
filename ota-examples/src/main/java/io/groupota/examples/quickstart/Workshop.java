package io.groupota.examples.quickstart;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.examples.stack.Fleet;
import io.groupota.examples.stack.ServerStack;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.testkit.device.SimulatedDevice;
import io.groupota.testkit.device.SimulatedDeviceBuilder;
import io.groupota.testkit.device.SimulatedFleet;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/** An owner, a group and its devices: first as the server knows them, then as they are. */
final class Workshop {
  static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");
  static final String BEARER = "quickstart";
  static final Group GROUP =
      new Group(
          new GroupId("5e1b76bc4315b70eb242567a"), OWNER, Token.of("AATluvfLURijoH9d"), "cooling");

  /** The waits of a device in the field are 2 s, 10 s and 5 s: too long to watch. */
  private static final Duration PACE = Duration.ofMillis(300);

  private static final Duration REBOOT = Duration.ofMillis(700);
  private static final Duration STATUS = Duration.ofMillis(500);

  /** One device in ten is addressed by itself, the others by their group. */
  private static final int BY_ITSELF = 10;

  private final List<Device> devices;

  Workshop(int count) {
    devices = IntStream.range(0, count).mapToObj(Workshop::device).toList();
  }

  Fleet fleet() {
    return new Fleet(List.of(new Fleet.Owner(OWNER, BEARER, true)), List.of(GROUP), devices);
  }

  /** Builds the devices; they stay switched off. */
  SimulatedFleet simulate(ServerStack stack, String version, long firmwareSize) {
    SimulatedFleet simulated = SimulatedFleet.builder().build();
    List<SimulatedDevice> unused =
        simulated.add(
            devices.stream()
                .map(device -> wanted(device, stack, version).freeSpace(room(firmwareSize)))
                .toList());
    return simulated;
  }

  private static SimulatedDeviceBuilder wanted(Device device, ServerStack stack, String version) {
    SimulatedDeviceBuilder wanted =
        SimulatedDevice.builder(device.id())
            .mqttUser(device.mqttUser())
            .broker(stack.mqtt().getHost(), stack.mqtt().getPort())
            .server(URI.create("http://" + stack.http()))
            .version(version)
            .pace(PACE)
            .reboot(REBOOT)
            .statusInterval(STATUS);
    return device.addressing() == Addressing.GROUP
        ? wanted.group(GROUP.id(), GROUP.token())
        : wanted.token(device.token());
  }

  private static Device device(int index) {
    return new Device(
        new DeviceId(String.format(Locale.ROOT, "5e1b5774afd4e404%08x", index)),
        Token.of("token-" + index),
        Optional.of(GROUP.id()),
        "Hcixd1Fx",
        index % BY_ITSELF == BY_ITSELF - 1 ? Addressing.DEVICE : Addressing.GROUP);
  }

  /** That of a usual partition table for 4 MB, or more if the firmware wants it. */
  private static long room(long firmwareSize) {
    return Math.max(firmwareSize, 1_966_080);
  }
}
