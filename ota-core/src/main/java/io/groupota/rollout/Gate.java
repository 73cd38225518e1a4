package io.groupota.rollout;

import java.time.Duration;
import java.util.Objects;

/**
 * What must be true before the next stage begins. If it cannot come true any more, since all
 * devices of the stage are done and too few of them are proven, the rollout is paused. Immutable.
 *
 * @param provenPercent how many of the devices of this and the earlier stages must be {@link
 *     RolloutDeviceState#UPDATED}, 0 to 100; devices that a guard keeps out do not count
 * @param soak how long that must have been true without interruption, zero or more; begins anew
 *     after a pause
 * @param approval whether somebody has to approve the next stage after that
 */
public record Gate(double provenPercent, Duration soak, boolean approval) {
  /** All devices that can be are proven; no soak time, no approval. */
  public static final Gate ALL_PROVEN = new Gate(100, Duration.ZERO, false);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one of them is out of range
   */
  public Gate {
    Objects.requireNonNull(soak, "soak");
    if (!(provenPercent >= 0 && provenPercent <= 100)) {
      throw new IllegalArgumentException("proven_percent must be 0 to 100");
    }
    if (soak.isNegative() || soak.compareTo(RolloutPlan.LONGEST) > 0) {
      throw new IllegalArgumentException("soak must be 0 to 366 days");
    }
  }
}
