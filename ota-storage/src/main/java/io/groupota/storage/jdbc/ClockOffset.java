package io.groupota.storage.jdbc;

import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How far the clock of the database is ahead of the counter of the JVM. An answer was given at some
 * time between the question and its arrival, so what is known stays where it is while that allows
 * it, and moves no further than it must. Late answers therefore change nothing, and of two moments
 * of this node the later one has the later time. Thread-safe.
 */
final class ClockOffset {
  /** In nanoseconds, null until the first answer. */
  private @Nullable Long offset;

  /**
   * Takes an answer into account.
   *
   * @param asked the counter before the question
   * @param time the answer
   * @param answered the counter after the answer
   */
  synchronized void learn(long asked, Instant time, long answered) {
    long nanos = TimeUnit.SECONDS.toNanos(time.getEpochSecond()) + time.getNano();
    long least = nanos - answered;
    long most = nanos - asked;
    offset = offset == null ? least : Math.max(least, Math.min(most, offset));
  }

  /**
   * The time of a moment by the database's clock.
   *
   * @param moment the counter at the moment
   * @throws IllegalStateException if there was no answer yet
   */
  synchronized Instant timeOf(long moment) {
    if (offset == null) {
      throw new IllegalStateException("The database has not been asked for its time");
    }
    return Instant.EPOCH.plusNanos(moment + offset);
  }
}
