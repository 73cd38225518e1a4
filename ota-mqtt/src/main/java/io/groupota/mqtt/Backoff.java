package io.groupota.mqtt;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** When to try again: doubling waits with jitter, up to a cap. For one thread. */
final class Backoff {
  private final long first;
  private final long cap;
  private long wait;
  private long notBefore;

  Backoff(Duration first, Duration cap, long now) {
    this.first = first.toNanos();
    this.cap = cap.toNanos();
    this.notBefore = now;
  }

  boolean due(long now) {
    return now - notBefore >= 0;
  }

  /** Half of the wait is random, so that many nodes do not come back in step. */
  void failed(long now) {
    wait = wait == 0 ? first : Math.min(cap, wait * 2);
    notBefore = now + wait / 2 + ThreadLocalRandom.current().nextLong(wait / 2 + 1);
  }

  void succeeded() {
    wait = 0;
  }
}
