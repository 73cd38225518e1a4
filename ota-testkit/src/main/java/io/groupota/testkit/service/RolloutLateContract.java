package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceReport;
import io.groupota.GroupOtaService;
import io.groupota.OtaUpdate;
import io.groupota.rollout.Gate;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutReason;
import io.groupota.rollout.RolloutState;
import io.groupota.rollout.Schedule;
import io.groupota.rollout.Selector;
import io.groupota.rollout.Stage;
import io.groupota.spi.Addressing;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What becomes of devices that come in while their rollout goes on, or is completed. */
public abstract class RolloutLateContract extends RolloutServiceContract {
  /** For subclasses. */
  protected RolloutLateContract() {}

  /** A rollout of two devices that are in flight. */
  private RolloutId almostDone() {
    fleet(2);
    RolloutId id = start(stages(HALF, 100));
    run();
    return id;
  }

  /** A node that completes a rollout, at this moment. */
  private void complete(GroupOtaService node, RolloutId id) {
    for (int i = 1; i <= 2; i++) {
      node.report(DeviceReport.version(device(i), "2.0.0"));
    }
    node.runOnce();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
  }

  @Test
  final void aDeviceThatJoinsARolloutThatAnotherNodeHasCompletedIsNotTakenIn() {
    RolloutId id = almostDone();
    addDevice(9, "u1", Addressing.DEVICE);
    assertThat(told(device(1))).as("the node knows the rollout").contains("2.0.0");
    complete(build(builder()), id);
    told(device(9));
    assertThat(rollout(id).counts().devices()).isEqualTo(2);
    report(List.of(device(9)), "1.0.0");
    assertThat(told(device(9))).contains("2.0.0");
  }

  @Test
  final void aDeviceThatIsTakenInWhileItsRolloutIsCompletedIsGivenTheTarget() {
    RolloutId id = almostDone();
    addDevice(9, "u1", Addressing.DEVICE);
    GroupOtaService other = build(builder());
    before("enrollLate", () -> complete(other, id));
    told(device(9));
    report(List.of(device(9)), "1.0.0");
    settle();
    assertThat(device(id, device(9)).state()).isEqualTo(RolloutDeviceState.QUEUED);
    assertThat(told(device(9))).contains("2.0.0");
    report(List.of(device(9)), "2.0.0");
    assertThat(device(id, device(9)).state()).isEqualTo(RolloutDeviceState.UPDATED);
  }

  /** Lets another node do something once, right before a call of the repository. */
  private void before(String method, Runnable other) {
    AtomicBoolean done = new AtomicBoolean();
    service =
        build(
            builder()
                .repository(
                    intercepting(
                        method,
                        (call, args) -> {
                          if (!done.getAndSet(true)) {
                            other.run();
                          }
                          return call.call();
                        })));
  }

  @Test
  final void aDeviceThatIsTakenInWhileItsGroupIsReachedFollowsIt() {
    fleet(1);
    addDevice(2, "u1", Addressing.GROUP);
    Stage canary = new Stage(new Selector.Named(Set.of(device(1))), Gate.ALL_PROVEN);
    RolloutId id = start(RolloutPlan.builder().stage(canary).stage(Stage.everyone()).devices(ONCE));
    run();
    addDevice(9, "u1", Addressing.GROUP);
    GroupOtaService other = build(builder());
    before(
        "enrollLate",
        () -> {
          other.report(DeviceReport.version(device(1), "2.0.0"));
          other.runOnce();
          assertThat(device(id, device(2)).state()).isEqualTo(RolloutDeviceState.TRIGGERED);
        });
    report(List.of(device(9)), "1.0.0");
    assertThat(device(id, device(9)).state()).isEqualTo(RolloutDeviceState.QUEUED);
    run(Duration.ofMinutes(1));
    assertThat(device(id, device(9)).state()).isEqualTo(RolloutDeviceState.TRIGGERED);
    settle();
    run(Duration.ofMinutes(1));
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
  }

