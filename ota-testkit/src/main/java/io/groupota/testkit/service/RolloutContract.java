package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.OtaUpdate;
import io.groupota.RolloutStateException;
import io.groupota.StorageException;
import io.groupota.UpdateCode;
import io.groupota.firmware.FirmwareSource;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Guards;
import io.groupota.rollout.Pace;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutReason;
import io.groupota.rollout.RolloutState;
import io.groupota.rollout.StopRule;
import io.groupota.spi.Addressing;
import io.groupota.spi.TrackedRollout;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a service promises of staged rollouts. Fast devices are played by the test. */
public abstract class RolloutContract extends RolloutServiceContract {
  private static final int DEVICES = 40;

  /** For subclasses. */
  protected RolloutContract() {}

  @Test
  final void theStagesFollowEachOtherWhenEnoughDevicesAreProven() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 10, 50, 100));
    run();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.RUNNING);
    List<DeviceId> first = in(id, RolloutDeviceState.TRIGGERED);
    assertThat(first).hasSize(4);
    assertThat(triggers).hasSize(4);
    assertThat(first).allSatisfy(device -> assertThat(told(device)).contains("2.0.0"));
    assertThat(in(id, RolloutDeviceState.QUEUED))
        .hasSize(36)
        .allSatisfy(device -> assertThat(told(device)).contains("1.0.0"));

    report(first.subList(0, 1), "2.0.0");
    assertThat(rollout(id).stage()).isZero();
    report(first.subList(1, 2), "2.0.0");
    assertThat(rollout(id).stage()).isEqualTo(1);
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(18).containsAll(first.subList(2, 4));

    report(in(id, RolloutDeviceState.TRIGGERED), "2.0.0");
    assertThat(rollout(id).stage()).isEqualTo(2);
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("2.0.0");
    report(in(id, RolloutDeviceState.TRIGGERED), "2.0.0");
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
    assertThat(rollout(id).counts().byState()).isEqualTo(Map.of(RolloutDeviceState.UPDATED, 40L));
  }

  @Test
  final void aFirmwareThatFailsIsStoppedInTheFirstStageAndRolledBack() {
    fleet(DEVICES);
    RolloutId id =
        start(
            stages(HALF, 25, 100)
                .devices(ONCE)
                .stopWhen(StopRule.above(15, 5, StopRule.Action.ROLL_BACK)));
    run();
    List<DeviceId> first = in(id, RolloutDeviceState.TRIGGERED);
    assertThat(first).hasSize(10);
    code(first, UpdateCode.DOWNLOAD_STARTED);
    code(first.subList(0, 1), UpdateCode.FAILED);
    report(first.subList(1, 4), "2.0.0");
    assertThat(rollout(id).state()).isEqualTo(RolloutState.RUNNING);
    code(first.subList(4, 5), UpdateCode.FAILED);
    assertThat(rollout(id).state()).isEqualTo(RolloutState.ROLLED_BACK);
    assertThat(rollout(id).reason()).contains(RolloutReason.STOP_RULE);
    run();
    for (int i = 1; i <= DEVICES; i++) {
      assertThat(told(device(i))).contains("1.0.0");
    }
    assertThat(triggers.stream().map(trigger -> trigger.device().orElseThrow()).distinct())
        .hasSameElementsAs(first);
    assertThat(rollout(id).counts().open()).isZero();
  }

  @Test
  final void aDeviceThatFallsBackIsUncounted() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 10, 100).pace(Pace.constant(6_000, 4)));
    run();
    List<DeviceId> first = in(id, RolloutDeviceState.TRIGGERED);
    report(first.subList(0, 1), "2.0.0");
    assertThat(in(id, RolloutDeviceState.UPDATED)).isEqualTo(first.subList(0, 1));
    report(first.subList(0, 1), "1.0.0");
    assertThat(in(id, RolloutDeviceState.UPDATED)).isEmpty();
    assertThat(in(id, RolloutDeviceState.FELL_BACK)).isEqualTo(first.subList(0, 1));
    assertThat(told(first.get(0))).contains("1.0.0");
    report(first.subList(0, 1), "2.0.0");
    assertThat(in(id, RolloutDeviceState.UPDATED)).isEqualTo(first.subList(0, 1));
  }

  @Test
  final void aDevicePastItsDeadlineFreesItsSlotAndIsTriedAgain() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 100).pace(Pace.constant(6_000, 3)));
    run();
    List<DeviceId> first = in(id, RolloutDeviceState.TRIGGERED);
    assertThat(first).hasSize(3);
    run();
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).isEqualTo(first);
    clock.advance(Duration.ofMinutes(15));
    run();
    run();
    assertThat(in(id, RolloutDeviceState.RETRYING)).isEqualTo(first);
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(3).doesNotContainAnyElementsOf(first);
    assertThat(rollout(id).counts().inFlight()).isEqualTo(3);
  }

  @Test
  final void aFirmwareThatDoesNotFitIsRejectedAndNeverTriedAgain() {
    fleet(DEVICES);
    long size = service.served(GROUP).orElseThrow().firmware().size();
    service.report(DeviceReport.freeSpace(device(1), size - 1));
    service.report(DeviceReport.freeSpace(device(2), size));
    service.runOnce();
    RolloutId id = start(stages(HALF, 100));
    run();
    assertThat(in(id, RolloutDeviceState.REJECTED))
        .as("as it has said before")
        .containsExactly(device(1));
    assertThat(triggers).hasSize(DEVICES - 1);
    assertThat(told(device(1))).contains("1.0.0");

    service.report(DeviceReport.freeSpace(device(3), 0));
    code(List.of(device(4)), UpdateCode.DOWNLOAD_STARTED);
    service.report(DeviceReport.freeSpace(device(4), size - 1));
    run();
    assertThat(in(id, RolloutDeviceState.REJECTED))
        .as("as it says when it asks for the firmware")
        .containsExactly(device(1), device(3), device(4));
    assertThat(told(device(3))).contains("1.0.0");
    clock.advance(Duration.ofHours(12));
    run();
    service.report(DeviceReport.freeSpace(device(3), size));
    run();
    assertThat(in(id, RolloutDeviceState.REJECTED))
        .containsExactly(device(1), device(3), device(4));
    report(List.of(device(3)), "2.0.0");
    assertThat(in(id, RolloutDeviceState.UPDATED)).containsExactly(device(3));
  }

  @Test
  final void aDeviceThatWasOfflineWhenItWasTriggeredIsTriggeredAgain() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 100).pace(Pace.constant(6_000, 3)));
    run();
    List<DeviceId> first = in(id, RolloutDeviceState.TRIGGERED);
    triggers.clear();
    clock.advance(Duration.ofMinutes(5));
    report(first.subList(0, 1), "1.0.0");
    clock.advance(Duration.ofMinutes(5).minusSeconds(3));
    run();
    assertThat(triggers).as("it may still react").isEmpty();
    clock.advance(Duration.ofSeconds(1));
    run();
    assertThat(triggers)
        .as("of those that were heard of since")
        .extracting(trigger -> trigger.device().orElseThrow())
        .isEqualTo(first.subList(0, 1));
    run();
    code(first.subList(0, 1), UpdateCode.UP_TO_DATE);
    clock.advance(Duration.ofMinutes(4));
    run();
    assertThat(triggers).as("once per interval, and not for its answer").hasSize(1);
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).isEqualTo(first);
  }

  @Test
  final void groupAddressedDevicesFollowWhenTheirGroupIsReachedCompletely() {
    deploy("1.0.0");
    for (int i = 1; i <= 10; i++) {
      addDevice(i, "u1", i <= 5 ? Addressing.DEVICE : Addressing.GROUP);
      report(i, "1.0.0");
    }
    service.runOnce();
    triggers.clear();
    RolloutId id = start(stages(HALF, 40, 100));
    run();
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(2);
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("1.0.0");
    report(in(id, RolloutDeviceState.TRIGGERED), "2.0.0");
    run();
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("2.0.0");
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(8);
    assertThat(triggers).anySatisfy(trigger -> assertThat(trigger.device()).isEmpty());
    report(in(id, RolloutDeviceState.TRIGGERED), "2.0.0");
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
  }

  @Test
  final void aDowngradeIsKeptOutUnlessThePlanSaysSo() {
    fleet(DEVICES);
    report(List.of(device(1)), "3.0.0");
    RolloutId id = start(stages(HALF, 100));
    run();
    assertThat(in(id, RolloutDeviceState.EXCLUDED)).containsExactly(device(1));
    assertThat(told(device(1))).contains("1.0.0");
    RolloutId again = start(stages(HALF, 100).guards(new Guards(true, Optional.empty())));
    run();
    assertThat(in(again, RolloutDeviceState.EXCLUDED)).isEmpty();
    run();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.SUPERSEDED);
    assertThat(rollout(id).counts().open()).isZero();
  }

  @Test
  final void aDeviceThatJoinsLateHasItsPlaceAtOnce() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 100).pace(Pace.constant(6_000, 5)));
    run();
    addDevice(99, "u1", Addressing.DEVICE);
    assertThat(told(device(99))).contains("1.0.0");
    run();
    assertThat(rollout(id).counts().devices()).isEqualTo(DEVICES + 1);
    for (int round = 0; round < 20; round++) {
      report(in(id, RolloutDeviceState.TRIGGERED), "2.0.0");
    }
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
  }

  @Test
  final void actionsFollowTheStates() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 10, 100));
    run();
    List<DeviceId> first = in(id, RolloutDeviceState.TRIGGERED);
    assertThat(service.rollouts().pause(OWNER, id).state()).isEqualTo(RolloutState.PAUSED);
    assertThatThrownBy(() -> service.rollouts().pause(OWNER, id))
        .isInstanceOf(RolloutStateException.class)
        .hasMessageContaining(id.value())
        .hasMessageContaining("paused");
    report(first, "2.0.0");
    assertThat(rollout(id).stage()).isZero();
    assertThat(in(id, RolloutDeviceState.UPDATED)).isEqualTo(first);
    service.rollouts().resume(OWNER, id);
    run();
    assertThat(rollout(id).stage()).isEqualTo(1);
    List<DeviceId> second = in(id, RolloutDeviceState.TRIGGERED);
    assertThat(second).hasSize(36);
    service.rollouts().cancel(OWNER, id);
    run();
    assertThat(told(first.get(0))).contains("2.0.0");
    assertThatThrownBy(() -> service.rollouts().resume(OWNER, id))
        .isInstanceOf(RolloutStateException.class);
    service.rollouts().rollBack(OWNER, id, Optional.empty());
    run();
    assertThat(told(first.get(0))).contains("1.0.0");
  }

  @Test
  final void aRolloutThatFailsDoesNotHoldUpTheOthers() {
    secondGroup();
    fleet(2);
    registry.saveDevices(List.of(member(3, SECOND)));
    AtomicReference<@Nullable RolloutId> broken = new AtomicReference<>();
    service =
        build(
            builder()
                .repository(
                    intercepting(
                        "advance",
                        (step, args) -> {
                          if (((TrackedRollout) args[0]).rollout().id().equals(broken.get())) {
                            throw new StorageException("broken", null);
                          }
                          return step.call();
                        })));
    RolloutId first = start(stages(Gate.ALL_PROVEN, 100));
    broken.set(first);
    clock.advance(Duration.ofSeconds(1));
    service
        .rollouts()
        .deploy(
            DeployRequest.of(
                OWNER,
                SECOND.value(),
                SECOND_TOKEN,
                "2.0.0",
                FirmwareSource.bytes(firmware("2.0.0"))),
            Map.of(),
            stages(Gate.ALL_PROVEN, 100).build());
    assertThatThrownBy(service::runOnce).hasMessage("broken");
    assertThat(triggered()).containsExactly(device(3));
    assertThat(rollout(first).enrolled()).isFalse();
  }
}
