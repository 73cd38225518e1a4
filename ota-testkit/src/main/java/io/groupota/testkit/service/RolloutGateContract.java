package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeviceId;
import io.groupota.OtaUpdate;
import io.groupota.RolloutStateException;
import io.groupota.UpdateCode;
import io.groupota.rollout.Failure;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Pace;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutReason;
import io.groupota.rollout.RolloutState;
import io.groupota.rollout.Selector;
import io.groupota.rollout.Stage;
import io.groupota.rollout.StopRule;
import io.groupota.rollout.Window;
import io.groupota.spi.Addressing;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What lets a rollout into its next stage: proven devices, a soak time, an approval. */
public abstract class RolloutGateContract extends RolloutServiceContract {
  private static final int DEVICES = 10;
  private static final Gate SOAKED = new Gate(50, Duration.ofHours(1), false);
  private static final StopRule NO_FALLBACK =
      new StopRule(
          Set.of(Failure.FELL_BACK),
          OptionalDouble.empty(),
          OptionalLong.of(0),
          1,
          StopRule.Action.PAUSE,
          Optional.empty());

  /** For subclasses. */
  protected RolloutGateContract() {}

  private List<DeviceId> begin(RolloutId id) {
    run();
    return in(id, RolloutDeviceState.TRIGGERED);
  }

  @Test
  final void aGateNeedsItsShareOfTheDevicesOfItsStageAndOfThoseBefore() {
    fleet(DEVICES);
    RolloutId id = start(stages(new Gate(75, Duration.ZERO, false), 20, 40, 100));
    List<DeviceId> first = begin(id);
    assertThat(first).hasSize(2);
    report(first.subList(0, 1), "2.0.0");
    assertThat(rollout(id).stage()).as("50 % of the stage").isZero();
    report(first, "2.0.0");
    assertThat(rollout(id).stage()).isEqualTo(1);
    List<DeviceId> second = in(id, RolloutDeviceState.TRIGGERED);
    assertThat(second).hasSize(2);
    report(first.subList(0, 1), "1.0.0");
    report(second.subList(0, 1), "2.0.0");
    assertThat(rollout(id).stage()).as("2 of 4 are proven, one fell back").isEqualTo(1);
    report(second, "2.0.0");
    assertThat(rollout(id).stage()).as("3 of 4").isEqualTo(2);
  }

  @Test
  final void aGateIsPassedAfterItsSoakTimeAndNotAMomentBefore() {
    fleet(DEVICES);
    RolloutId id = start(stages(SOAKED, 20, 100));
    report(begin(id), "2.0.0");
    run(Duration.ofHours(1).minusSeconds(1));
    assertThat(rollout(id).stage()).isZero();
    assertThat(in(id, RolloutDeviceState.QUEUED)).hasSize(8);
    run();
    assertThat(rollout(id).stage()).isEqualTo(1);
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(8);
  }

  @Test
  final void theSoakTimeBeginsAnewWhenTheGateWasNotMetMeanwhile() {
    fleet(DEVICES);
    RolloutId id = start(stages(SOAKED, 20, 100));
    List<DeviceId> first = begin(id);
    report(first.subList(0, 1), "2.0.0");
    run(Duration.ofMinutes(9));
    report(first.subList(0, 1), "1.0.0");
    report(first.subList(0, 1), "2.0.0");
    run(Duration.ofMinutes(51));
    assertThat(rollout(id).stage()).as("an hour after it was met for the first time").isZero();
    run(Duration.ofMinutes(9));
    assertThat(rollout(id).stage()).isEqualTo(1);
  }

  @Test
  final void theSoakTimeBeginsAnewAfterAPause() {
    fleet(DEVICES);
    RolloutId id = start(stages(SOAKED, 20, 100).stopWhen(NO_FALLBACK));
    List<DeviceId> first = begin(id);
    report(first.subList(0, 1), "2.0.0");
    run(Duration.ofMinutes(10));
    report(first.subList(0, 1), "1.0.0");
    assertThat(rollout(id).reason()).contains(RolloutReason.STOP_RULE);
    run(Duration.ofMinutes(40));
    report(first.subList(0, 1), "2.0.0");
    run(Duration.ofMinutes(10));
    service.rollouts().resume(OWNER, id);
    settle();
    assertThat(rollout(id).stage()).as("an hour after it was met for the first time").isZero();
    run(Duration.ofMinutes(58));
    assertThat(rollout(id).stage()).isZero();
    run(Duration.ofMinutes(2));
    assertThat(rollout(id).stage()).isEqualTo(1);
  }

