package io.groupota;

import io.groupota.firmware.FirmwareSource;
import java.util.Objects;

/**
 * A firmware to deploy to a group. Immutable.
 *
 * @param owner who deploys
 * @param group the group
 * @param token the token of the group
 * @param version the semantic version of the firmware (semver.org 2.0.0), at most {@value
 *     #MAX_VERSION_LENGTH} characters
 * @param firmware the file
 * @param refuseDowngrade whether to refuse a version of lower precedence than the served one
 * @param refuseSameVersion whether to refuse the very version that is served
 * @param mustPassThrough whether a device that runs a version of lower precedence must get this one
 *     before any newer one. Devices that are addressed by themselves are then told one version
 *     after the other; a group whose devices are addressed by it cannot be, and a rollout of a
 *     newer version waits until all of them have passed
 */
public record DeployRequest(
    OwnerId owner,
    GroupId group,
    Token token,
    String version,
    FirmwareSource firmware,
    boolean refuseDowngrade,
    boolean refuseSameVersion,
    boolean mustPassThrough) {
  /**
   * The longest version, in characters. IoTaaP OS parses {@code {"ver":"…"}} into a document of 128
   * bytes, which must hold it.
   */
  public static final int MAX_VERSION_LENGTH = 64;

  /**
   * Checks the version.
   *
   * @throws InvalidRequestException if the version is not a semantic version or too long
   */
  public DeployRequest {
    Objects.requireNonNull(owner, "owner");
    Objects.requireNonNull(group, "group");
    Objects.requireNonNull(token, "token");
    Objects.requireNonNull(version, "version");
    Objects.requireNonNull(firmware, "firmware");
    VersionChange.requireSemantic(version);
  }

  /**
   * A deploy that allows every version, a lower or an equal one too, as the IoTaaP cloud does.
   *
   * @param owner who deploys
   * @param group the id of the group
   * @param token the token of the group
   * @param version the semantic version of the firmware
   * @param firmware the file
   * @return the request
   * @throws InvalidRequestException if the group id, the token or the version is malformed
   */
  public static DeployRequest of(
      OwnerId owner, String group, String token, String version, FirmwareSource firmware) {
    // These two would be called "value" by what is made of them.
    Objects.requireNonNull(group, "group");
    Objects.requireNonNull(token, "token");
    return new DeployRequest(
        owner, new GroupId(group), Token.of(token), version, firmware, false, false, false);
  }

  /**
   * The same request, but refusing a downgrade with {@link VersionRefusedException}.
   *
   * @return the guarded request
   */
  public DeployRequest refusingDowngrade() {
    return new DeployRequest(
        owner, group, token, version, firmware, true, refuseSameVersion, mustPassThrough);
  }

  /**
   * The same request, but refusing the version that is served already with {@link
   * VersionRefusedException}.
   *
   * @return the guarded request
   */
  public DeployRequest refusingSameVersion() {
    return new DeployRequest(
        owner, group, token, version, firmware, refuseDowngrade, true, mustPassThrough);
  }

  /**
   * The same request, for a firmware that older devices must pass through.
   *
   * @return the request
   */
  public DeployRequest asMustPassThrough() {
    return new DeployRequest(
        owner, group, token, version, firmware, refuseDowngrade, refuseSameVersion, true);
  }
}
