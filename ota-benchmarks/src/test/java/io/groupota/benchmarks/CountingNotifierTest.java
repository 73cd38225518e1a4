package io.groupota.benchmarks;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.GroupId;
import io.groupota.benchmarks.Seed.Kind;
import io.groupota.spi.UpdateTrigger;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What is not handed over does not count. */
class CountingNotifierTest {
  @Test
  void onlyWhatIsHandedOverCountsAndOnlyOnce() {
    Queue<CompletableFuture<?>> answers =
        new ArrayDeque<>(
            List.of(
                CompletableFuture.completedFuture(null),
                CompletableFuture.failedFuture(new IllegalStateException("away")),
                new CompletableFuture<>()));
    CountingNotifier notifier = new CountingNotifier(trigger -> answers.remove());
    for (int i = 0; i < 3; i++) {
      notifier.trigger(trigger());
    }

    assertThatThrownBy(() -> notifier.require(3))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Of 3 triggers 1 were handed over");
    assertThatCode(() -> notifier.require(0)).doesNotThrowAnyException();
  }

  private static UpdateTrigger trigger() {
    GroupId group = new GroupId(new Seed(1).id(Kind.GROUP, 0));
    return new UpdateTrigger("user", group, Optional.empty(), "1.2.7");
  }
}
