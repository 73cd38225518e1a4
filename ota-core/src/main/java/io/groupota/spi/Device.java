package io.groupota.spi;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.InvalidRequestException;
import io.groupota.Token;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A device as the host knows it. Its owner is that of its group. Immutable.
 *
 * @param id its identity
 * @param token its own secret: letters, digits, dashes and underscores, since it is part of a URL
 * @param group the group that it is in, empty for none
 * @param mqttUser the MQTT user name that it connects with, which is the first level of its topics:
 *     1 to 64 characters without slash, {@code +}, {@code #} and control characters, not starting
 *     with {@code $}
 * @param addressing how it asks for updates and is triggered
 * @param attributes what stages of rollouts can choose devices by ({@link
 *     io.groupota.rollout.Selector.WithAttribute}): at most 32, with names of 1 to 64 and values of
 *     at most 256 characters
 */
public record Device(
    DeviceId id,
    Token token,
    Optional<GroupId> group,
    String mqttUser,
    Addressing addressing,
    Map<String, String> attributes) {
  private static final Pattern MQTT_USER = Pattern.compile("[^/+#\\p{Cntrl}]{1,64}");

  /**
   * Checks the token, the MQTT user name and the attributes.
   *
   * @throws InvalidRequestException if one of them has forbidden characters or the wrong length, or
   *     there are too many attributes
   */
  public Device {
    Group.requireUrlSafe(token);
    if (!MQTT_USER.matcher(mqttUser).matches() || mqttUser.startsWith("$")) {
      throw new InvalidRequestException(
          "mqttUser",
          "mqttUser must be 1 to 64 characters without /, +, # and control characters, not starting with $");
    }
    attributes = Map.copyOf(attributes);
    if (attributes.size() > 32 || !attributes.entrySet().stream().allMatch(Device::isShort)) {
      throw new InvalidRequestException(
          "attributes",
          "attributes must be at most 32, with names of 1 to 64 and values of at most 256 characters");
    }
  }

  /**
   * A device without attributes.
   *
   * @param id its identity
   * @param token its own secret
   * @param group the group that it is in, empty for none
   * @param mqttUser the MQTT user name that it connects with
   * @param addressing how it asks for updates and is triggered
   * @throws InvalidRequestException if the token or the user name has forbidden characters or the
   *     wrong length
   */
  public Device(
      DeviceId id, Token token, Optional<GroupId> group, String mqttUser, Addressing addressing) {
    this(id, token, group, mqttUser, addressing, Map.of());
  }

  private static boolean isShort(Map.Entry<String, String> attribute) {
    int name = attribute.getKey().length();
    return name >= 1 && name <= 64 && attribute.getValue().length() <= 256;
  }
}
