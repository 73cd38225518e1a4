package io.groupota.storage.jdbc;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Waits between the attempts of work that lost a race, for half a second in all at the most. */
final class Backoff {
  /** How often the work is tried. */
  static final int ATTEMPTS = 8;

  private Backoff() {}

  /** Waits before another attempt; false if that was the last one or the thread is interrupted. */
  static boolean again(int attempt) {
    if (attempt == ATTEMPTS) {
      return false;
    }
    long millis = 2L << attempt;
    try {
      TimeUnit.MILLISECONDS.sleep(millis / 2 + ThreadLocalRandom.current().nextLong(millis));
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
