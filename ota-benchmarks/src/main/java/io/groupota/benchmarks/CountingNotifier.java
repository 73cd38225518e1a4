package io.groupota.benchmarks;

import io.groupota.spi.UpdateNotifier;
import io.groupota.spi.UpdateTrigger;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts what another notifier has handed over to the broker: the database may say that everything
 * was triggered although nothing was sent. Thread-safe.
 */
final class CountingNotifier implements UpdateNotifier {
  private final UpdateNotifier notifier;
  private final LongAdder handedOver = new LongAdder();

  CountingNotifier(UpdateNotifier notifier) {
    this.notifier = notifier;
  }

  /** Counted before the service learns of it, since it is given the stage that comes after. */
  @Override
  public CompletionStage<?> trigger(UpdateTrigger trigger) {
    return notifier
        .trigger(trigger)
        .whenComplete(
            (result, failure) -> {
              if (failure == null) {
                handedOver.increment();
              }
            });
  }

  /** Throws unless exactly so many were handed over since the last call. */
  void require(long messages) {
    long sent = handedOver.sumThenReset();
    if (sent != messages) {
      throw new IllegalStateException("Of " + messages + " triggers " + sent + " were handed over");
    }
  }
}
