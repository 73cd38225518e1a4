package io.groupota.rollout;

import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * How fast devices are let through. Holds for those that join late too. Devices that are addressed
 * by their group come as a whole, which counts as that many devices: the next ones wait until the
 * pace has caught up. Immutable.
 *
 * @param perMinute devices per minute, above 0 and at most 1,000,000,000; empty for {@code
 *     maxPerMinute}
 * @param growth by what {@code perMinute} is multiplied each time that another {@code growEvery}
 *     devices are proven, at least 1; 1 for a constant rate. It follows the devices that are proven
 *     now, so it falls when they fall back. Nothing grows without {@code perMinute}
 * @param growEvery after how many proven devices the rate grows, at least 1
 * @param maxPerMinute the largest rate, at least {@code perMinute} and at most 1,000,000,000, and
 *     the rate if {@code perMinute} is empty; empty for no limit
 * @param inFlight how many devices may be let through and not done at any time, at least 1; empty
 *     for no limit
 */
public record Pace(
    OptionalDouble perMinute,
    double growth,
    long growEvery,
    OptionalDouble maxPerMinute,
    OptionalInt inFlight) {
  /** As fast as it goes. */
  public static final Pace UNLIMITED =
      new Pace(OptionalDouble.empty(), 1, 1, OptionalDouble.empty(), OptionalInt.empty());

  private static final double HIGHEST = 1e9;

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one of them is out of range
   */
  public Pace {
    Objects.requireNonNull(perMinute, "perMinute");
    Objects.requireNonNull(maxPerMinute, "maxPerMinute");
    Objects.requireNonNull(inFlight, "inFlight");
    if (!(perMinute.orElse(1) > 0 && perMinute.orElse(1) <= HIGHEST)) {
      throw new IllegalArgumentException("per_minute must be above 0 and at most 1000000000");
    }
    if (!(growth >= 1 && growth <= 1_000)) {
      throw new IllegalArgumentException("growth must be 1 to 1000");
    }
    if (growEvery < 1) {
      throw new IllegalArgumentException("grow_every must be at least 1");
    }
    double highest = maxPerMinute.orElse(HIGHEST);
    if (!(highest >= 0 && highest <= HIGHEST)) {
      throw new IllegalArgumentException("max_per_minute must be 0 to 1000000000");
    }
    if (highest < perMinute.orElse(0)) {
      throw new IllegalArgumentException("max_per_minute must be at least per_minute");
    }
    if (inFlight.orElse(1) < 1) {
      throw new IllegalArgumentException("in_flight must be at least 1");
    }
  }

  /**
   * A constant rate.
   *
   * @param perMinute devices per minute, above 0 and at most 1,000,000,000
   * @param inFlight how many may be in flight, at least 1
   * @return the pace
   * @throws IllegalArgumentException if a value is out of range
   */
  public static Pace constant(double perMinute, int inFlight) {
    return new Pace(
        OptionalDouble.of(perMinute), 1, 1, OptionalDouble.empty(), OptionalInt.of(inFlight));
  }

  /**
   * Reads a pace from the tree that a JSON parser makes, as {@link RolloutPlan#of} reads the one of
   * a plan.
   *
   * @param tree the tree
   * @return the pace
   * @throws io.groupota.InvalidRequestException if the tree is no pace; the message names the field
   */
  public static Pace of(Map<String, ?> tree) {
    return PlanReader.readPace(tree);
  }

  /**
   * The pace as a tree that any JSON writer can write, and {@link #of} can read.
   *
   * @return texts and numbers by the names of their fields
   */
  public Map<String, Object> toTree() {
    return PlanWriter.pace(this);
  }

  /**
   * The rate at a moment of a rollout: {@code perMinute * growth ^ floor(proven / growEvery)}, at
   * most {@code maxPerMinute}; that alone if there is no {@code perMinute}.
   *
   * @param proven how many devices are proven
   * @return devices per minute, 0 if nobody more is let through; empty for no limit
   */
  public OptionalDouble rate(long proven) {
    if (perMinute.isEmpty()) {
      return maxPerMinute;
    }
    long steps = proven / growEvery;
    double grown = perMinute.getAsDouble() * Math.pow(growth, (double) steps);
    return OptionalDouble.of(Math.min(grown, maxPerMinute.orElse(HIGHEST)));
  }
}
