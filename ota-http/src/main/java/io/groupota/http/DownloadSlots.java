package io.groupota.http;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;

/** Admits so many downloads at once and no more. Thread-safe. */
final class DownloadSlots {
  /** A thousand slow downloads at once must fit into a small heap. */
  private static final int ALL_BUFFERS = 16 << 20;

  private static final int SMALLEST_BUFFER = 16 << 10;
  private static final int LARGEST_BUFFER = 64 << 10;

  private final int slots;
  private final long retryAfterSeconds;
  private final Semaphore free;
  private final LongAdder refused = new LongAdder();

  DownloadSlots(int slots, Duration retryAfter) {
    this.slots = slots;
    this.retryAfterSeconds = retryAfter.toSeconds();
    this.free = new Semaphore(slots);
  }

  /** How many bytes a download may keep in memory. */
  int bufferSize() {
    return Math.max(SMALLEST_BUFFER, Math.min(LARGEST_BUFFER, ALL_BUFFERS / slots));
  }

  /** Whoever gets true calls {@link #leave()} once. */
  boolean enter() {
    boolean admitted = free.tryAcquire();
    if (!admitted) {
      refused.increment();
    }
    return admitted;
  }

  void leave() {
    free.release();
  }

  /** Up to half more than configured, at random, so that those refused together part. */
  Reply refusal() {
    long seconds =
        retryAfterSeconds + ThreadLocalRandom.current().nextLong(retryAfterSeconds / 2 + 1);
    return Reply.message(503, "Too many downloads, try again later")
        .with("Retry-After", Long.toString(seconds));
  }

  DownloadCounts counts() {
    return new DownloadCounts(slots - free.availablePermits(), refused.sum());
  }
}