  @Test
  final void aDeviceThatComesInWhileItsGroupIsReachedDespiteTheGuardFollowsIt() {
    deploy("1.0.0");
    addDevice(1, "u1", Addressing.GROUP);
    addDevice(2, "u1", Addressing.GROUP);
    report(List.of(device(1)), "3.0.0");
    RolloutId id = start(stages(HALF, 100));
    settle();
    assertThat(rollout(id).reason()).contains(RolloutReason.GROUP_BLOCKED);
    GroupOtaService other = build(builder());
    before(
        "move",
        () -> {
          other.rollouts().approve(OWNER, id);
          other.runOnce();
          assertThat(other.served(GROUP).map(OtaUpdate::version)).contains("2.0.0");
        });
    report(List.of(device(1)), "1.0.0");
    assertThat(device(id, device(1)).state()).isEqualTo(RolloutDeviceState.QUEUED);
    run(Duration.ofMinutes(1));
    assertThat(device(id, device(1)).state()).isEqualTo(RolloutDeviceState.TRIGGERED);
  }

  @Test
  final void aDeviceThatIsLetInAfterItsGroupWasReachedDespiteTheGuardFollowsAtOnce() {
    listen();
    deploy("1.0.0");
    addDevice(1, "u1", Addressing.GROUP);
    addDevice(2, "u1", Addressing.GROUP);
    report(List.of(device(1)), "3.0.0");
    RolloutId id = start(stages(HALF, 100));
    settle();
    service.rollouts().approve(OWNER, id);
    settle();
    assertThat(device(id, device(1)).state()).isEqualTo(RolloutDeviceState.EXCLUDED);
    report(List.of(device(1)), "1.0.0");
    settle();
    assertThat(device(id, device(1)).state()).isEqualTo(RolloutDeviceState.TRIGGERED);
    assertThat(moves())
        .anyMatch(move -> move.from() == RolloutDeviceState.EXCLUDED)
        .allMatch(move -> move.from().next().contains(move.to()));
  }

  @Test
  final void devicesThatWaitForTheirGroupAreNotLookedAt() {
    deploy("1.0.0");
    addDevice(1, "u1", Addressing.DEVICE);
    addDevice(2, "u1", Addressing.GROUP);
    report(1, "1.0.0");
    report(2, "1.0.0");
    run();
    RolloutId id = start(stages(HALF, 50, 100));
    run();
    assertThat(device(id, device(2)).due()).isEmpty();
    addDevice(9, "u1", Addressing.GROUP);
    report(List.of(device(9)), "1.0.0");
    assertThat(device(id, device(9)).due()).as("joined late").isPresent();
    run(Duration.ofMinutes(2));
    assertThat(device(id, device(9)).due()).as("once").isEmpty();
  }

  @Test
  final void aDeviceThatFallsBackAfterItsRolloutWasCompletedIsTriggeredAgain() {
    fleet(3);
    RolloutId id = start(stages(HALF, 100));
    run();
    report(List.of(device(1)), "2.0.0");
    report(List.of(device(1)), "1.0.0");
    assertThat(device(id, device(1)).state()).isEqualTo(RolloutDeviceState.FELL_BACK);
    report(List.of(device(2), device(3)), "2.0.0");
    settle();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
    for (int times = 1; times <= 2; times++) {
      run(INTERVAL);
      triggers.clear();
      report(List.of(device(1), device(2)), "1.0.0");
      settle();
      assertThat(device(id, device(2)).state()).isEqualTo(RolloutDeviceState.FELL_BACK);
      assertThat(triggered()).as("the other one fell back before").containsExactly(device(2));
      assertThat(told(device(2))).contains("2.0.0");
      assertThat(told(device(1))).contains("1.0.0");
      report(List.of(device(2)), "2.0.0");
      assertThat(device(id, device(2)).state()).isEqualTo(RolloutDeviceState.UPDATED);
    }
  }

  @Test
  final void aDeviceThatFellBackAfterItsRolloutWasCompletedWaitsForTheNextOneAtItsTarget() {
    RolloutId id = almostDone();
    complete(service, id);
    run(INTERVAL);
    report(List.of(device(1)), "1.0.0");
    RolloutId next =
        start(
            "3.0.0",
            stages(HALF, 100).schedule(new Schedule(true, Optional.empty(), Optional.empty())));
    settle();
    assertThat(device(next, device(1)).state()).isEqualTo(RolloutDeviceState.QUEUED);
    assertThat(told(device(1))).contains("2.0.0");
  }
}
