package io.groupota.testkit;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * A clock that stands still until a test moves it. Thread-safe. Give the same one to the service
 * and the repository, so that both agree on the time:
 *
 * <pre>{@code
 * SettableClock clock = SettableClock.at(Instant.parse("2020-01-17T17:38:59.983Z"));
 * OtaRepository repository = new InMemoryOtaRepository(clock);
 * clock.advance(Duration.ofMinutes(10));
 * }</pre>
 */
public final class SettableClock extends Clock {
  private final Time now;
  private final ZoneId zone;

  private SettableClock(Time now, ZoneId zone) {
    this.now = now;
    this.zone = zone;
  }

  /**
   * A clock in UTC.
   *
   * @param start what it shows first
   * @return the clock
   */
  public static SettableClock at(Instant start) {
    return new SettableClock(new Time(start), ZoneOffset.UTC);
  }

  /**
   * Sets the time, forwards or backwards.
   *
   * @param time what the clock shows from now on
   */
  public void set(Instant time) {
    now.set(time);
  }

  /**
   * Moves the clock on. Moves by several threads add up.
   *
   * @param step how far; a negative step moves it back
   */
  public void advance(Duration step) {
    now.advance(step);
  }

  @Override
  public Instant instant() {
    return now.get();
  }

  @Override
  public ZoneId getZone() {
    return zone;
  }

  /**
   * The same clock in another zone: setting one sets both.
   *
   * @param other the zone
   * @return the clock in that zone
   */
  @Override
  public SettableClock withZone(ZoneId other) {
    return new SettableClock(now, other);
  }

  /** Returns the time and the zone. */
  @Override
  public String toString() {
    return "SettableClock[" + instant() + ", " + zone + "]";
  }

  /** What the clock shows, in every zone. */
  private static final class Time {
    private Instant now;

    Time(Instant now) {
      this.now = now;
    }

    synchronized Instant get() {
      return now;
    }

    synchronized void set(Instant time) {
      now = time;
    }

    synchronized void advance(Duration step) {
      now = now.plus(step);
    }
  }
}
