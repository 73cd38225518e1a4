package io.groupota.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.spi.UpdateNotifier;
import io.groupota.spi.UpdateTrigger;
import io.groupota.testkit.Race;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * What every {@link UpdateNotifier} must do. Implement it in a test class, with receivers that
 * listen to everything:
 *
 * <pre>{@code
 * class MyNotifierTest implements UpdateNotifierContract {
 *   @Override
 *   public Link link() {
 *     return new MyLink(startBroker());
 *   }
 * }
 * }</pre>
 */
public interface UpdateNotifierContract {
  /** How long a message may take; one that takes longer is lost. */
  Duration DEADLINE = Duration.ofSeconds(30);

  /** A notifier and the receivers at the other end. Closed after each test. */
  interface Link extends AutoCloseable {
    /**
     * The notifier.
     *
     * @return the same notifier each time
     */
    UpdateNotifier notifier();

    /**
     * Waits for the next message that reached a receiver, in any order.
     *
     * @param within how long to wait; zero to take what is there
     * @return the message, empty if there is none in time
     * @throws InterruptedException if the thread is interrupted
     */
    Optional<Delivery> next(Duration within) throws InterruptedException;

    /**
     * What a device is sent that connects only now, though nobody triggers it.
     *
     * @return whatever was retained; to be empty
     * @throws Exception if the device cannot connect
     */
    List<Delivery> retained() throws Exception;

    /**
     * Cuts the link, as if the broker went away, for the rest of the test. When this returns, no
     * message can be delivered.
     *
     * @throws Exception if that fails
     */
    void cut() throws Exception;

    @Override
    void close();
  }

  /**
   * A message that reached its receivers.
   *
   * @param mqttUser the MQTT user name of the receivers
   * @param group the group, empty if the message is for one device
   * @param device the device, empty if the message is for a group
   */
  record Delivery(String mqttUser, Optional<GroupId> group, Optional<DeviceId> device) {
    /**
     * What a trigger is to deliver.
     *
     * @param trigger the trigger
     * @return the message
     */
    public static Delivery of(UpdateTrigger trigger) {
      return new Delivery(
          trigger.mqttUser(),
          trigger.device().isPresent() ? Optional.empty() : Optional.of(trigger.group()),
          trigger.device());
    }
  }

  /**
   * Supplies the notifier with receivers for every group and every device. Called once per test.
   *
   * @return the link, ready to be used
   * @throws Exception if it cannot be set up
   */
  Link link() throws Exception;

  @Test
  default void aTriggerReachesTheDevicesThatItIsFor() throws Exception {
    try (Link link = link()) {
      for (UpdateTrigger trigger :
          List.of(
              toGroup("Hcixd1Fx", 1),
              toDevice("Hcixd1Fx", 1, 1),
              toDevice("other", 1, 2),
              toGroup("other", 2),
              toGroup("ünï ✓ '\"%", 1))) {
        await(link.notifier().trigger(trigger));
        assertThat(link.next(DEADLINE)).contains(Delivery.of(trigger));
      }
      assertThat(link.next(Duration.ZERO)).isEmpty();
    }
  }

  @Test
  default void aTriggerCanBeRepeated() throws Exception {
    try (Link link = link()) {
      UpdateTrigger trigger = toGroup("Hcixd1Fx", 1);
      for (int i = 0; i < 3; i++) {
        await(link.notifier().trigger(trigger));
        assertThat(link.next(DEADLINE)).contains(Delivery.of(trigger));
      }
    }
  }

  @Test
  default void noTriggerIsRetained() throws Exception {
    try (Link link = link()) {
      for (UpdateTrigger trigger : List.of(toGroup("Hcixd1Fx", 1), toDevice("Hcixd1Fx", 1, 1))) {
        await(link.notifier().trigger(trigger));
        assertThat(link.next(DEADLINE)).contains(Delivery.of(trigger));
      }
      assertThat(link.retained()).isEmpty();
    }
  }

