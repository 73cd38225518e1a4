package io.groupota.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RaceTest {
  @Test
  void allRunAtTheSameTimeAndTheResultsKeepTheirOrder() throws Exception {
    // Nobody passes unless all are there.
    CyclicBarrier meeting = new CyclicBarrier(3);
    List<Callable<String>> racers =
        List.of(
            () -> "a" + (meeting.await() >= 0),
            () -> "b" + (meeting.await() >= 0),
            () -> "c" + (meeting.await() >= 0));
    assertThat(Race.<String>of(racers)).containsExactly("atrue", "btrue", "ctrue");
  }

  @Test
  void everyThreadGetsItsOwnCall() throws Exception {
    List<Thread> threads = Race.of(5, Thread::currentThread);
    assertThat(threads).doesNotHaveDuplicates().hasSize(5);
  }

  @Test
  void aFailureIsThrownAsItIsAndCarriesTheOthers() {
    IOException first = new IOException("first");
    AssertionError second = new AssertionError("second");
    List<Callable<String>> racers =
        List.of(
            () -> "fine",
            () -> {
              throw first;
            },
            () -> {
              throw second;
            });
    assertThatThrownBy(() -> Race.of(racers)).isSameAs(first);
    assertThat(first.getSuppressed()).containsExactly(second);
  }

  @Test
  void anErrorIsThrownAsItIs() {
    LinkageError failure = new LinkageError("broken");
    assertThatThrownBy(
            () ->
                Race.of(
                    2,
                    () -> {
                      throw failure;
                    }))
        .isSameAs(failure);
    assertThat(failure.getSuppressed()).isEmpty();
  }

  @Test
  void aRaceThatHangsIsEndedAndSaysWhere() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    List<Callable<String>> racers =
        List.of(
            () -> "fine",
            () -> {
              try {
                never.await();
              } catch (InterruptedException e) {
                interrupted.countDown();
              }
              return "late";
            });
    assertThatThrownBy(() -> Race.of(Duration.ofMillis(200), racers))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("race-1")
        .satisfies(
            failure ->
                assertThat(failure.getStackTrace())
                    .anySatisfy(
                        frame -> assertThat(frame.getClassName()).endsWith("CountDownLatch")));
    assertThat(interrupted.await(30, TimeUnit.SECONDS)).isTrue();
  }
}
