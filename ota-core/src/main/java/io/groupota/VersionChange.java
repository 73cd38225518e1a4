package io.groupota;

import com.github.zafarkhaja.semver.Version;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a device would do when its group serves a version. IoTaaP OS compares versions as strings:
 * equality of the string decides whether it installs anything; the precedence of semver.org 2.0.0
 * decides whether that is an upgrade or a downgrade. Immutable.
 *
 * @param direction where the device would go
 * @param kind the most significant part in which the versions differ
 */
public record VersionChange(Direction direction, Kind kind) {
  /** Where a device would go. */
  public enum Direction {
    /**
     * It installs a version of higher precedence, or of equal precedence with other build metadata.
     */
    UPGRADE,
    /** It installs a version of lower precedence. */
    DOWNGRADE,
    /** It runs the very version already and installs nothing. */
    CURRENT,
    /**
     * It never reported a version, or one that is not semantic; it installs the version as soon as
     * it asks.
     */
    UNKNOWN
  }

  /** The most significant part in which two versions differ. */
  public enum Kind {
    /** The first number. */
    MAJOR,
    /** The second number. */
    MINOR,
    /** The third number. */
    PATCH,
    /** What follows the hyphen. */
    PRE_RELEASE,
    /** What follows the plus sign, which has no part in precedence. */
    BUILD,
    /** Nothing: the versions are the same. */
    NONE,
    /** Cannot be told. */
    UNKNOWN
  }

  private static final VersionChange SAME = new VersionChange(Direction.CURRENT, Kind.NONE);
  private static final VersionChange NOT_KNOWN = new VersionChange(Direction.UNKNOWN, Kind.UNKNOWN);

  /**
   * The change from what a device reported to a target.
   *
   * @param reported what the device reported, null if it never did; need not be a semantic version
   * @param target the target version
   * @return the change
   * @throws InvalidRequestException if the target is not a semantic version
   */
  public static VersionChange between(@Nullable String reported, String target) {
    Version to = requireSemantic(target);
    if (reported == null) {
      return NOT_KNOWN;
    }
    if (reported.equals(target)) {
      return SAME;
    }
    return parse(reported).map(from -> between(from, to)).orElse(NOT_KNOWN);
  }

  private static VersionChange between(Version from, Version to) {
    Direction direction =
        Precedence.compare(to, from) < 0 ? Direction.DOWNGRADE : Direction.UPGRADE;
    return new VersionChange(direction, kind(from, to));
  }

  private static Kind kind(Version from, Version to) {
    if (from.majorVersion() != to.majorVersion()) {
      return Kind.MAJOR;
    }
    if (from.minorVersion() != to.minorVersion()) {
      return Kind.MINOR;
    }
    if (from.patchVersion() != to.patchVersion()) {
      return Kind.PATCH;
    }
    return from.preReleaseVersion().equals(to.preReleaseVersion()) ? Kind.BUILD : Kind.PRE_RELEASE;
  }

  static Version requireSemantic(String version) {
    if (version.length() > DeployRequest.MAX_VERSION_LENGTH) {
      throw new InvalidRequestException(
          "version",
          "version is too long (at most " + DeployRequest.MAX_VERSION_LENGTH + " characters)");
    }
    return parse(version)
        .orElseThrow(
            () ->
                new InvalidRequestException(
                    "version", "version is not a semantic version (semver.org 2.0.0, e.g. 2.3.6)"));
  }

  private static Optional<Version> parse(String version) {
    try {
      return Version.tryParse(version);
    } catch (RuntimeException e) {
      // Numbers beyond the range of a long are legal for semver.org but not for the parser.
      return Optional.empty();
    }
  }
}
