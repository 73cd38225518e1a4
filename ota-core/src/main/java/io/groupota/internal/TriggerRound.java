package io.groupota.internal;

import io.groupota.spi.UpdateNotifier;
import io.groupota.spi.UpdateTrigger;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one claim: bounded in flight, each given a time to be handed over. After the
 * first failure nothing more is sent.
 */
final class TriggerRound {
  /** How soon a stop is noticed while all slots are taken. */
  private static final Duration SLICE = Duration.ofMillis(100);

  private final UpdateNotifier notifier;
  private final int inFlight;
  private final Duration timeout;
  private final BooleanSupplier held;
  private final BooleanSupplier stopping;
  private final Semaphore slots;
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private long sent;

  TriggerRound(
      UpdateNotifier notifier,
      int inFlight,
      Duration timeout,
      BooleanSupplier held,
      BooleanSupplier stopping) {
    this.notifier = notifier;
    this.inFlight = inFlight;
    this.timeout = timeout;
    this.held = held;
    this.stopping = stopping;
    this.slots = new Semaphore(inFlight);
  }

  void send(UpdateTrigger trigger) {
    if (!isHealthy() || !requireHeld() || !acquire(1)) {
      return;
    }
    sent++;
    try {
      notifier
          .trigger(trigger)
          .whenComplete(
              (done, error) -> {
                if (error != null) {
                  failure.compareAndSet(null, error);
                }
                slots.release();
              });
    } catch (RuntimeException e) {
      failure.compareAndSet(null, e);
      slots.release();
    }
  }

  private boolean requireHeld() {
    if (held.getAsBoolean()) {
      return true;
    }
    failure.compareAndSet(null, new IllegalStateException("another node has the claim"));
    return false;
  }

  boolean isHealthy() {
    return failure.get() == null;
  }

  long sent() {
    return sent;
  }

  /** Waits for all messages; returns the first failure, or null. */
  @Nullable Throwable await() {
    acquire(inFlight);
    return failure.get();
  }

  private boolean acquire(int permits) {
    long deadline = System.nanoTime() + timeout.toNanos();
    boolean interrupted = false;
    try {
      while (!stopping.getAsBoolean() && System.nanoTime() - deadline < 0) {
        try {
          if (slots.tryAcquire(permits, SLICE.toNanos(), TimeUnit.NANOSECONDS)) {
            return true;
          }
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    failure.compareAndSet(
        null,
        new TimeoutException(
            stopping.getAsBoolean()
                ? "the service is closing"
                : "the notifier did not hand over a trigger within " + timeout));
    return false;
  }
}
