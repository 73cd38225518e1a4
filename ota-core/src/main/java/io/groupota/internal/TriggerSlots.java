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

  /**
   * So many are waited for at once, if they come within a moment: to be woken for a single one
   * costs more than to send its message.
   */
  private static final int SOME = 64;

  private static final Duration MOMENT = Duration.ofMillis(2);

  private final Duration timeout;
  private final BooleanSupplier stopping;
  private final Semaphore free;

  /** A few of all, so that messages are on their way meanwhile. */
  private final int some;

  /** How many were taken off the free ones and not given out yet. */
  private int taken;

  private final AtomicInteger failures = new AtomicInteger();
  private @Nullable TimeoutException late;

  TriggerSlots(int inFlight, Duration timeout, BooleanSupplier stopping) {
    this.timeout = timeout;
    this.stopping = stopping;
    this.free = new Semaphore(inFlight);
    this.some = Math.max(1, Math.min(SOME, inFlight / 4));
  }

  /** Takes a slot; returns why there is none, or null. There is none any more after a stop. */
  @Nullable TimeoutException take() {
    if (stopping.getAsBoolean()) {
      return tooLate();
    }
    if (taken == 0) {
      taken = takeSome();
    }
    if (taken == 0) {
      return await(free, 1);
    }
    taken--;
    return null;
  }

  /** All that are free, or some as soon as there are; none if that takes longer than a moment. */
  private int takeSome() {
    int all = free.drainPermits();
    if (all > 0 || late != null) {
      return all;
    }
    try {
      return free.tryAcquire(some, MOMENT.toNanos(), TimeUnit.NANOSECONDS) ? some : 0;
    } catch (InterruptedException e) {
      // It can wait, as in await.
      Thread.currentThread().interrupt();
      return 0;
    }
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
