package io.groupota;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a device says of itself: the version that it runs, or a code of its update, or both.
 * Immutable.
 *
 * @param device the device
 * @param mqttUser the MQTT user name that the message came in with, empty when the host vouches for
 *     the device in another way; a report whose user is not the one that the group directory has
 *     for the device is ignored
 * @param version the version that the device says it runs, any text of 1 to {@value
 *     DeployRequest#MAX_VERSION_LENGTH} characters without control characters
 * @param coreVersion the version of its operating system, of the same form
 * @param code the code of its update
 */
public record DeviceReport(
    DeviceId device,
    Optional<String> mqttUser,
    Optional<String> version,
    Optional<String> coreVersion,
    Optional<UpdateCode> code) {
  /**
   * Checks the texts.
   *
   * @throws InvalidRequestException if a version is empty, too long or has control characters
   */
  public DeviceReport {
    version.ifPresent(text -> check("version", text));
    coreVersion.ifPresent(text -> check("coreVersion", text));
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
        device, Optional.empty(), Optional.of(version), Optional.empty(), Optional.empty());
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
        device, Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(code));
  }

  /**
   * The same report, coming in with an MQTT user name.
   *
   * @param mqttUser the user name of the topic, null for none
   * @return the report
   */
  public DeviceReport from(@Nullable String mqttUser) {
    return new DeviceReport(device, Optional.ofNullable(mqttUser), version, coreVersion, code);
  }

  private static void check(String field, String text) {
    if (text.isEmpty()
        || text.length() > DeployRequest.MAX_VERSION_LENGTH
        || text.chars().anyMatch(Character::isISOControl)
        || !StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new InvalidRequestException(
          field,
          field
              + " must be 1 to "
              + DeployRequest.MAX_VERSION_LENGTH
              + " characters without control characters and half characters");
    }
  }
}
