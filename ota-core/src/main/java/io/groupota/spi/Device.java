package io.groupota.spi;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.InvalidRequestException;
import io.groupota.Token;
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
 */
public record Device(
    DeviceId id, Token token, Optional<GroupId> group, String mqttUser, Addressing addressing) {
  private static final Pattern MQTT_USER = Pattern.compile("[^/+#\\p{Cntrl}]{1,64}");

  /**
   * Checks the token and the MQTT user name.
   *
   * @throws InvalidRequestException if one of them has forbidden characters or the wrong length
   */
  public Device {
    Group.requireUrlSafe(token);
    if (!MQTT_USER.matcher(mqttUser).matches() || mqttUser.startsWith("$")) {
      throw new InvalidRequestException(
          "mqttUser",
          "mqttUser must be 1 to 64 characters without /, +, # and control characters, not starting with $");
    }
  }
}
