package io.groupota.testkit.contract;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import java.util.Map;
import java.util.Optional;

/** Groups and devices by number, for the contracts of group directories. */
final class Fleet {
  static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");
  static final String USER = "Hcixd1Fx";

  private Fleet() {}

  static GroupId groupId(int number) {
    return new GroupId(hexId(number));
  }

  static DeviceId deviceId(int number) {
    return new DeviceId(hexId(number));
  }

  static Group group(int number) {
    return new Group(groupId(number), OWNER, Token.of("AATluvfLURijoH9d"), "group " + number);
  }

  /** A group-addressed device. */
  static Device device(int number, GroupId group) {
    return new Device(
        deviceId(number), Token.of("token-" + number), Optional.of(group), USER, Addressing.GROUP);
  }

  static Device in(Group group, Device device) {
    return in(Optional.of(group.id()), device);
  }

  static Device inNoGroup(Device device) {
    return in(Optional.empty(), device);
  }

  static Device connectedAs(String user, Device device) {
    return new Device(
        device.id(),
        device.token(),
        device.group(),
        user,
        device.addressing(),
        device.attributes());
  }

  static Device addressedByItself(Device device) {
    return new Device(
        device.id(),
        device.token(),
        device.group(),
        device.mqttUser(),
        Addressing.DEVICE,
        device.attributes());
  }

  static Device withToken(String token, Device device) {
    return new Device(
        device.id(),
        Token.of(token),
        device.group(),
        device.mqttUser(),
        device.addressing(),
        device.attributes());
  }

  static Device withAttributes(Map<String, String> attributes, Device device) {
    return new Device(
        device.id(),
        device.token(),
        device.group(),
        device.mqttUser(),
        device.addressing(),
        attributes);
  }

  private static Device in(Optional<GroupId> group, Device device) {
    return new Device(
        device.id(),
        device.token(),
        group,
        device.mqttUser(),
        device.addressing(),
        device.attributes());
  }

  private static String hexId(int number) {
    // Multiplied by an odd number, so that ids are unique but in no order.
    return String.format("5e1b76bc%016x", (number + 1) * 0x9E3779B97F4A7C15L);
  }
}
