package io.groupota.mqtt;

import io.groupota.DeviceId;
import io.groupota.InvalidRequestException;
import io.groupota.spi.Device;
import io.groupota.spi.UpdateTrigger;
import org.jspecify.annotations.Nullable;

/** The topics of the wire protocol, written and read. All begin with a slash. */
final class Topics {
  static final String STATUS_FILTER = "/+/devices/+/status";
  static final String RESPONSE_FILTER = "/+/devices/+/update-response";

  private static final int DEVICE_ID_LENGTH = 24;
  private static final String DEVICES = "/devices/";

  private Topics() {}

  /** What a device talks about on a topic. */
  enum Kind {
    STATUS("/status"),
    RESPONSE("/update-response");

    private final String suffix;

    Kind(String suffix) {
      this.suffix = suffix;
    }
  }

  /**
   * A topic that a device publishes to.
   *
   * @param user the MQTT user name, the first level
   * @param device the device
   * @param kind what the message is about
   */
  record DeviceTopic(String user, DeviceId device, Kind kind) {}

  /**
   * Where a trigger goes.
   *
   * @throws InvalidRequestException if the user name is no topic level
   */
  static String of(UpdateTrigger trigger) {
    String user = trigger.mqttUser();
    if (!Device.isMqttUser(user)) {
      throw new InvalidRequestException(
          "mqttUser", "mqttUser of the trigger is no topic level: correct it in the directory");
    }
    return trigger
        .device()
        .map(device -> "/" + user + DEVICES + device.value() + "/update-trigger")
        .orElseGet(() -> "/" + user + "/groups/" + trigger.group().value() + "/update-trigger");
  }

  /** Reads a topic, null when it is not exactly one that a device publishes to. */
  static @Nullable DeviceTopic read(String topic) {
    if (topic.isEmpty() || topic.charAt(0) != '/') {
      return null;
    }
    int userEnd = topic.indexOf('/', 1);
    if (userEnd < 0 || !topic.startsWith(DEVICES, userEnd)) {
      return null;
    }
    int idStart = userEnd + DEVICES.length();
    Kind kind = kindAt(topic, idStart + DEVICE_ID_LENGTH);
    if (kind == null || !isHex(topic, idStart, idStart + DEVICE_ID_LENGTH)) {
      return null;
    }
    String user = topic.substring(1, userEnd);
    return Device.isMqttUser(user)
        ? new DeviceTopic(
            user, new DeviceId(topic.substring(idStart, idStart + DEVICE_ID_LENGTH)), kind)
        : null;
  }

  private static @Nullable Kind kindAt(String topic, int from) {
    for (Kind kind : Kind.values()) {
      if (topic.length() == from + kind.suffix.length() && topic.endsWith(kind.suffix)) {
        return kind;
      }
    }
    return null;
  }

  private static boolean isHex(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      if (Character.digit(c, 16) < 0 || c > 'f') {
        return false;
      }
    }
    return true;
  }
}
