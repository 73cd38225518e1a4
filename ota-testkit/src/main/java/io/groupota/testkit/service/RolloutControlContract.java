package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.GroupOtaService;
import io.groupota.NoSuchRolloutException;
import io.groupota.NoSuchUpdateException;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.RolloutStateException;
import io.groupota.StorageException;
import io.groupota.UpdateCode;
import io.groupota.UpdateId;
import io.groupota.event.Deployed;
import io.groupota.event.RolloutChanged;
import io.groupota.event.RolloutChanged.Change;
import io.groupota.event.Triggered;
import io.groupota.firmware.FirmwareSource;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Pace;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutReason;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Addressing;
import io.groupota.spi.RolloutStep;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/** What people do to rollouts, and what other deploys mean for them. */
public abstract class RolloutControlContract extends RolloutServiceContract {
  private static final int DEVICES = 12;

  /** For subclasses. */
  protected RolloutControlContract() {}

  @Test
  final void anotherDeploySupersedesARolloutForAllOfItsDevices() {
    fleet(DEVICES);
    RolloutId id = start(stages(Gate.ALL_PROVEN, 50, 100));
    run();
    List<DeviceId> first = triggeredOf(id);
    report(first.subList(0, 2), "2.0.0");
    triggers.clear();
    deploy("3.0.0");
    settle();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.SUPERSEDED);
    assertThat(rollout(id).counts().open()).isZero();
    assertThat(in(id, RolloutDeviceState.CANCELED)).hasSize(DEVICES - 2);
    for (int i = 1; i <= DEVICES; i++) {
      assertThat(told(device(i))).contains("3.0.0");
    }
    assertThat(triggered()).hasSize(DEVICES);
    report(first, "3.0.0");
    assertThat(in(id, RolloutDeviceState.UPDATED)).as("the state stays").hasSize(2);
    for (BiConsumer<OwnerId, RolloutId> action : actions()) {
      assertThatThrownBy(() -> action.accept(OWNER, id)).isInstanceOf(RolloutStateException.class);
    }
  }

  @Test
  final void aRolloutThatLosesOneOfItsGroupsGoesOnWithTheOthers() {
    secondGroup();
    fleet(4);
    for (int i = 5; i <= 8; i++) {
      registry.saveDevices(List.of(member(i, SECOND)));
    }
    RolloutId id = startInBothGroups(stages(HALF, 100).pace(Pace.constant(60_000, 3)));
    run();
    service.deploy(
        DeployRequest.of(
            OWNER, SECOND.value(), SECOND_TOKEN, "4.0.0", FirmwareSource.bytes(firmware("4.0.0"))));
    settle();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.RUNNING);
    assertThat(in(id, RolloutDeviceState.CANCELED)).hasSize(4);
    assertThat(told(device(5))).contains("4.0.0");
    for (int i = 0; i < 3; i++) {
      report(triggeredOf(id), "2.0.0");
    }
    assertThat(in(id, RolloutDeviceState.UPDATED)).hasSize(4);
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
  }

  @Test
  final void aRolloutOnTopOfAnotherLeavesEachDeviceWhatThatOneGaveIt() {
    fleet(DEVICES);
    RolloutId below = start(stages(Gate.ALL_PROVEN, 50, 100));
    run();
    List<DeviceId> ahead = triggeredOf(below);
    service.rollouts().cancel(OWNER, below);
    report(ahead, "2.0.0");
    settle();
    RolloutId id = start("3.0.0", stages(Gate.ALL_PROVEN, 10, 100));
    run();
    List<DeviceId> first = triggeredOf(id);
    assertThat(first).hasSize(2);
    for (int i = 1; i <= DEVICES; i++) {
      String version = ahead.contains(device(i)) ? "2.0.0" : "1.0.0";
      assertThat(told(device(i))).contains(first.contains(device(i)) ? "3.0.0" : version);
    }
  }

  @Test
  final void cancelLetsFinishWhatWasLetThroughAndBringsNobodyElse() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 50, 100).devices(limits(2)));
    run();
    List<DeviceId> first = triggeredOf(id);
    assertThat(first).hasSize(6);
    code(first.subList(0, 1), UpdateCode.FAILED);
    triggers.clear();
    Rollout canceled = service.rollouts().cancel(OWNER, id);
    assertThat(canceled.state()).isEqualTo(RolloutState.CANCELED);
    assertThat(canceled.reason()).contains(RolloutReason.OWNER);
    settle();
    assertThat(in(id, RolloutDeviceState.CANCELED)).hasSize(7).contains(first.get(0));
    assertThat(told(first.get(0))).contains("1.0.0");
    assertThat(told(first.get(1))).contains("2.0.0");
    report(first.subList(1, 3), "2.0.0");
    code(first.subList(3, 4), UpdateCode.FAILED);
    run(Duration.ofMinutes(2));
    assertThat(in(id, RolloutDeviceState.UPDATED)).isEqualTo(first.subList(1, 3));
    assertThat(in(id, RolloutDeviceState.FAILED)).isEqualTo(first.subList(3, 4));
    assertThat(in(id, RolloutDeviceState.TIMED_OUT)).isEqualTo(first.subList(4, 6));
    assertThat(triggers).isEmpty();
  }

  @Test
  final void aRolloutThatIsDoneCanBeRolledBack() {
    fleet(4);
    RolloutId id = start(stages(HALF, 100));
    run();
    report(triggeredOf(id), "2.0.0");
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
    assertThatThrownBy(() -> service.rollouts().cancel(OWNER, id))
        .isInstanceOf(RolloutStateException.class)
        .hasMessageContaining("completed");
    assertThatThrownBy(
            () -> service.rollouts().rollBack(OWNER, id, Optional.of(new UpdateId("f".repeat(24)))))
        .isInstanceOf(NoSuchUpdateException.class);
    triggers.clear();
    service.rollouts().rollBack(OWNER, id, Optional.empty());
    run();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.ROLLED_BACK);
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("1.0.0");
    assertThat(triggered()).hasSize(4);
    assertThatThrownBy(() -> service.rollouts().rollBack(OWNER, id, Optional.empty()))
        .isInstanceOf(RolloutStateException.class);
  }

  @Test
  final void aRolloutWhoseGroupsWereAllTakenByOtherDeploysCannotBeRolledBack() {
    fleet(4);
    UpdateId base = service.served(GROUP).orElseThrow().id();
    RolloutId completed = start(stages(HALF, 100));
    run();
    report(triggeredOf(completed), "2.0.0");
    deploy("3.0.0");
    settle();
    RolloutId canceled = start("4.0.0", stages(HALF, 100));
    service.rollouts().cancel(OWNER, canceled);
    deploy("5.0.0");
    settle();
    assertThat(rollout(completed).state()).isEqualTo(RolloutState.COMPLETED);
    assertThat(rollout(canceled).state()).isEqualTo(RolloutState.CANCELED);
    for (RolloutId id : List.of(completed, canceled)) {
      for (Optional<UpdateId> to : List.of(Optional.<UpdateId>empty(), Optional.of(base))) {
        Rollout before = rollout(id);
        assertThatThrownBy(() -> service.rollouts().rollBack(OWNER, id, to))
            .isInstanceOf(RolloutStateException.class)
            .hasMessageContaining("has no group any more; other deploys took them");
        assertThat(rollout(id)).isEqualTo(before);
      }
    }
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("5.0.0");
  }

  @Test
  final void theGroupsThatARolloutStillHasAreRolledBack() {
    OtaUpdate base = deploy("1.0.0");
    secondGroup();
    fleet(4);
    RolloutId id = startInBothGroups(stages(HALF, 100));
    settle();
    report(triggeredOf(id), "2.0.0");
    settle();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
    deploy("3.0.0");
    service.rollouts().rollBack(OWNER, id, Optional.of(base.id()));
    settle();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.ROLLED_BACK);
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("3.0.0");
    assertThat(service.served(SECOND).map(OtaUpdate::version)).contains("1.0.0");
  }

  private List<BiConsumer<OwnerId, RolloutId>> actions() {
    return List.of(
        service.rollouts()::start,
        service.rollouts()::pause,
        service.rollouts()::resume,
        service.rollouts()::approve,
        service.rollouts()::cancel,
        (owner, id) -> service.rollouts().rollBack(owner, id, Optional.empty()),
        (owner, id) -> service.rollouts().changePace(owner, id, Pace.UNLIMITED));
  }

  @Test
  final void aStrangerSeesAndDoesNothing() {
    fleet(4);
    RolloutId id = start(stages(HALF, 50, 100));
    run();
    Rollout before = rollout(id);
    for (BiConsumer<OwnerId, RolloutId> action : actions()) {
      assertThatThrownBy(() -> action.accept(STRANGER, id))
          .isInstanceOf(NoSuchRolloutException.class);
    }
    assertThatThrownBy(() -> service.rollouts().get(STRANGER, id))
        .isInstanceOf(NoSuchRolloutException.class);
    assertThat(rollout(id)).isEqualTo(before);
  }

  @Test
  final void aGroupThatIsBlockedAtTheLastMomentIsToldOnceItIsReached() {
    AtomicBoolean block = new AtomicBoolean(true);
    service =
        build(
            builder()
                .listener(events::add)
                .repository(
                    intercepting(
                        "advance",
                        (step, args) -> {
                          if (args[2] instanceof RolloutStep.Reach && block.getAndSet(false)) {
                            keepOut(1);
                          }
                          return step.call();
                        })));
    deploy("1.0.0");
    addDevice(1, "u1", Addressing.GROUP);
    addDevice(2, "u1", Addressing.GROUP);
    report(1, "1.0.0");
    report(2, "1.0.0");
    service.runOnce();
    events.clear();
    RolloutId id = start(stages(Gate.ALL_PROVEN, 100));
    settle();
    assertThat(in(id, RolloutDeviceState.EXCLUDED)).containsExactly(device(1));
    assertThat(service.served(GROUP).orElseThrow().version()).isEqualTo("1.0.0");
    assertThat(deployed()).isEmpty();

    service.rollouts().approve(OWNER, id);
    settle();
    assertThat(deployed())
        .extracting(Deployed::update)
        .containsExactly(service.served(GROUP).orElseThrow());
  }

  /** Has another node, which drives no rollouts, hear that a device is newer than the target. */
  private void keepOut(int number) {
    GroupOtaService other =
        build(builder().repository(intercepting("claimRollouts", (claim, args) -> List.of())));
    other.report(DeviceReport.version(device(number), "3.0.0"));
    other.runOnce();
  }

  @Test
  final void whatIsCommittedIsToldWhateverFailsAfterThat() {
    AtomicInteger reads = new AtomicInteger();
    AtomicInteger failing = new AtomicInteger(1);
    service =
        build(
            builder()
                .listener(events::add)
                .repository(failing("rollout", () -> reads.incrementAndGet() == failing.get())));
    fleet(1);
    assertThatThrownBy(() -> start(stages(Gate.ALL_PROVEN, 100)))
        .isInstanceOf(StorageException.class);
    service.runOnce();
    assertThat(changes()).extracting(RolloutChanged::change).startsWith(Change.OPENED);
    RolloutId id = changes().get(0).rollout();

    reads.set(0);
    failing.set(2);
    assertThatThrownBy(() -> service.rollouts().pause(OWNER, id))
        .isInstanceOf(StorageException.class);
    reads.set(0);
    assertThatThrownBy(() -> service.rollouts().rollBack(OWNER, id, Optional.empty()))
        .isInstanceOf(StorageException.class);
    service.runOnce();
    assertThat(changes())
        .extracting(RolloutChanged::change)
        .contains(Change.PAUSED, Change.ROLLED_BACK);
  }

  @Test
  final void aDeviceThatIsLetThroughIsTriggeredOnceHoweverOftenItReports() {
    listen();
    fleet(4);
    RolloutId id = start(stages(Gate.ALL_PROVEN, 50, 100).devices(limits(0)));
    run();
    List<DeviceId> first = triggeredOf(id);
    assertThat(triggered()).isEqualTo(first);
    report(first, "1.0.0");
    report(first, "1.0.0");
    code(first, UpdateCode.TRIGGER_RECEIVED);
    assertThat(triggered()).as("the dispatcher leaves them alone").isEqualTo(first);
    report(first.subList(0, 1), "2.0.0");
    triggers.clear();
    events.clear();
    run(INTERVAL);
    report(first.subList(0, 1), "1.0.0");
    settle();
    assertThat(in(id, RolloutDeviceState.FELL_BACK)).isEqualTo(first.subList(0, 1));
    run(INTERVAL);
    report(first.subList(0, 1), "1.0.0");
    settle();
    assertThat(triggered()).as("it runs what it is to run").doesNotContain(first.get(0));
    assertThat(events)
        .as("the dispatcher does not look through the group for it")
        .noneMatch(Triggered.class::isInstance);
  }

  @Test
  final void aDeviceThatFallsBackInAGroupThatIsReachedMakesNobodyLookThroughTheGroup() {
    listen();
    fleet(4);
    RolloutId id = start(stages(Gate.ALL_PROVEN, 100));
    run();
    List<DeviceId> one = triggeredOf(id).subList(0, 1);
    report(one, "2.0.0");
    run(INTERVAL);
    events.clear();
    report(one, "1.0.0");
    settle();
    assertThat(in(id, RolloutDeviceState.FELL_BACK)).isEqualTo(one);
    run(INTERVAL);
    assertThat(events).noneMatch(Triggered.class::isInstance);
  }

  /** A node that dies right after each step it takes. */
  private void dieAfterAStep() {
    GroupOtaService dying =
        build(
            builder()
                .repository(
                    intercepting(
                        "advance",
                        (step, args) -> {
                          step.call();
                          throw new StorageException("the node is gone", null);
                        })));
    try {
      dying.runOnce();
    } catch (StorageException e) {
      assertThat(e).hasMessageContaining("the node is gone");
    }
    clock.advance(Duration.ofMinutes(10));
  }

  @Test
  final void aNodeThatDiesBetweenAnyTwoStepsStopsNothing() {
    fleet(4);
    RolloutId id = start(stages(Gate.ALL_PROVEN, 50, 100));
    for (int i = 0; i < 20 && rollout(id).counts().inFlight() == 0; i++) {
      dieAfterAStep();
    }
    run();
    assertThat(triggeredOf(id)).hasSize(2);
    triggeredOf(id).forEach(device -> service.report(DeviceReport.version(device, "2.0.0")));
    service.rollouts().cancel(OWNER, id);
    for (int i = 0; i < 5; i++) {
      dieAfterAStep();
    }
    assertThat(in(id, RolloutDeviceState.CANCELED)).hasSize(2);
    settle();
    assertThat(in(id, RolloutDeviceState.UPDATED)).hasSize(2);
  }
}
