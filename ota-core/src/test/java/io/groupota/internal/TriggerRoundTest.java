package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.GroupId;
import io.groupota.spi.UpdateTrigger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Messages that are handed over while somebody waits for them. */
@Timeout(60)
class TriggerRoundTest {
  private static final UpdateTrigger TRIGGER =
      new UpdateTrigger("u1", new GroupId("5e1b76bc4315b70eb242567a"), Optional.empty(), "1.2.7");

  private final List<CompletableFuture<Void>> messages = new ArrayList<>();
  private final TriggerSlots slots = new TriggerSlots(8, Duration.ofSeconds(5), () -> false);

  @Test
  void mayBeWaitedForAgain() {
    TriggerRound round = new TriggerRound(trigger -> message(), slots, () -> true);
    for (int i = 0; i < 3; i++) {
      round.send(TRIGGER);
    }
    Thread waiting = Thread.currentThread();
    CompletableFuture<Void> handedOver =
        CompletableFuture.runAsync(
            () -> {
              while (waiting.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
              }
              messages.forEach(message -> message.complete(null));
            });
    assertThat(round.await()).isNull();
    assertThat(round.await()).isNull();
    assertThat(round.handedOver()).isEqualTo(3);
    handedOver.join();
  }

  private CompletableFuture<Void> message() {
    CompletableFuture<Void> message = new CompletableFuture<>();
    messages.add(message);
    return message;
  }
}
