package io.groupota.rollout;

import io.groupota.UpdateId;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/**
 * When a rollout stops by itself: when, of the devices that finished ({@link
 * RolloutDeviceState#isFinished()}), too many failed in one of some ways. Counts all stages,
 * devices that joined late included. After a resume, or an approval of the next stage, it stops
 * again only when more devices have failed, in whatever way, than had then, less those that have
 * recovered since. Immutable.
 *
 * @param failures the ways, at least one
 * @param percent stop when more than this share of the finished devices failed, 0 to below 100
 * @param devices stop when more than this number of devices failed, at least 0; exactly one of
 *     percent and devices is present
 * @param atLeast how many devices must have finished before the rule has a say, at least 1
 * @param action what to do
 * @param rollBackTo what to roll back to, an update in the history of one of the groups; empty for
 *     what each group served before
 */
public record StopRule(
    Set<Failure> failures,
    OptionalDouble percent,
    OptionalLong devices,
    long atLeast,
    Action action,
    Optional<UpdateId> rollBackTo) {
  /** What a rule does. */
  public enum Action {
    /** It pauses the rollout. */
    PAUSE,
    /** It rolls the rollout back. */
    ROLL_BACK
  }

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if they are out of range or contradict each other
   */
  public StopRule {
    failures = Set.copyOf(Objects.requireNonNull(failures, "failures"));
    Objects.requireNonNull(percent, "percent");
    Objects.requireNonNull(devices, "devices");
    Objects.requireNonNull(action, "action");
    Objects.requireNonNull(rollBackTo, "rollBackTo");
    if (failures.isEmpty()) {
      throw new IllegalArgumentException("failures must name at least one kind of failure");
    }
    if (percent.isPresent() == devices.isPresent()) {
      throw new IllegalArgumentException("a stop rule has either percent or devices");
    }
    double share = percent.orElse(0);
    if (!(share >= 0 && share < 100)) {
      throw new IllegalArgumentException("percent must be at least 0 and below 100");
    }
    if (devices.orElse(0) < 0) {
      throw new IllegalArgumentException("devices must not be negative");
    }
    if (atLeast < 1) {
      throw new IllegalArgumentException("at_least must be at least 1");
    }
    if (rollBackTo.isPresent() && action != Action.ROLL_BACK) {
      throw new IllegalArgumentException("roll_back_to needs the action roll_back");
    }
  }

  /**
   * A rule for all kinds of failures.
   *
   * @param percent stop when more than this share of the finished devices failed
   * @param atLeast how many devices must have finished before
   * @param action what to do
   * @return the rule
   * @throws IllegalArgumentException if a value is out of range
   */
  public static StopRule above(double percent, long atLeast, Action action) {
    return new StopRule(
        Set.of(Failure.values()),
        OptionalDouble.of(percent),
        OptionalLong.empty(),
        atLeast,
        action,
        Optional.empty());
  }

  /**
   * How many devices failed in one of the ways of this rule.
   *
   * @param counts the counts of a rollout
   * @return the number of devices
   */
  public long failed(RolloutCounts counts) {
    return failures.stream().mapToLong(failure -> counts.in(failure.state())).sum();
  }

  /**
   * Whether too many devices have failed.
   *
   * @param counts the counts of a rollout
   * @return true if the rollout is to stop
   */
  public boolean isBroken(RolloutCounts counts) {
    long finished = counts.finished();
    long failed = failed(counts);
    return finished >= atLeast
        && (percent.isPresent()
            ? 100.0 * failed > percent.getAsDouble() * finished
            : failed > devices.orElse(0));
  }
}
