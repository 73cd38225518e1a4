package io.groupota.examples.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.GroupOtaService;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.firmware.FirmwareSource;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates;
import io.groupota.spi.Group;
import io.groupota.spi.GroupRegistry;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;

/**
 * Devices by number that say their status again and again and now and then run another version. For
 * one thread.
 */
final class RunningFleet {
  private static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");
  private static final Token TOKEN = Token.of("AATluvfLURijoH9d");
  private static final int GROUPS = 20;
  private static final int BATCH = 1_000;

  private final Random random = new Random(20_000);
  private final int[] versions;
  private int changes;

  RunningFleet(int devices) {
    versions = new int[devices];
  }

  int size() {
    return versions.length;
  }

  /** How often a device began to run another version. */
  int changes() {
    return changes;
  }

  void register(GroupRegistry registry) {
    List<Group> groups = new ArrayList<>();
    for (int i = 0; i < GROUPS; i++) {
      groups.add(new Group(group(i), OWNER, TOKEN, "group " + i));
    }
    registry.saveGroups(groups);
    for (int from = 0; from < size(); from += BATCH) {
      List<Device> some = new ArrayList<>();
      for (int i = from; i < Math.min(from + BATCH, size()); i++) {
        Addressing addressing = i % 10 == 0 ? Addressing.DEVICE : Addressing.GROUP;
        some.add(new Device(id(i), TOKEN, Optional.of(group(i)), user(i), addressing));
      }
      registry.saveDevices(some);
    }
  }

  /** Every group serves the first version, so that who runs another one is behind. */
  void deploy(GroupOtaService service) {
    for (int i = 0; i < GROUPS; i++) {
      FirmwareSource firmware = FirmwareSource.bytes(new byte[] {1, 2, 3});
      service.deploy(DeployRequest.of(OWNER, group(i).value(), TOKEN.value(), "1.0.0", firmware));
    }
  }

  private static GroupId group(int device) {
    return new GroupId(String.format("5e1b76bc%016x", device % GROUPS));
  }

  private static DeviceId id(int device) {
    return new DeviceId(String.format("5e1b5774%016x", device));
  }

  private static String user(int device) {
    return "user" + device % 7;
  }

  /** One device in so many runs another version from now on. */
  void maybeChange(int device, int oneIn) {
    if (random.nextInt(oneIn) == 0) {
      change(device);
    }
  }

  void change(int device) {
    versions[device]++;
    changes++;
  }

  private String version(int device) {
    return "1.0." + versions[device];
  }

  DeviceReport status(int device) {
    return new DeviceReport(
        id(device),
        Optional.of(user(device)),
        Optional.of(version(device)),
        Optional.of("5.0.0"),
        Optional.empty(),
        OptionalLong.empty());
  }

  String topic(int device) {
    return "/" + user(device) + "/devices/" + id(device).value() + "/status";
  }

  byte[] payload(int device) {
    return ("{\"battery\":100,\"uptime\":5482,\"core_version\":\"5.0.0\",\"fw_version\":\""
            + version(device)
            + "\"}")
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** The devices of which another version is saved than they run, or none. */
  List<Integer> wronglyKnown(DeviceStates states) {
    List<Integer> wrong = new ArrayList<>();
    for (int from = 0; from < size(); from += BATCH) {
      List<DeviceId> ids = new ArrayList<>();
      for (int i = from; i < Math.min(from + BATCH, size()); i++) {
        ids.add(id(i));
      }
      Map<DeviceId, DeviceState> found = states.states(ids);
      for (int i = 0; i < ids.size(); i++) {
        Optional<String> saved =
            Optional.ofNullable(found.get(ids.get(i))).flatMap(DeviceState::reportedVersion);
        if (!saved.equals(Optional.of(version(from + i)))) {
          wrong.add(from + i);
        }
      }
    }
    return wrong;
  }

  void assertKnown(DeviceStates states) {
    assertThat(wronglyKnown(states)).as("devices of which another version is known").isEmpty();
  }
}
