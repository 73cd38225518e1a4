package io.groupota.rollout;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * When a rollout starts and when it must be over: times of the years 1 to 9999, which every
 * database can keep. Immutable.
 *
 * @param manually whether it waits until somebody starts it
 * @param startAt when it starts by itself; empty for at once, or for never if {@code manually}
 * @param deadline when it expires if it is not over, after {@code startAt} and still to come when
 *     it is deployed; empty for never
 */
public record Schedule(boolean manually, Optional<Instant> startAt, Optional<Instant> deadline) {
  /** At once, without a deadline. */
  public static final Schedule AT_ONCE = new Schedule(false, Optional.empty(), Optional.empty());

  private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999Z");

  /**
   * Checks that the values are in range and agree with each other.
   *
   * @throws IllegalArgumentException if they do not
   */
  public Schedule {
    Objects.requireNonNull(startAt, "startAt");
    Objects.requireNonNull(deadline, "deadline");
    check("start", startAt);
    check("deadline", deadline);
    if (manually && startAt.isPresent()) {
      throw new IllegalArgumentException("start is either a time or manual");
    }
    if (startAt.isPresent() && deadline.isPresent() && !startAt.get().isBefore(deadline.get())) {
      throw new IllegalArgumentException("deadline must be after start");
    }
  }

  private static void check(String name, Optional<Instant> time) {
    if (time.isPresent() && (time.get().isBefore(EARLIEST) || time.get().isAfter(LATEST))) {
      throw new IllegalArgumentException(name + " must be in the years 1 to 9999");
    }
  }
}
