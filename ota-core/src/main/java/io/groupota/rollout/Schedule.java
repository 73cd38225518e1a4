package io.groupota.rollout;

import java.time.Instant;
import java.util.Optional;

/**
 * When a rollout starts and when it must be over. Immutable.
 *
 * @param manually whether it waits until somebody starts it
 * @param startAt when it starts by itself; empty for at once, or for never if {@code manually}
 * @param deadline when it expires if it is not over; empty for never
 */
public record Schedule(boolean manually, Optional<Instant> startAt, Optional<Instant> deadline) {
  /** At once, without a deadline. */
  public static final Schedule AT_ONCE = new Schedule(false, Optional.empty(), Optional.empty());

  /**
   * Checks that the values agree with each other.
   *
   * @throws IllegalArgumentException if they do not
   */
  public Schedule {
    if (manually && startAt.isPresent()) {
      throw new IllegalArgumentException("start is either a time or manual");
    }
    if (startAt.isPresent() && deadline.isPresent() && !startAt.get().isBefore(deadline.get())) {
      throw new IllegalArgumentException("deadline must be after start");
    }
  }
}
