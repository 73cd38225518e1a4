package io.groupota.spi;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.InvalidRequestException;
import io.groupota.Token;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A device as the host knows it. Its owner is that of its group. Immutable.
 *
 * @param id its identity
 * @param token its own secret: letters, digits, dashes and underscores, since it is part of a URL
 * @param group the group that it is in, empty for none
 * @param mqttUser the MQTT user name that it connects with, which is the first level of its topics:
 *     what {@link #isMqttUser} says
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
  private static final int MAX_USER_LENGTH = 64;

  /**
   * Checks the token, the MQTT user name and the attributes.
   *
   * @throws InvalidRequestException if one of them has forbidden characters or the wrong length, or
   *     there are too many attributes
   */
  public Device {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(token, "token");
    Objects.requireNonNull(group, "group");
    Objects.requireNonNull(mqttUser, "mqttUser");
    Objects.requireNonNull(addressing, "addressing");
    Objects.requireNonNull(attributes, "attributes");
    Group.requireUrlSafe(token);
    if (!isMqttUser(mqttUser)) {
      throw new InvalidRequestException(
          "mqttUser",
          "mqttUser must be 1 to 64 characters without /, +, #, control characters and what is no"
              + " character, not starting with $");
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

  /**
   * Whether a text can be the user name of a device, that is one level of a topic: 1 to 64
   * characters (code points) without slash, {@code +}, {@code #}, control characters (also U+0080
   * to U+009F), non-characters of Unicode and unpaired surrogates, not starting with {@code $}. For
   * any other a broker may close the connection that publishes to such a topic.
   *
   * @param text the text
   * @return whether it can
   */
  public static boolean isMqttUser(String text) {
    Objects.requireNonNull(text, "text");
    if (text.isEmpty() || text.charAt(0) == '$') {
      return false;
    }
    int characters = 0;
    int character;
    for (int i = 0; i < text.length(); i += Character.charCount(character)) {
      character = text.codePointAt(i);
      if (++characters > MAX_USER_LENGTH || !fitsIntoALevel(character)) {
        return false;
      }
    }
    return true;
  }

  private static boolean fitsIntoALevel(int character) {
    if (character < 0x7f) {
      return character >= 0x20 && character != '/' && character != '+' && character != '#';
    }
    boolean surrogate =
        character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE;
    boolean none = (character >= 0xfdd0 && character <= 0xfdef) || (character & 0xfffe) == 0xfffe;
    return character > 0x9f && !surrogate && !none;
  }

  private static boolean isShort(Map.Entry<String, String> attribute) {
    int name = attribute.getKey().length();
    return name >= 1 && name <= 64 && attribute.getValue().length() <= 256;
  }
}
