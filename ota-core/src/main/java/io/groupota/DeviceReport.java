package io.groupota;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a device says of itself: the version that it runs, a code of its update, how much space it
 * has, or several of these. Immutable.
 *
 * @param device the device
 * @param mqttUser the MQTT user name that the message came in with, empty when the host vouches for
 *     the device in another way; a report whose user is not the one that the group directory has
 *     for the device is ignored
 * @param version the version that the device says it runs, any text of 1 to {@value
 *     DeployRequest#MAX_VERSION_LENGTH} characters without control characters
 * @param coreVersion the version of its operating system, of the same form
 * @param code the code of its update
 * @param freeSpace how many bytes a firmware may have to fit onto the device, as its HTTP header
 *     {@code x-ESP32-free-space} says; not negative
 */
public record DeviceReport(
    DeviceId device,
    Optional<String> mqttUser,
    Optional<String> version,
    Optional<String> coreVersion,
    Optional<UpdateCode> code,
    OptionalLong freeSpace) {
  /**
   * Checks the texts and the space.
   *
   * @throws InvalidRequestException if a version is empty, too long or has control characters, or
   *     the space is negative
   */
  public DeviceReport {
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(mqttUser, "mqttUser");
    Objects.requireNonNull(version, "version");
    Objects.requireNonNull(coreVersion, "coreVersion");
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(freeSpace, "freeSpace");
    version.ifPresent(text -> check("version", text));
    coreVersion.ifPresent(text -> check("coreVersion", text));
    if (freeSpace.isPresent() && freeSpace.getAsLong() < 0) {
      throw new InvalidRequestException("freeSpace", "freeSpace must not be negative");
    }
  }

  /**
   * A device that runs a version.
   *
   * @param device the device
   * @param version the version
   * @return the report
   * @throws InvalidRequestException if the version is empty, too long or has control characters
   */
  public static DeviceReport version(DeviceId device, String version) {
    return new DeviceReport(
        device,
        Optional.empty(),
        Optional.of(version),
        Optional.empty(),
        Optional.empty(),
        OptionalLong.empty());
  }

  /**
   * A device that says how its update goes.
   *
   * @param device the device
   * @param code the code
   * @return the report
   */
  public static DeviceReport code(DeviceId device, UpdateCode code) {
    return new DeviceReport(
        device,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(code),
        OptionalLong.empty());
  }

  /**
   * A device that says how much space it has.
   *
   * @param device the device
   * @param bytes how many bytes a firmware may have to fit onto it
   * @return the report
   * @throws InvalidRequestException if the number is negative
   */
  public static DeviceReport freeSpace(DeviceId device, long bytes) {
    return new DeviceReport(
        device,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        OptionalLong.of(bytes));
  }

  /**
   * The same report, coming in with an MQTT user name.
   *
   * @param mqttUser the user name of the topic, null for none
   * @return the report
   */
  public DeviceReport from(@Nullable String mqttUser) {
    return new DeviceReport(
        device, Optional.ofNullable(mqttUser), version, coreVersion, code, freeSpace);
  }

  private static void check(String field, String text) {
    if (text.isEmpty() || text.length() > DeployRequest.MAX_VERSION_LENGTH || !isPlain(text)) {
      throw new InvalidRequestException(
          field,
          field
              + " must be 1 to "
              + DeployRequest.MAX_VERSION_LENGTH
              + " characters without control characters and half characters");
    }
  }

  private static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c)) {
        return false;
      }
      if (Character.isSurrogate(c)) {
        i++;
        if (i == text.length() || !Character.isSurrogatePair(c, text.charAt(i))) {
          return false;
        }
      }
    }
    return true;
  }
}
