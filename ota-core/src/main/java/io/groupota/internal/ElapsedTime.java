package io.groupota.internal;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Tells how long ago something was, and nothing else. A system's clock may be set at any time, so
 * the counter of the JVM takes its place; another clock is the host's or a test's, and is believed.
 */
final class ElapsedTime {
  private final LongSupplier nanos;

  ElapsedTime(Clock clock) {
    this.nanos =
        clock.equals(Clock.system(clock.getZone()))
            ? System::nanoTime
            : () -> nanos(clock.instant());
  }

  private static long nanos(Instant instant) {
    return TimeUnit.SECONDS.toNanos(instant.getEpochSecond()) + instant.getNano();
  }

  /** A point in time, to be compared with others of this object only. */
  long now() {
    return nanos.getAsLong();
  }

  /** How long before another point in time one was; zero if it was not. */
  static Duration between(long earlier, long now) {
    return Duration.ofNanos(Math.max(0, now - earlier));
  }
}
