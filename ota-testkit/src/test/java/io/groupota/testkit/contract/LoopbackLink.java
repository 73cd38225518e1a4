package io.groupota.testkit.contract;

import io.groupota.spi.UpdateNotifier;
import io.groupota.spi.UpdateTrigger;
import io.groupota.testkit.contract.UpdateNotifierContract.Delivery;
import io.groupota.testkit.contract.UpdateNotifierContract.Link;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A notifier whose messages arrive at once; one method less and it breaks its contract. */
class LoopbackLink implements Link {
  final BlockingQueue<Delivery> arrived = new LinkedBlockingQueue<>();
  volatile boolean cut;

  CompletionStage<?> trigger(UpdateTrigger trigger) {
    if (cut) {
      return CompletableFuture.failedFuture(new IllegalStateException("The link is cut"));
    }
    arrived.add(Delivery.of(trigger));
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public UpdateNotifier notifier() {
    return this::trigger;
  }

  @Override
  public Optional<Delivery> next(Duration within) throws InterruptedException {
    return Optional.ofNullable(arrived.poll(within.toMillis(), TimeUnit.MILLISECONDS));
  }

  @Override
  public List<Delivery> retained() {
    return List.of();
  }

  @Override
  public void cut() {
    cut = true;
  }

  @Override
  public void close() {}
}
