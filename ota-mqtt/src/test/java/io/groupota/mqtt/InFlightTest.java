package io.groupota.mqtt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.groupota.GroupId;
import io.groupota.spi.UpdateTrigger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Triggers whose acknowledgement is late, lost or never comes. */
@Timeout(60)
class InFlightTest {
  private static final UpdateTrigger TRIGGER =
      new UpdateTrigger("u", new GroupId("5e1b76bc4315b70eb242567a"), Optional.empty(), "2.3.6");

  private final FakeBroker broker = new FakeBroker();
  private Clients host;

  @BeforeEach
  void connect() {
    host = Clients.connected(3, broker.port());
  }

  @AfterEach
  void disconnect() throws Exception {
    host.close();
    broker.close();
  }

  @Test
  void aTriggerOnTheWireHasQualityOneAndIsNotRetained() throws Exception {
    CompletableFuture<?> trigger = send(notifier(1, Duration.ofMinutes(1)));

    byte[] packet = broker.nextPublish();
    byte[] topic = "/u/groups/5e1b76bc4315b70eb242567a/update-trigger".getBytes(UTF_8);
    byte[] payload = "{\"ver\":\"2.3.6\"}".getBytes(UTF_8);
    assertThat(packet[0]).as("PUBLISH, no dup, QoS 1, no retain").isEqualTo((byte) 0x32);
    assertThat(packet).hasSize(2 + 2 + topic.length + 2 + payload.length);
    assertThat(packet).containsSequence(topic).endsWith(payload);
    assertThat(trigger).isNotDone();
    broker.acknowledge(packet);
    trigger.get(20, TimeUnit.SECONDS);
  }

  @Test
  void moreThanTheLimitInFlightFailAtOnceAndAnAcknowledgementMakesRoom() throws Exception {
    MqttUpdateNotifier notifier = notifier(3, Duration.ofMinutes(1));
    CompletableFuture<?> first = send(notifier);
    CompletableFuture<?> second = send(notifier);
    CompletableFuture<?> third = send(notifier);

    assertThat(refusal(send(notifier)))
        .isInstanceOf(RejectedExecutionException.class)
        .hasMessageContaining("maxInFlight");

    broker.acknowledge(broker.nextPublish());
    first.get(20, TimeUnit.SECONDS);
    CompletableFuture<?> next = send(notifier);
    assertThat(List.of(second, third, next)).noneMatch(CompletableFuture::isDone);
    assertThat(refusal(send(notifier))).isInstanceOf(RejectedExecutionException.class);
  }

  @Test
  void aTimedOutTriggerFreesItsSlotOnceEvenWhenItIsAcknowledgedLater() throws Exception {
    MqttUpdateNotifier notifier = notifier(2, Duration.ofMillis(300));
    CompletableFuture<?> first = send(notifier);
    CompletableFuture<?> second = send(notifier);
    byte[] firstPacket = broker.nextPublish();
    byte[] secondPacket = broker.nextPublish();

    assertThat(failure(first))
        .isInstanceOf(TimeoutException.class)
        .hasMessageContaining("did not acknowledge the trigger within 300 ms");
    assertThat(failure(second)).isInstanceOf(TimeoutException.class);
    broker.acknowledge(firstPacket);
    broker.acknowledge(secondPacket);
    awaitThatTheClientHasReadEverything();

    // Were a slot freed twice, a third one would never be refused; a pause of this machine may let
    // one of the two time out in between, so try again.
    Eventually.await(
        "two slots and no more",
        () -> {
          CompletableFuture<?> third = send(notifier);
          CompletableFuture<?> fourth = send(notifier);
          CompletableFuture<?> fifth = send(notifier);
          boolean refused = fifth.isDone();
          assertThat(failure(third)).isInstanceOf(TimeoutException.class);
          assertThat(failure(fourth)).isInstanceOf(TimeoutException.class);
          return refused && failure(fifth).getMessage().contains("maxInFlight");
        });
  }

