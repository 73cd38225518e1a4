package io.groupota.internal;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How many messages may wait to be handed over, for all rounds of a node that are sent together,
 * and how long. Once the notifier has made one wait for too long, nobody waits for it any more: so
 * however many rounds there are, they take no longer than one. Used by one thread.
 */
final class TriggerSlots {
  /** How soon a stop is noticed while all slots are taken. */
  private static final Duration SLICE = Duration.ofMillis(100);

  private final Duration timeout;
  private final BooleanSupplier stopping;
  private final Semaphore free;
  private final AtomicInteger failures = new AtomicInteger();
  private @Nullable TimeoutException late;

  TriggerSlots(int inFlight, Duration timeout, BooleanSupplier stopping) {
    this.timeout = timeout;
    this.stopping = stopping;
    this.free = new Semaphore(inFlight);
  }

  /** Takes a slot; returns why there is none, or null. There is none any more after a stop. */
  @Nullable TimeoutException take() {
    return stopping.getAsBoolean() ? tooLate() : await(free, 1);
  }

  /** Whether the notifier has made somebody wait for too long. */
  boolean areLate() {
    return late != null;
  }

  /** Gives a slot back, by any thread. */
  void release() {
    free.release();
  }

  /** A message was not handed over; by any thread. */
  void failed() {
    failures.incrementAndGet();
  }

  /** How many messages were not handed over so far. */
  int failures() {
    return failures.get();
  }

  /** Waits for messages that were sent; returns why it gave up, or null. */
  @Nullable TimeoutException await(Semaphore handedOver, int messages) {
    long deadline = System.nanoTime() + (late == null ? timeout.toNanos() : 0);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          if (handedOver.tryAcquire(messages, left(deadline), TimeUnit.NANOSECONDS)) {
            return null;
          }
        } catch (InterruptedException e) {
          interrupted = true;
        }
        if (stopping.getAsBoolean() || System.nanoTime() - deadline >= 0) {
          return tooLate();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static long left(long deadline) {
    return Math.max(0, Math.min(SLICE.toNanos(), deadline - System.nanoTime()));
  }

  private TimeoutException tooLate() {
    if (late == null) {
      late =
          new TimeoutException(
              stopping.getAsBoolean()
                  ? "the service is closing"
                  : "the notifier did not hand over a trigger within " + timeout);
    }
    return late;
  }
}
