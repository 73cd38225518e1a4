package io.groupota.rollout;

import java.time.Duration;
import java.util.Objects;

/**
 * What a single device is given: time for each step, further attempts, and a share of the jitter.
 * Immutable.
 *
 * @param reactWithin how long after its trigger it must say that it downloads, or report the
 *     version; if its trigger cannot be handed over, it is late as long after its turn
 * @param finishWithin how long after that it must report the version
 * @param retries how many more attempts follow one that failed or was late, 0 to 100; a rejection
 *     is never tried again
 * @param backoff how long the first retry waits; each further one waits twice as long
 * @param maxBackoff the longest wait
 * @param jitter over which time the triggers of devices that are let through at once are spread
 */
public record DeviceLimits(
    Duration reactWithin,
    Duration finishWithin,
    int retries,
    Duration backoff,
    Duration maxBackoff,
    Duration jitter) {
  /**
   * A quarter of an hour to react, as long to finish, two retries after 5 and 10 minutes, no
   * jitter.
   */
  public static final DeviceLimits DEFAULT =
      new DeviceLimits(
          Duration.ofMinutes(15),
          Duration.ofMinutes(15),
          2,
          Duration.ofMinutes(5),
          Duration.ofHours(6),
          Duration.ZERO);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one of them is out of range
   */
  public DeviceLimits {
    Objects.requireNonNull(reactWithin, "reactWithin");
    Objects.requireNonNull(finishWithin, "finishWithin");
    Objects.requireNonNull(backoff, "backoff");
    Objects.requireNonNull(maxBackoff, "maxBackoff");
    Objects.requireNonNull(jitter, "jitter");
    positive(reactWithin, "react_within");
    positive(finishWithin, "finish_within");
    positive(backoff, "backoff");
    positive(maxBackoff, "max_backoff");
    if (retries < 0 || retries > 100) {
      throw new IllegalArgumentException("retries must be 0 to 100");
    }
    if (jitter.isNegative() || jitter.compareTo(RolloutPlan.LONGEST) > 0) {
      throw new IllegalArgumentException("jitter must be 0 to 366 days");
    }
  }

  private static void positive(Duration value, String name) {
    if (value.isNegative() || value.isZero() || value.compareTo(RolloutPlan.LONGEST) > 0) {
      throw new IllegalArgumentException(name + " must be positive and at most 366 days");
    }
  }

  /**
   * How long a device waits after an attempt: {@code backoff * 2 ^ (attempt - 1)}, at most {@code
   * maxBackoff}.
   *
   * @param attempt which attempt failed, from 1
   * @return the wait
   */
  public Duration backoff(int attempt) {
    double factor = Math.scalb(1.0, Math.min(attempt - 1, 60));
    double millis = Math.min(backoff.toMillis() * factor, (double) maxBackoff.toMillis());
    return Duration.ofMillis((long) millis);
  }
}
