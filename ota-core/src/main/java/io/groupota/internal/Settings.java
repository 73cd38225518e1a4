package io.groupota.internal;

import io.groupota.Retention;
import java.time.Duration;

/**
 * How the service works; each value is explained at its setter in {@link
 * io.groupota.GroupOta.Builder}.
 */
public record Settings(Triggers triggers, Reports reports, Limits limits, Duration cacheTtl) {
  /** Of the dispatcher. */
  public record Triggers(
      Duration retriggerInterval,
      Duration timeout,
      Duration lease,
      Duration pollInterval,
      int inFlight) {}

  /** Of the buffer of reports. */
  public record Reports(Duration flushInterval, Duration lastSeenInterval, int capacity) {}

  /** Of requests, and of what is kept. */
  public record Limits(
      long maxFirmwareSize,
      Duration deployGrace,
      Retention retention,
      int pageSize,
      int maxPageSize) {}
}
