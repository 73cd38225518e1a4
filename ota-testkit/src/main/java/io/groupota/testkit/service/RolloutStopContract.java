package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.InvalidRequestException;
import io.groupota.OtaUpdate;
import io.groupota.UpdateCode;
import io.groupota.UpdateId;
import io.groupota.rollout.Failure;
import io.groupota.rollout.Gate;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutReason;
import io.groupota.rollout.RolloutState;
import io.groupota.rollout.StopRule;
import io.groupota.rollout.StopRule.Action;
import io.groupota.rollout.Window;
import io.groupota.spi.Addressing;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** When a rollout stops by itself, and what becomes of its devices then. */
public abstract class RolloutStopContract extends RolloutServiceContract {
  private static final int DEVICES = 20;

  /** For subclasses. */
  protected RolloutStopContract() {}

  private static StopRule moreThan(long devices, Set<Failure> failures) {
    return new StopRule(
        failures,
        OptionalDouble.empty(),
        OptionalLong.of(devices),
        1,
        Action.PAUSE,
        Optional.empty());
  }

  private static StopRule rollBackTo(UpdateId update) {
    return new StopRule(
        Set.of(Failure.values()),
        OptionalDouble.empty(),
        OptionalLong.of(0),
        1,
        Action.ROLL_BACK,
        Optional.of(update));
  }

  private static RolloutPlan.Builder half(StopRule... rules) {
    RolloutPlan.Builder plan = stages(Gate.ALL_PROVEN, 50, 100).devices(ONCE);
    for (StopRule rule : rules) {
      plan.stopWhen(rule);
    }
    return plan;
  }

  private void fail(List<DeviceId> devices, Failure failure) {
    switch (failure) {
      case FAILED -> code(devices, UpdateCode.FAILED);
      case REJECTED -> {
        devices.forEach(device -> service.report(DeviceReport.freeSpace(device, 1)));
        run();
      }
      case FELL_BACK -> {
        report(devices, "2.0.0");
        report(devices, "1.0.0");
      }
      case TIMED_OUT -> run(Duration.ofMinutes(1));
    }
  }

