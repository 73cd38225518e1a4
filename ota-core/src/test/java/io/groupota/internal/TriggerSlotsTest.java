package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What limits the triggers that are under way, and what it does when that limit is reached. */
@Timeout(60)
class TriggerSlotsTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final AtomicBoolean stopping = new AtomicBoolean();

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 100, 1_000})
  void neverMoreAreTakenThanThereAre(int limit) {
    TriggerSlots slots = slots(limit, LONG);
    takeAll(slots, limit);
    AtomicInteger underWay = new AtomicInteger(limit);
    AtomicBoolean done = new AtomicBoolean();
    CompletableFuture<Void> releases =
        CompletableFuture.runAsync(
            () -> {
              while (!done.get()) {
                if (underWay.get() > 0) {
                  underWay.decrementAndGet();
                  slots.release();
                }
              }
            });
    try {
      for (int i = 0; i < 50_000; i++) {
        assertThat(slots.take()).isNull();
        assertThat(underWay.incrementAndGet()).isLessThanOrEqualTo(limit);
      }
    } finally {
      done.set(true);
      releases.join();
    }
  }

  @Test
  void aSingleSlotIsTakenAlthoughNoOtherComes() {
    TriggerSlots slots = slots(1_000, LONG);
    takeAll(slots, 1_000);
    slots.release();
    assertThat(slots.take()).isNull();
  }

  @Test
  void whoWaitedForTooLongOnceWaitsNoMore() {
    TriggerSlots slots = slots(8, Duration.ofMillis(50));
    takeAll(slots, 8);
    assertThat(slots.take()).hasMessageContaining("did not hand over");
    assertThat(slots.areLate()).isTrue();
    assertThat(slots.take()).isNotNull();
    // What comes free after all is taken.
    slots.release();
    assertThat(slots.take()).isNull();
    assertThat(slots.take()).isNotNull();
  }

  @Test
  void aStopIsHeededWhileAllAreTakenAndWhileSomeAreFree() throws Exception {
    TriggerSlots slots = slots(8, LONG);
    takeAll(slots, 8);
    CompletableFuture<Throwable> waiting = CompletableFuture.supplyAsync(slots::take);
    stopping.set(true);
    assertThat(waiting.get(10, TimeUnit.SECONDS)).hasMessageContaining("closing");
    slots.release();
    assertThat(slots.take()).hasMessageContaining("closing");
  }

  @Test
  void anInterruptWaits() {
    TriggerSlots slots = slots(8, LONG);
    takeAll(slots, 8);
    Thread.currentThread().interrupt();
    CompletableFuture<Void> release = CompletableFuture.runAsync(slots::release);
    assertThat(slots.take()).isNull();
    assertThat(Thread.interrupted()).isTrue();
    release.join();
  }

  private TriggerSlots slots(int limit, Duration timeout) {
    return new TriggerSlots(limit, timeout, stopping::get);
  }

  private static void takeAll(TriggerSlots slots, int limit) {
    for (int i = 0; i < limit; i++) {
      assertThat(slots.take()).isNull();
    }
  }
}
