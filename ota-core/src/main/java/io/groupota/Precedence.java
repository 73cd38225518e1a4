package io.groupota;

import com.github.zafarkhaja.semver.Version;
import java.util.Comparator;
import java.util.Optional;

/**
 * The order of semantic versions, as rule 11 of semver.org 2.0.0 has it. The parser's own order
 * takes a numeric identifier of a pre-release for a text where the other one is a text ({@code
 * rc.10} and {@code rc.2-hotfix}).
 */
final class Precedence {
  private static final Comparator<Version> NUMBERS =
      Comparator.comparingLong(Version::majorVersion)
          .thenComparingLong(Version::minorVersion)
          .thenComparingLong(Version::patchVersion);

  private Precedence() {}

  /** Negative if the one is lower, 0 if they differ in build metadata at the most. */
  static int compare(Version one, Version other) {
    int numbers = NUMBERS.compare(one, other);
    return numbers != 0
        ? numbers
        : comparePreReleases(one.preReleaseVersion(), other.preReleaseVersion());
  }

  /** A version without one is the release, which is higher. */
  private static int comparePreReleases(Optional<String> one, Optional<String> other) {
    if (one.isEmpty() || other.isEmpty()) {
      return Boolean.compare(one.isEmpty(), other.isEmpty());
    }
    String[] ones = one.get().split("\\.", -1);
    String[] others = other.get().split("\\.", -1);
    for (int i = 0; i < Math.min(ones.length, others.length); i++) {
      int identifiers = compareIdentifiers(ones[i], others[i]);
      if (identifiers != 0) {
        return identifiers;
      }
    }
    return Integer.compare(ones.length, others.length);
  }

  private static int compareIdentifiers(String one, String other) {
    boolean number = isNumeric(one);
    if (number != isNumeric(other)) {
      return number ? -1 : 1;
    }
    // Without leading zeros the longer number is the larger one, whatever its size.
    return number && one.length() != other.length()
        ? Integer.compare(one.length(), other.length())
        : one.compareTo(other);
  }

  private static boolean isNumeric(String identifier) {
    return identifier.chars().allMatch(c -> c >= '0' && c <= '9');
  }
}