  private void firesFor(Failure failure) {
    fleet(DEVICES);
    RolloutId others = start(half(moreThan(0, EnumSet.complementOf(EnumSet.of(failure)))));
    run();
    fail(in(others, RolloutDeviceState.TRIGGERED).subList(0, 2), failure);
    assertThat(rollout(others).counts().in(failure.state())).isPositive();
    assertThat(rollout(others).reason())
        .as("a rule for the others")
        .isNotEqualTo(Optional.of(RolloutReason.STOP_RULE));

    // Their groups serve and their devices report the same as before.
    service.rollouts().rollBack(OWNER, others, Optional.empty());
    settle();
    RolloutId id = start(half(moreThan(0, Set.of(failure))));
    run();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.RUNNING);
    fail(in(id, RolloutDeviceState.TRIGGERED).subList(0, 2), failure);
    run();
    assertThat(rollout(id).counts().in(failure.state())).isPositive();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.PAUSED);
    assertThat(rollout(id).reason()).contains(RolloutReason.STOP_RULE);
  }

  @Test
  final void aRuleForDevicesThatFailFiresForThemAlone() {
    firesFor(Failure.FAILED);
  }

  @Test
  final void aRuleForDevicesThatTimeOutFiresForThemAlone() {
    firesFor(Failure.TIMED_OUT);
  }

  @Test
  final void aRuleForDevicesThatRejectTheFirmwareFiresForThemAlone() {
    fleet(DEVICES);
    RolloutId others = start(half(moreThan(0, EnumSet.complementOf(EnumSet.of(Failure.REJECTED)))));
    run();
    fail(in(others, RolloutDeviceState.TRIGGERED).subList(0, 2), Failure.REJECTED);
    assertThat(rollout(others).state()).isEqualTo(RolloutState.RUNNING);
    // They say so for good, hence the next rollout stops as soon as it has begun.
    RolloutId id = start(half(moreThan(1, Set.of(Failure.REJECTED))));
    run();
    assertThat(rollout(id).counts().in(RolloutDeviceState.REJECTED)).isEqualTo(2);
    assertThat(rollout(id).state()).isEqualTo(RolloutState.PAUSED);
    assertThat(rollout(id).reason()).contains(RolloutReason.STOP_RULE);
  }

  @Test
  final void aRuleForDevicesThatFallBackFiresForThemAlone() {
    firesFor(Failure.FELL_BACK);
  }

  @Test
  final void aNumberMustBeExceeded() {
    fleet(DEVICES);
    RolloutId id = start(half(moreThan(2, Set.of(Failure.values()))));
    run();
    List<DeviceId> first = in(id, RolloutDeviceState.TRIGGERED);
    fail(first.subList(0, 1), Failure.FAILED);
    fail(first.subList(1, 2), Failure.REJECTED);
    assertThat(rollout(id).state()).isEqualTo(RolloutState.RUNNING);
    fail(first.subList(2, 3), Failure.FELL_BACK);
    assertThat(rollout(id).reason()).contains(RolloutReason.STOP_RULE);
  }

  @Test
  final void aShareOfTheFinishedDevicesMustBeExceededOnceThereAreEnoughOfThem() {
    fleet(DEVICES);
    RolloutId id = start(half(StopRule.above(25, 4, Action.PAUSE)));
    run();
    List<DeviceId> first = in(id, RolloutDeviceState.TRIGGERED);
    assertThat(first).hasSize(10);
    fail(first.subList(0, 1), Failure.FAILED);
    report(first.subList(1, 3), "2.0.0");
    assertThat(rollout(id).state()).as("33 % of 3").isEqualTo(RolloutState.RUNNING);
    report(first.subList(3, 4), "2.0.0");
    assertThat(rollout(id).state()).as("25 % of 4").isEqualTo(RolloutState.RUNNING);
    fail(first.subList(4, 5), Failure.FAILED);
    assertThat(rollout(id).state()).as("40 % of 5").isEqualTo(RolloutState.PAUSED);
  }

  @Test
  final void whatIsInFlightWhenARulePausesGoesOnAndNothingNewStarts() {
    fleet(DEVICES);
    RolloutId id = start(half(moreThan(0, Set.of(Failure.FAILED))).devices(limits(1)));
    run();
    List<DeviceId> first = in(id, RolloutDeviceState.TRIGGERED);
    fail(first.subList(0, 1), Failure.FAILED);
    assertThat(rollout(id).state()).as("it is tried again").isEqualTo(RolloutState.RUNNING);
    run(Duration.ofSeconds(58));
    code(first.subList(1, 2), UpdateCode.DOWNLOAD_STARTED);
    run();
    fail(first.subList(0, 1), Failure.FAILED);
    assertThat(in(id, RolloutDeviceState.FAILED)).isEqualTo(first.subList(0, 1));
    assertThat(rollout(id).reason()).contains(RolloutReason.STOP_RULE);
    triggers.clear();
    report(first.subList(1, 2), "2.0.0");
    run(Duration.ofHours(1));
    run(Duration.ofHours(1));
    assertThat(in(id, RolloutDeviceState.UPDATED)).isEqualTo(first.subList(1, 2));
    assertThat(in(id, RolloutDeviceState.QUEUED)).as("and those that were late").hasSize(18);
    assertThat(triggers).isEmpty();
  }

  @Test
  final void theFailuresSoFarAreAcceptedByAResumeAndTheNextOneStopsAgain() {
    fleet(DEVICES);
    RolloutId id = start(half(moreThan(0, Set.of(Failure.values()))));
    run();
    List<DeviceId> first = in(id, RolloutDeviceState.TRIGGERED);
    fail(first.subList(0, 1), Failure.FAILED);
    assertThat(rollout(id).state()).isEqualTo(RolloutState.PAUSED);
    service.rollouts().resume(OWNER, id);
    settle();
    report(first.subList(1, 2), "2.0.0");
    assertThat(rollout(id).state()).isEqualTo(RolloutState.RUNNING);
    fail(first.subList(2, 3), Failure.FAILED);
    assertThat(rollout(id).state()).isEqualTo(RolloutState.PAUSED);
  }

  @Test
  final void failuresThatWereAcceptedMakeNoRoomForOthersOnceTheyRecover() {
    fleet(DEVICES);
    RolloutId id = start(half(moreThan(2, Set.of(Failure.values()))));
    run();
    List<DeviceId> first = in(id, RolloutDeviceState.TRIGGERED);
    fail(first.subList(0, 4), Failure.FAILED);
    assertThat(rollout(id).state()).isEqualTo(RolloutState.PAUSED);
    service.rollouts().resume(OWNER, id);
    settle();
    report(first.subList(0, 3), "2.0.0");
    fail(first.subList(4, 5), Failure.FELL_BACK);
    assertThat(rollout(id).state()).as("2 have failed now").isEqualTo(RolloutState.RUNNING);
    fail(first.subList(5, 6), Failure.FELL_BACK);
    assertThat(rollout(id).state()).as("3, after 4").isEqualTo(RolloutState.PAUSED);
    assertThat(rollout(id).reason()).contains(RolloutReason.STOP_RULE);
  }

  @Test
  final void aRollbackToANamedUpdateServesThatToAllDevices() {
    UpdateId oldest = deploy("0.9.0").id();
    clock.advance(Duration.ofMinutes(1));
    fleet(DEVICES);
    RolloutId id = start(half(rollBackTo(oldest)));
    run();
    List<DeviceId> first = in(id, RolloutDeviceState.TRIGGERED);
    report(first.subList(0, 3), "2.0.0");
    triggers.clear();
    fail(first.subList(3, 4), Failure.FAILED);
    settle();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.ROLLED_BACK);
    assertThat(rollout(id).reason()).contains(RolloutReason.STOP_RULE);
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("0.9.0");
    assertThat(same(servedBytes(), firmware("0.9.0"))).isTrue();
    for (int i = 1; i <= DEVICES; i++) {
      assertThat(told(device(i))).contains("0.9.0");
    }
    assertThat(triggered()).as("all are to run it").hasSize(DEVICES);
    assertThat(rollout(id).counts().open()).isZero();
  }

  @Test
  final void aRollbackOfAGroupThatWasReachedServesAgainWhatItServedBefore() {
    deploy("1.0.0");
    for (int i = 1; i <= 10; i++) {
      addDevice(i, "u1", i <= 5 ? Addressing.GROUP : Addressing.DEVICE);
      report(i, "1.0.0");
    }
    service.runOnce();
    RolloutId id =
        start(
            stages(Gate.ALL_PROVEN, 100)
                .devices(ONCE)
                .stopWhen(StopRule.above(0, 1, Action.ROLL_BACK)));
    run();
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("2.0.0");
    List<DeviceId> all = in(id, RolloutDeviceState.TRIGGERED);
    report(all.subList(0, 7), "2.0.0");
    triggers.clear();
    fail(all.subList(8, 9), Failure.FAILED);
    settle();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.ROLLED_BACK);
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("1.0.0");
    assertThat(service.history(OWNER, GROUP, 0, OptionalInt.empty()).updates())
        .extracting(OtaUpdate::version)
        .containsExactly("1.0.0", "2.0.0", "1.0.0");
    assertThat(triggers).anySatisfy(trigger -> assertThat(trigger.device()).isEmpty());
    assertThat(triggered()).containsAll(all.subList(5, 7));
    assertThat(triggers).allSatisfy(trigger -> assertThat(trigger.version()).isEqualTo("1.0.0"));
  }

  @Test
  final void ofTwoRulesThatFireTheOneThatRollsBackWins() {
    fleet(DEVICES);
    RolloutId id =
        start(half(moreThan(0, Set.of(Failure.FAILED)), StopRule.above(0, 1, Action.ROLL_BACK)));
    run();
    fail(in(id, RolloutDeviceState.TRIGGERED).subList(0, 1), Failure.FAILED);
    assertThat(rollout(id).state()).isEqualTo(RolloutState.ROLLED_BACK);
  }

  @Test
  final void aRuleFiresOutsideTheWindowsAndWhileAnApprovalIsAwaited() {
    fleet(DEVICES);
    Window morning =
        new Window(
            Set.of(DayOfWeek.values()), LocalTime.MIDNIGHT, LocalTime.of(6, 0), ZoneOffset.UTC);
    RolloutId id =
        start(
            stages(new Gate(50, Duration.ZERO, true), 50, 100)
                .devices(ONCE)
                .window(morning)
                .stopWhen(moreThan(0, Set.of(Failure.FELL_BACK)))
                .stopWhen(moreThan(1, Set.of(Failure.FELL_BACK))));
    run();
    List<DeviceId> first = in(id, RolloutDeviceState.TRIGGERED);
    report(first, "2.0.0");
    assertThat(rollout(id).state()).isEqualTo(RolloutState.AWAITING_APPROVAL);
    report(first.subList(0, 1), "1.0.0");
    assertThat(rollout(id).state()).isEqualTo(RolloutState.PAUSED);
    service.rollouts().resume(OWNER, id);
    run(Duration.ofHours(12));
    report(first.subList(1, 2), "1.0.0");
    assertThat(rollout(id).state()).as("at noon").isEqualTo(RolloutState.PAUSED);
    assertThat(rollout(id).reason()).contains(RolloutReason.STOP_RULE);
  }

  @Test
  final void aRuleThatCouldNotRollBackIsRefused() {
    addDevice(1, "u1", Addressing.DEVICE);
    assertThatThrownBy(() -> start(half(StopRule.above(5, 1, Action.ROLL_BACK))))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("serves nothing that could be rolled back to")
        .hasMessageContaining(GROUP.value());
    UpdateId unknown = new UpdateId("f".repeat(24));
    assertThatThrownBy(() -> start(half(rollBackTo(unknown))))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining(unknown.value());
    assertThat(service.served(GROUP)).isEmpty();
  }
}
