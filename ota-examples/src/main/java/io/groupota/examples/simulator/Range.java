package io.groupota.examples.simulator;

import io.groupota.examples.cli.Values;
import java.time.Duration;

/**
 * A span of durations, all equally likely. Immutable.
 *
 * @param min the shortest in milliseconds
 * @param max the longest in milliseconds, at least the shortest
 */
record Range(long min, long max) {
  /** Reads {@code 1m} or {@code 30s..5m}. */
  static Range of(String text) {
    String[] ends = text.split("\\.\\.", -1);
    if (ends.length > 2) {
      throw new IllegalArgumentException("not a range, write 30s..5m");
    }
    Duration min = Values.duration(ends[0]);
    Duration max = Values.duration(ends[ends.length - 1]);
    if (max.compareTo(min) < 0) {
      throw new IllegalArgumentException("the range ends before it begins");
    }
    return new Range(min.toMillis(), max.toMillis());
  }

  /** The duration at a fraction of the range, in milliseconds. */
  long at(double fraction) {
    return min + (long) (fraction * (max - min));
  }
}