  @Test
  final void theSoakTimeBeginsAnewForAGroupThatIsReachedDespiteAGuard() {
    fleet(2);
    addDevice(3, "u1", Addressing.GROUP);
    report(List.of(device(3)), "3.0.0");
    secondGroup();
    Stage canary = new Stage(new Selector.WholeGroups(Set.of(GROUP)), SOAKED);
    RolloutId id = startInBothGroups(RolloutPlan.builder().stage(canary).stage(Stage.everyone()));
    List<DeviceId> first = begin(id);
    report(first.subList(0, 1), "2.0.0");
    run(Duration.ofMinutes(10));
    report(first, "2.0.0");
    assertThat(rollout(id).reason()).contains(RolloutReason.GROUP_BLOCKED);
    report(first, "1.0.0");
    run(Duration.ofHours(1));
    report(first, "2.0.0");
    service.rollouts().approve(OWNER, id);
    settle();
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("2.0.0");
    assertThat(rollout(id).stage()).isZero();
    run(Duration.ofHours(1));
    assertThat(rollout(id).stage()).isEqualTo(1);
  }

  @Test
  final void whatInterruptsTheSoakTimeDoesSoOutsideTheWindowsToo() {
    fleet(DEVICES);
    Window day =
        new Window(
            Set.of(DayOfWeek.values()), LocalTime.MIDNIGHT, LocalTime.of(20, 0), ZoneOffset.UTC);
    RolloutId id = start(stages(new Gate(50, Duration.ofHours(20), false), 20, 100).window(day));
    List<DeviceId> first = begin(id);
    run(Duration.ofHours(12));
    report(first.subList(0, 1), "2.0.0");
    run(Duration.ofHours(10));
    report(first.subList(0, 1), "1.0.0");
    report(first.subList(0, 1), "2.0.0");
    run(Duration.ofHours(11));
    assertThat(rollout(id).stage()).as("21 hours since it was met first, 11 since it is").isZero();
    run(Duration.ofHours(9));
    assertThat(rollout(id).stage()).isEqualTo(1);
  }

  @Test
  final void aSoakTimeThatEndsOutsideTheWindowsLetsNobodyThroughBeforeTheNextOne() {
    fleet(DEVICES);
    Window day =
        new Window(
            Set.of(DayOfWeek.values()), LocalTime.of(0, 0), LocalTime.of(1, 0), ZoneOffset.UTC);
    RolloutId id = start(stages(SOAKED, 20, 100).window(day));
    run(Duration.ofMinutes(30));
    report(in(id, RolloutDeviceState.TRIGGERED), "2.0.0");
    run(Duration.ofHours(1));
    run(Duration.ofHours(21));
    assertThat(in(id, RolloutDeviceState.QUEUED)).hasSize(8);
    run(Duration.ofHours(2));
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(8);
  }

