package io.groupota.rollout;

import com.github.zafarkhaja.semver.Version;
import com.github.zafarkhaja.semver.expr.Expression;
import com.github.zafarkhaja.semver.expr.ExpressionParser;
import io.groupota.VersionChange;
import java.util.Objects;
import java.util.Optional;

/**
 * Which devices a plan keeps out, by the version that they report. A device that has not reported,
 * or reports no semantic version, passes the guard against downgrades, which cannot be told of it,
 * but satisfies no constraint. A group whose group-addressed devices are not all let in is not
 * deployed to, since they cannot be told apart. Immutable.
 *
 * @param allowDowngrade whether a device may be given a version of lower precedence than it reports
 * @param constraint what the version of a device must satisfy, in the range syntax of java-semver,
 *     {@code >=1.2.0 & <2.0.0} for example; empty for any
 */
public record Guards(boolean allowDowngrade, Optional<String> constraint) {
  /** No downgrades, no constraint. */
  public static final Guards DEFAULT = new Guards(false, Optional.empty());

  private static final int MAX_CONSTRAINT_LENGTH = 256;

  /**
   * Checks the constraint.
   *
   * @throws IllegalArgumentException if the constraint is no range expression of java-semver
   */
  public Guards {
    Objects.requireNonNull(constraint, "constraint");
    constraint.ifPresent(Guards::parse);
  }

  private static Expression parse(String constraint) {
    if (constraint.length() > MAX_CONSTRAINT_LENGTH) {
      throw new IllegalArgumentException(
          "constraint is too long (at most " + MAX_CONSTRAINT_LENGTH + " characters)");
    }
    try {
      return ExpressionParser.newInstance().parse(constraint);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          "constraint is no version range, such as >=1.2.0 & <2.0.0", e);
    }
  }

  /**
   * Whether a device is let in.
   *
   * @param reported the version that it reports, empty if it never did
   * @param target the version of the rollout
   * @return false if a guard keeps it out
   */
  public boolean admits(Optional<String> reported, String target) {
    if (!allowDowngrade
        && VersionChange.between(reported.orElse(null), target).direction()
            == VersionChange.Direction.DOWNGRADE) {
      return false;
    }
    return constraint.isEmpty()
        || reported
            .flatMap(Guards::version)
            .filter(version -> parse(constraint.get()).interpret(version))
            .isPresent();
  }

  private static Optional<Version> version(String text) {
    try {
      return Version.tryParse(text);
    } catch (RuntimeException e) {
      // Numbers beyond the range of a long are legal for semver.org but not for the parser.
      return Optional.empty();
    }
  }
}
