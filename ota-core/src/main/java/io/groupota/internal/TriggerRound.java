package io.groupota.internal;

import io.groupota.TriggerRefusedException;
import io.groupota.spi.UpdateNotifier;
import io.groupota.spi.UpdateTrigger;
import java.util.Collection;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Messages that succeed or fail together, each given a time to be handed over. After the first
 * failure nothing more is sent. One that is refused for good is no failure: it would be one again.
 */
final class TriggerRound {
  private final UpdateNotifier notifier;
  private final TriggerSlots slots;
  private final BooleanSupplier held;
  private final Semaphore handedOver = new Semaphore(0);
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final AtomicReference<@Nullable Throwable> refusal = new AtomicReference<>();
  private final AtomicInteger refused = new AtomicInteger();
  private int sent;

  TriggerRound(UpdateNotifier notifier, TriggerSlots slots, BooleanSupplier held) {
    this.notifier = notifier;
    this.slots = slots;
    this.held = held;
  }

  /**
   * Waits for the last one of rounds. When it has ended, those before it mostly have, too, so that
   * whoever waits for all of them is not woken for each.
   */
  static void awaitLast(Collection<TriggerRound> rounds) {
    rounds.stream().reduce((before, next) -> next).ifPresent(TriggerRound::await);
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
                  notHandedOver(error);
                }
                end();
              });
    } catch (RuntimeException e) {
      notHandedOver(e);
      end();
    }
  }

  private void notHandedOver(Throwable error) {
    Throwable cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    if (cause instanceof TriggerRefusedException) {
      refused.incrementAndGet();
      refusal.compareAndSet(null, cause);
    } else {
      slots.failed();
      fail(error);
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

  /** Whether nothing is to be waited for. */
  boolean isHandedOver() {
    return handedOver.availablePermits() >= sent;
  }

  /** Why a message was refused, the first one; null if none was. After {@link #await}. */
  @Nullable Throwable refusal() {
    return refusal.get();
  }

  long sent() {
    return sent;
  }

  /** How many messages were handed over, once all were waited for. */
  long handedOver() {
    return sent - (long) refused.get();
  }

  /**
   * Waits for all messages; returns the first failure, or null. If every message was refused, that
   * is one: then it is hardly the receivers. Of several rounds the last one is best waited for
   * first: those before it are handed over by then, and nobody is woken for each of them.
   */
  @Nullable Throwable await() {
    if (!isHandedOver()) {
      @Nullable Throwable late = slots.await(handedOver, sent);
      if (late == null) {
        // For whoever asks once more.
        handedOver.release(sent);
      } else {
        fail(late);
      }
    }
    @Nullable Throwable failed = failure.get();
    return failed == null && sent > 0 && handedOver() == 0 ? refusal.get() : failed;
  }
}