  @Test
  final void somebodyHasToApproveAfterTheSoakTime() {
    fleet(DEVICES);
    RolloutId id = start(stages(new Gate(100, Duration.ofHours(1), true), 20, 100));
    List<DeviceId> first = begin(id);
    assertThatThrownBy(() -> service.rollouts().approve(OWNER, id))
        .isInstanceOf(RolloutStateException.class)
        .hasMessageContaining("does not wait for an approval")
        .hasMessageContaining("running");
    report(first, "2.0.0");
    assertThat(rollout(id).state()).isEqualTo(RolloutState.RUNNING);
    assertThatThrownBy(() -> service.rollouts().approve(OWNER, id))
        .as("it soaks")
        .isInstanceOf(RolloutStateException.class);
    run(Duration.ofHours(1));
    assertThat(rollout(id).state()).isEqualTo(RolloutState.AWAITING_APPROVAL);
    run(Duration.ofDays(30));
    assertThat(rollout(id).stage()).isZero();
    assertThat(in(id, RolloutDeviceState.QUEUED)).hasSize(8);

    assertThat(service.rollouts().approve(OWNER, id).stage()).isEqualTo(1);
    run();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.RUNNING);
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(8);
    report(in(id, RolloutDeviceState.TRIGGERED), "2.0.0");
    assertThat(rollout(id).state())
        .as("the gate of the last stage has no effect")
        .isEqualTo(RolloutState.COMPLETED);
  }

  @Test
  final void aRolloutThatAwaitsApprovalDoesNotAnyMoreWhenADeviceFallsBack() {
    fleet(DEVICES);
    RolloutId id = start(stages(new Gate(60, Duration.ZERO, true), 50, 100));
    List<DeviceId> first = begin(id);
    report(first.subList(0, 3), "2.0.0");
    assertThat(rollout(id).state()).isEqualTo(RolloutState.AWAITING_APPROVAL);
    report(first.subList(0, 1), "1.0.0");
    assertThat(rollout(id).state()).isEqualTo(RolloutState.RUNNING);
    assertThatThrownBy(() -> service.rollouts().approve(OWNER, id))
        .isInstanceOf(RolloutStateException.class);
    report(first.subList(3, 4), "2.0.0");
    assertThat(rollout(id).state()).isEqualTo(RolloutState.AWAITING_APPROVAL);
  }

  @Test
  final void aGateThatCannotBeMetAnyMorePausesTheRolloutUntilSomebodyApproves() {
    fleet(DEVICES);
    RolloutId id = start(stages(Gate.ALL_PROVEN, 20, 100).devices(ONCE));
    List<DeviceId> first = begin(id);
    code(first.subList(0, 1), UpdateCode.FAILED);
    assertThat(rollout(id).state()).as("the other one is not done").isEqualTo(RolloutState.RUNNING);
    report(first.subList(1, 2), "2.0.0");
    assertThat(rollout(id).state()).isEqualTo(RolloutState.PAUSED);
    assertThat(rollout(id).reason()).contains(RolloutReason.GATE_NOT_MET);
    service.rollouts().resume(OWNER, id);
    run();
    assertThat(rollout(id).state()).as("nothing is better").isEqualTo(RolloutState.PAUSED);
    assertThat(in(id, RolloutDeviceState.QUEUED)).hasSize(8);

    service.rollouts().approve(OWNER, id);
    run();
    assertThat(rollout(id).stage()).isEqualTo(1);
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(8);
    assertThat(in(id, RolloutDeviceState.FAILED)).isEqualTo(first.subList(0, 1));
  }

  @Test
  final void devicesThatAGuardKeepsOutCountNeitherForNorAgainst() {
    fleet(DEVICES);
    for (int i = 1; i <= 5; i++) {
      report(i, "3.0.0");
    }
    run();
    RolloutId id = start(stages(Gate.ALL_PROVEN, 60, 100));
    List<DeviceId> first = begin(id);
    assertThat(first).isNotEmpty().hasSizeLessThan(6);
    report(first, "2.0.0");
    assertThat(rollout(id).stage()).isEqualTo(1);
    report(in(id, RolloutDeviceState.TRIGGERED), "2.0.0");
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
    assertThat(in(id, RolloutDeviceState.EXCLUDED)).hasSize(5);
  }

  @Test
  final void aDeviceThatJoinsAStageLateIsProvenBeforeItsGate() {
    fleet(DEVICES);
    RolloutId id = start(stages(Gate.ALL_PROVEN, 50, 100).pace(Pace.constant(6_000, 3)));
    List<DeviceId> first = begin(id);
    List<DeviceId> late = List.of();
    int joined = 0;
    // Until some belong to the stage and some do not: which ones depends on the id of the rollout.
    while (late.isEmpty() || late.size() == joined) {
      assertThat(joined).isLessThan(400);
      for (int i = 0; i < 40; i++, joined++) {
        addDevice(50 + joined, "u1", Addressing.DEVICE);
        assertThat(told(device(50 + joined))).contains("1.0.0");
      }
      run();
      late = upTo(id, 0).stream().filter(d -> d.compareTo(device(50)) >= 0).toList();
    }
    report(first, "2.0.0");
    for (int i = 0; i < 200 && rollout(id).stage() == 0; i++) {
      assertThat(rollout(id).counts().inFlight()).isLessThanOrEqualTo(3);
      report(in(id, RolloutDeviceState.TRIGGERED), "2.0.0");
    }
    assertThat(in(id, RolloutDeviceState.UPDATED)).containsAll(upTo(id, 0)).containsAll(late);
    assertThat(rollout(id).stage()).isEqualTo(1);
  }
}
