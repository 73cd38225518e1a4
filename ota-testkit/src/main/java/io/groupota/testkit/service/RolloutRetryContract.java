package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.TriggerRefusedException;
import io.groupota.UpdateCode;
import io.groupota.event.Work;
import io.groupota.event.WorkRetried;
import io.groupota.rollout.DeviceLimits;
import io.groupota.rollout.Pace;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.UpdateNotifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** How often a device of a rollout is tried, and how much time it has for each step. */
public abstract class RolloutRetryContract extends RolloutServiceContract {
  private static final DeviceLimits THRICE =
      new DeviceLimits(
          Duration.ofMinutes(4),
          Duration.ofMinutes(6),
          3,
          Duration.ofMinutes(10),
          Duration.ofMinutes(30),
          Duration.ZERO);

  /** For subclasses. */
  protected RolloutRetryContract() {}

  private RolloutId begin(int devices) {
    fleet(devices);
    RolloutId id = start(stages(HALF, 100).devices(THRICE));
    service.runOnce();
    return id;
  }

  private RolloutDeviceState stateOf(RolloutId id, int number) {
    return device(id, device(number)).state();
  }

  private void fail(int number) {
    service.report(DeviceReport.code(device(number), UpdateCode.FAILED));
    service.runOnce();
  }

  private void assertWaits(RolloutId id, Duration backoff) {
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.RETRYING);
    assertThat(rollout(id).counts().inFlight()).as("it holds no slot").isZero();
    assertThat(told(device(1))).contains("1.0.0");
    triggers.clear();
    code(List.of(device(1)), UpdateCode.TRIGGER_RECEIVED);
    run(backoff.minusSeconds(2));
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.RETRYING);
    assertThat(triggered()).isEmpty();
    run(Duration.ofSeconds(1));
    service.runOnce();
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.TRIGGERED);
    assertThat(triggered()).containsExactly(device(1));
    assertThat(told(device(1))).contains("2.0.0");
  }

  @Test
  final void aDeviceThatFailsIsTriedAgainAfterABackoffThatDoublesUpToALimit() {
    RolloutId id = begin(1);
    fail(1);
    assertWaits(id, Duration.ofMinutes(10));
    fail(1);
    assertWaits(id, Duration.ofMinutes(20));
    fail(1);
    assertWaits(id, Duration.ofMinutes(30));
    assertThat(device(id, device(1)).attempts()).isEqualTo(4);
    fail(1);
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.FAILED);
    triggers.clear();
    run(Duration.ofDays(1));
    assertThat(triggered()).isEmpty();
    assertThat(told(device(1))).contains("1.0.0");
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
  }

  /** One device out of three, for as long as it is so. */
  private void cannotBeTold(int number, RuntimeException why, BooleanSupplier isSo) {
    UpdateNotifier notifier =
        trigger ->
            isSo.getAsBoolean() && trigger.device().equals(Optional.of(device(number)))
                ? CompletableFuture.failedFuture(why)
                : recorder.trigger(trigger);
    service = build(builder().listener(events::add).notifier(notifier));
  }

  private List<WorkRetried> retried() {
    return events.stream()
        .filter(WorkRetried.class::isInstance)
        .map(WorkRetried.class::cast)
        .toList();
  }

  @Test
  final void aDeviceThatCannotBeToldHoldsUpNobody() {
    AtomicBoolean down = new AtomicBoolean(true);
    cannotBeTold(2, new IllegalStateException("not now"), down::get);
    RolloutId id = begin(3);
    assertThat(triggered()).containsExactly(device(1), device(3));
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.TRIGGERED);
    assertThat(stateOf(id, 2)).isEqualTo(RolloutDeviceState.ADMITTED);
    assertThat(retried())
        .extracting(WorkRetried::work, WorkRetried::group, WorkRetried::attempt)
        .containsExactly(tuple(Work.ROLLOUTS, GROUP, 1));
    assertThat(retried().get(0).update()).isEqualTo(rollout(id).groups().get(0).target());

    run(Duration.ofSeconds(10));
    assertThat(retried()).extracting(WorkRetried::attempt).containsExactly(1, 2);
    down.set(false);
    triggers.clear();
    run(Duration.ofSeconds(10));
    assertThat(triggered()).as("the others know already").containsExactly(device(2));
    assertThat(stateOf(id, 2)).isEqualTo(RolloutDeviceState.TRIGGERED);
    assertThat(retried()).hasSize(2);
  }

  @Test
  final void aBrokerThatIsAwayIsNotTriedForEachDeviceAndNobodyComesFirstEachTime() {
    List<DeviceId> tried = new ArrayList<>();
    service =
        build(
            builder()
                .notifier(
                    trigger -> {
                      trigger.device().ifPresent(tried::add);
                      return CompletableFuture.failedFuture(new IllegalStateException("away"));
                    }));
    begin(30);
    assertThat(tried).hasSize(10);
    run(Duration.ofSeconds(5));
    assertThat(tried).hasSize(20).doesNotHaveDuplicates();
  }

  @Test
  final void aDeviceThatCanNeverBeToldIsTriedAsOftenAsOneThatDoesNotReactAndHoldsNoSlot() {
    cannotBeTold(2, new IllegalStateException("not connected"), () -> true);
    RolloutId id = begin(2);
    for (Duration backoff :
        List.of(Duration.ofMinutes(10), Duration.ofMinutes(20), Duration.ofMinutes(30))) {
      assertStaysAdmitted(id, Duration.ofMinutes(4));
      assertThat(stateOf(id, 2)).isEqualTo(RolloutDeviceState.RETRYING);
      run(backoff.minusSeconds(1));
      assertThat(stateOf(id, 2)).isEqualTo(RolloutDeviceState.RETRYING);
      run(Duration.ofSeconds(1));
      service.runOnce();
    }
    assertThat(device(id, device(2)).attempts()).isEqualTo(4);
    int retries = retried().size();
    assertStaysAdmitted(id, Duration.ofMinutes(4));
    assertThat(stateOf(id, 2)).isEqualTo(RolloutDeviceState.TIMED_OUT);
    assertThat(retried()).as("the last one is not tried again").hasSize(retries + 23);
    settle();
    assertThat(rollout(id).counts().inFlight()).as("it holds no slot").isZero();
  }

  /** Until it is late. */
  private void assertStaysAdmitted(RolloutId id, Duration time) {
    for (long left = time.toSeconds(); left > 0; left -= 10) {
      assertThat(stateOf(id, 2)).isEqualTo(RolloutDeviceState.ADMITTED);
      run(Duration.ofSeconds(10));
    }
  }

  @Test
  final void devicesThatCannotBeToldTakeTheSlotsOfTheOthersForALimitedTime() {
    Set<DeviceId> offline = Set.of(device(1), device(2), device(3));
    service =
        build(
            builder()
                .notifier(
                    trigger ->
                        trigger.device().filter(offline::contains).isPresent()
                            ? CompletableFuture.failedFuture(new IllegalStateException("offline"))
                            : recorder.trigger(trigger)));
    fleet(6);
    RolloutId id = start(stages(HALF, 100).devices(ONCE).pace(Pace.constant(60_000, 2)));
    for (int i = 0; i < 60; i++) {
      run(Duration.ofSeconds(10));
      report(in(id, RolloutDeviceState.TRIGGERED), "2.0.0");
    }
    assertThat(in(id, RolloutDeviceState.UPDATED)).hasSize(3);
    assertThat(in(id, RolloutDeviceState.TIMED_OUT)).hasSize(3);
  }

  @Test
  final void theTimeInWhichADeviceMustBeToldCountsFromItsTurn() {
    AtomicBoolean down = new AtomicBoolean(true);
    cannotBeTold(2, new IllegalStateException("not now"), down::get);
    fleet(2);
    DeviceLimits spread =
        new DeviceLimits(
            Duration.ofMinutes(4),
            Duration.ofMinutes(4),
            0,
            Duration.ofMinutes(1),
            Duration.ofMinutes(1),
            Duration.ofHours(10));
    RolloutId id = start(stages(HALF, 100).devices(spread));
    run();
    for (int i = 0; i < 600 && retried().isEmpty(); i++) {
      run(Duration.ofMinutes(1));
    }
    assertThat(retried()).hasSize(1);
    assertThat(stateOf(id, 2)).isEqualTo(RolloutDeviceState.ADMITTED);
  }

  /** A service that was not there for a while has not failed to tell anybody. */
  @Test
  final void aDeviceWhoseTurnWasLongAgoIsToldAllTheSame() {
    AtomicBoolean down = new AtomicBoolean(true);
    cannotBeTold(2, new IllegalStateException("not now"), down::get);
    RolloutId id = begin(2);
    down.set(false);
    run(Duration.ofHours(5));
    assertThat(stateOf(id, 2)).isEqualTo(RolloutDeviceState.TRIGGERED);
    assertThat(triggered()).containsExactly(device(1), device(2));
  }

  @Test
  final void aDeviceWhoseTriggerIsRefusedIsLateAsAnyOther() {
    cannotBeTold(2, new TriggerRefusedException("no right", null), () -> true);
    RolloutId id = begin(3);
    assertThat(triggered()).containsExactly(device(1), device(3));
    assertThat(stateOf(id, 2)).isEqualTo(RolloutDeviceState.TRIGGERED);
    run(Duration.ofMinutes(4));
    assertThat(stateOf(id, 2)).isEqualTo(RolloutDeviceState.RETRYING);
    assertThat(retried()).isEmpty();
  }

  @Test
  final void aDeviceThatIsNotHeardOfIsTriedAsOften() {
    RolloutId id = begin(1);
    for (Duration backoff :
        List.of(Duration.ofMinutes(10), Duration.ofMinutes(20), Duration.ofMinutes(30))) {
      run(Duration.ofMinutes(4).minusSeconds(1));
      assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.TRIGGERED);
      run(Duration.ofSeconds(1));
      assertWaits(id, backoff);
    }
    run(Duration.ofMinutes(4));
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.TIMED_OUT);
    triggers.clear();
    run(Duration.ofDays(1));
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.TIMED_OUT);
  }

  @Test
  final void theTimeToFinishCountsFromTheBeginningOfTheDownload() {
    RolloutId id = begin(1);
    run(Duration.ofMinutes(3));
    service.report(DeviceReport.code(device(1), UpdateCode.DOWNLOAD_STARTED));
    run(Duration.ofSeconds(30));
    run(Duration.ofMinutes(5));
    report(List.of(device(1)), "1.0.1");
    run(Duration.ofSeconds(28));
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.DOWNLOADING);
    run();
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.RETRYING);
    report(List.of(device(1)), "2.0.0");
    assertThat(stateOf(id, 1)).as("late, but there").isEqualTo(RolloutDeviceState.UPDATED);
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
  }

  @Test
  final void aDownloadThatBeginsAgainAndAgainGetsNoMoreTime() {
    RolloutId id = begin(1);
    code(List.of(device(1)), UpdateCode.DOWNLOAD_STARTED);
    for (int i = 0; i < 5; i++) {
      run(Duration.ofMinutes(1));
      code(List.of(device(1)), UpdateCode.DOWNLOAD_STARTED);
      assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.DOWNLOADING);
    }
    run(Duration.ofMinutes(1));
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.RETRYING);
  }

  @Test
  final void anotherVersionOfADeviceThatDownloadsDoesNotEndItsAttempt() {
    RolloutId id = begin(2);
    run();
    code(List.of(device(1)), UpdateCode.DOWNLOAD_STARTED);
    report(List.of(device(1), device(2)), "1.0.1");
    code(List.of(device(1)), UpdateCode.UP_TO_DATE);
    code(List.of(device(1)), UpdateCode.TRIGGER_RECEIVED);
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.DOWNLOADING);
    assertThat(stateOf(id, 2)).isEqualTo(RolloutDeviceState.TRIGGERED);
    report(List.of(device(1)), "2.0.0");
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.UPDATED);
  }

  @Test
  final void aCodeOfAnEarlierAttemptIsForgotten() {
    RolloutId id = begin(1);
    run();
    code(List.of(device(1)), UpdateCode.DOWNLOAD_STARTED);
    fail(1);
    run(Duration.ofMinutes(10));
    service.runOnce();
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.TRIGGERED);
    assertThat(device(id, device(1)).attempts()).isEqualTo(2);
    report(List.of(device(1)), "1.0.1");
    settle();
    assertThat(stateOf(id, 1))
        .as("what it said of its first attempt is not said of its second")
        .isEqualTo(RolloutDeviceState.TRIGGERED);
    run(Duration.ofMinutes(1));
    code(List.of(device(1)), UpdateCode.DOWNLOAD_STARTED);
    assertThat(stateOf(id, 1))
        .as("it failed before it began again")
        .isEqualTo(RolloutDeviceState.DOWNLOADING);
  }

  @Test
  final void aDownloadThatBeginsAnewAfterItFailedGoesOn() {
    RolloutId id = begin(2);
    run();
    service.report(DeviceReport.code(device(1), UpdateCode.FAILED));
    service.report(DeviceReport.code(device(2), UpdateCode.DOWNLOAD_STARTED));
    clock.advance(Duration.ofSeconds(1));
    service.report(DeviceReport.code(device(1), UpdateCode.DOWNLOAD_STARTED));
    service.report(DeviceReport.code(device(2), UpdateCode.FAILED));
    run();
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.DOWNLOADING);
    assertThat(stateOf(id, 2)).isEqualTo(RolloutDeviceState.RETRYING);
  }

  @Test
  final void aRejectionIsNeverTriedAgainHoweverManyAttemptsAreLeft() {
    RolloutId id = begin(2);
    fail(1);
    run();
    service.report(DeviceReport.freeSpace(device(1), 1));
    service.report(DeviceReport.freeSpace(device(2), 1));
    run();
    assertThat(in(id, RolloutDeviceState.REJECTED)).hasSize(2);
    triggers.clear();
    run(Duration.ofDays(2));
    assertThat(triggered()).isEmpty();
    assertThat(in(id, RolloutDeviceState.REJECTED)).hasSize(2);
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
  }

  @Test
  final void aRetryWaitsForAFreeSlotOfItsPausedRollout() {
    RolloutId id = begin(1);
    fail(1);
    service.rollouts().pause(OWNER, id);
    triggers.clear();
    run(Duration.ofMinutes(10));
    run(Duration.ofHours(10));
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.QUEUED);
    assertThat(triggered()).isEmpty();
    service.rollouts().resume(OWNER, id);
    run();
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.TRIGGERED);
    assertThat(device(id, device(1)).attempts()).isEqualTo(2);
  }

  @Test
  final void aDeviceThatHasItsVersionByAnotherWayIsDoneWhateverItsState() {
    RolloutId id = begin(4);
    run();
    List<DeviceId> all = upTo(id, 0);
    for (int i = 0; i < 4; i++) {
      fail(1);
      run(Duration.ofMinutes(30));
      service.runOnce();
    }
    fail(1);
    service.report(DeviceReport.freeSpace(device(2), 1));
    fail(3);
    run();
    assertThat(stateOf(id, 1)).isEqualTo(RolloutDeviceState.FAILED);
    assertThat(stateOf(id, 2)).isEqualTo(RolloutDeviceState.REJECTED);
    report(all, "2.0.0");
    assertThat(in(id, RolloutDeviceState.UPDATED)).isEqualTo(all);
    assertThat(told(device(1))).contains("2.0.0");
    assertThat(rollout(id).counts().finished()).isEqualTo(4);
  }
}
