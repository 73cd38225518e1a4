package io.groupota.examples.simulator;

import io.groupota.testkit.SettableClock;
import java.time.Duration;
import java.time.Instant;

/** The time of a simulation, in milliseconds from its start. Used by one thread. */
final class VirtualTime {
  private final Instant start;
  private final SettableClock clock;
  private long now;

  VirtualTime(Instant start) {
    this.start = start;
    this.clock = SettableClock.at(start);
  }

  /** The same time for a service and its repository. */
  SettableClock clock() {
    return clock;
  }

  long now() {
    return now;
  }

  Duration elapsed() {
    return Duration.ofMillis(now);
  }

  void set(long time) {
    if (time != now) {
      now = time;
      clock.set(start.plusMillis(time));
    }
  }
}
