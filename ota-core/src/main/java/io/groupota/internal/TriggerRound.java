package io.groupota.internal;

import io.groupota.spi.UpdateNotifier;
import io.groupota.spi.UpdateTrigger;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one claim, each given a time to be handed over. After the first failure nothing
 * more is sent.
 */
final class TriggerRound {
  private final UpdateNotifier notifier;
  private final TriggerSlots slots;
  private final BooleanSupplier held;
  private final Semaphore handedOver = new Semaphore(0);
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private int sent;

  TriggerRound(UpdateNotifier notifier, TriggerSlots slots, BooleanSupplier held) {
    this.notifier = notifier;
    this.slots = slots;
    this.held = held;
  }

  void send(UpdateTrigger trigger) {
    if (!isHealthy() || !requireHeld() || !take()) {
      return;
    }
    sent++;
    try {
      notifier
          .trigger(trigger)
          .whenComplete(
              (done, error) -> {
                if (error != null) {
                  fail(error);
                }
                end();
              });
    } catch (RuntimeException e) {
      fail(e);
      end();
    }
  }

  private boolean requireHeld() {
    if (held.getAsBoolean()) {
      return true;
    }
    fail(new IllegalStateException("another node has the claim"));
    return false;
  }

  private boolean take() {
    @Nullable Throwable late = slots.take();
    if (late != null) {
      fail(late);
    }
    return late == null;
  }

  private void end() {
    handedOver.release();
    slots.release();
  }

  /** Ends the round early; the first failure counts. */
  void fail(Throwable cause) {
    failure.compareAndSet(null, cause);
  }

  boolean isHealthy() {
    return failure.get() == null;
  }

  long sent() {
    return sent;
  }

  /** Waits for all messages; returns the first failure, or null. */
  @Nullable Throwable await() {
    @Nullable Throwable late = slots.await(handedOver, sent);
    if (late != null) {
      fail(late);
    }
    return failure.get();
  }
}