  @Test
  void aBrokerThatAcknowledgesNothingDoesNotFillTheHeap() throws Exception {
    MqttUpdateNotifier notifier = notifier(1, Duration.ofMillis(10));
    for (int i = 0; i < 10; i++) {
      assertThat(failure(send(notifier))).isInstanceOf(TimeoutException.class);
    }

    assertThat(refusal(send(notifier)))
        .isInstanceOf(RejectedExecutionException.class)
        .hasMessageContaining("acknowledges nothing");
    assertThat(broker.waitingPublishes()).isEqualTo(10);

    broker.acknowledge(broker.nextPublish());
    Eventually.await(
        "room for one more", () -> failure(send(notifier)) instanceof TimeoutException);
  }

  @Test
  void aLostConnectionFailsWhatIsInFlightAndFreesTheSlots() throws Exception {
    MqttUpdateNotifier notifier = notifier(1, Duration.ofMinutes(1));
    CompletableFuture<?> trigger = send(notifier);
    broker.nextPublish();

    broker.cut();

    assertThat(failure(trigger)).isNotNull();
    Eventually.await("disconnected", () -> !host.isConnected());
    host.connect();
    CompletableFuture<?> next = send(notifier);
    broker.acknowledge(broker.nextPublish());
    next.get(20, TimeUnit.SECONDS);
  }

  @Test
  void aRaceForTheSlotsGivesEachToOne() throws Exception {
    int threads = 8;
    MqttUpdateNotifier notifier = notifier(5, Duration.ofMinutes(1));
    CyclicBarrier start = new CyclicBarrier(threads);
    ExecutorService racers = Executors.newFixedThreadPool(threads);
    try {
      List<Future<Boolean>> waiting = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        waiting.add(
            racers.submit(
                () -> {
                  start.await();
                  return !send(notifier).isDone();
                }));
      }
      int accepted = 0;
      for (Future<Boolean> one : waiting) {
        accepted += one.get(20, TimeUnit.SECONDS) ? 1 : 0;
      }
      assertThat(accepted).isEqualTo(5);
    } finally {
      racers.shutdownNow();
    }
  }

  @Test
  void anAcknowledgementNeedsNoThreadOfItsOwn() throws Exception {
    MqttUpdateNotifier notifier = notifier(1, Duration.ofMinutes(1));
    Set<Thread> threads = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      CompletableFuture<Thread> trigger =
          notifier
              .trigger(TRIGGER)
              .<Thread>thenApply(result -> Thread.currentThread())
              .toCompletableFuture();
      broker.acknowledge(broker.nextPublish());
      threads.add(trigger.get(20, TimeUnit.SECONDS));
    }
    // Those of the client, and this one, where the acknowledgement was faster.
    assertThat(threads).hasSizeLessThan(10);
  }

  /** What is acknowledged after it is read after it. */
  private void awaitThatTheClientHasReadEverything() throws Exception {
    CompletableFuture<?> other = send(host.notifier());
    broker.acknowledge(broker.nextPublish());
    other.get(20, TimeUnit.SECONDS);
  }

  private MqttUpdateNotifier notifier(int maxInFlight, Duration timeout) {
    return MqttUpdateNotifier.builder(host.link())
        .maxInFlight(maxInFlight)
        .timeout(timeout)
        .build();
  }

  private static CompletableFuture<?> send(MqttUpdateNotifier notifier) {
    return notifier.trigger(TRIGGER).toCompletableFuture();
  }

  /** The failure of a trigger that was refused before it was sent. */
  private static Throwable refusal(CompletableFuture<?> trigger) {
    assertThat(trigger).isCompletedExceptionally();
    return failure(trigger);
  }

  private static Throwable failure(CompletableFuture<?> trigger) {
    Throwable thrown = catchThrowable(trigger::join);
    return thrown instanceof CompletionException ? thrown.getCause() : thrown;
  }
}