  @Test
  default void triggersOfManyThreadsAllArrive() throws Exception {
    try (Link link = link()) {
      List<Callable<Integer>> racers = new ArrayList<>();
      Set<Delivery> expected = new HashSet<>();
      for (int i = 0; i < 4; i++) {
        List<UpdateTrigger> triggers = new ArrayList<>();
        for (int n = 0; n < 25; n++) {
          triggers.add(n % 2 == 0 ? toGroup("user" + i, n) : toDevice("user" + i, 1, n));
        }
        triggers.forEach(trigger -> expected.add(Delivery.of(trigger)));
        racers.add(
            () -> {
              // One at a time, so that no bound of triggers in flight is met.
              for (UpdateTrigger trigger : triggers) {
                await(link.notifier().trigger(trigger));
              }
              return triggers.size();
            });
      }
      assertThat(Race.of(racers)).containsOnly(25);
      assertThat(deliveries(link, expected)).isEqualTo(expected);
    }
  }

  @Test
  default void aTriggerThatWasHandedOverArrivesAndTheOthersFail() throws Exception {
    try (Link link = link()) {
      List<UpdateTrigger> triggers = new ArrayList<>();
      List<CompletableFuture<?>> stages = new ArrayList<>();
      for (int n = 0; n < 500; n++) {
        UpdateTrigger trigger = toDevice("Hcixd1Fx", 1, n);
        triggers.add(trigger);
        stages.add(link.notifier().trigger(trigger).toCompletableFuture());
      }
      Set<Delivery> handedOver = new HashSet<>();
      for (int n = 0; n < 500; n++) {
        if (endsWell(stages.get(n))) {
          handedOver.add(Delivery.of(triggers.get(n)));
        }
      }
      assertThat(handedOver).isNotEmpty();
      assertThat(deliveries(link, handedOver)).containsAll(handedOver);
    }
  }

  @Test
  default void withoutALinkTriggersFailInsteadOfPilingUp() throws Exception {
    try (Link link = link()) {
      link.cut();
      List<CompletableFuture<?>> stages = new ArrayList<>();
      Race.of(
          DEADLINE,
          List.<Callable<Integer>>of(
              () -> {
                for (int n = 0; n < 20_000; n++) {
                  stages.add(
                      link.notifier().trigger(toDevice("Hcixd1Fx", 1, n)).toCompletableFuture());
                }
                return 0;
              }));
      CompletableFuture<?> last = stages.get(stages.size() - 1);
      assertThatThrownBy(() -> last.get(DEADLINE.toMillis(), TimeUnit.MILLISECONDS))
          .as("a trigger beyond every bound")
          .isInstanceOf(ExecutionException.class);
      assertThat(stages).noneMatch(stage -> stage.isDone() && !stage.isCompletedExceptionally());
    }
  }

  private static UpdateTrigger toGroup(String user, int group) {
    return new UpdateTrigger(user, Fleet.groupId(group), Optional.empty(), "1.2.7");
  }

  private static UpdateTrigger toDevice(String user, int group, int device) {
    return new UpdateTrigger(
        user, Fleet.groupId(group), Optional.of(Fleet.deviceId(device)), "1.2.7");
  }

  private static void await(CompletionStage<?> stage) throws Exception {
    stage.toCompletableFuture().get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
  }

  private static boolean endsWell(CompletableFuture<?> stage) throws Exception {
    try {
      stage.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
      return true;
    } catch (ExecutionException e) {
      return false;
    }
  }

  /** What arrives until all of the expected has, or nothing more comes. */
  private static Set<Delivery> deliveries(Link link, Set<Delivery> expected)
      throws InterruptedException {
    Set<Delivery> seen = new HashSet<>();
    while (!seen.containsAll(expected)) {
      Optional<Delivery> next = link.next(DEADLINE);
      if (next.isEmpty()) {
        return seen;
      }
      seen.add(next.get());
    }
    return seen;
  }
}
