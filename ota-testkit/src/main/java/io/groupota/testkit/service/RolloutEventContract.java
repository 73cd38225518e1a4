package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.GroupOtaService;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.UpdateCode;
import io.groupota.event.Deployed;
import io.groupota.event.RolloutChanged;
import io.groupota.event.RolloutChanged.Change;
import io.groupota.rollout.Failure;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Pace;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutReason;
import io.groupota.rollout.RolloutState;
import io.groupota.rollout.StopRule;
import io.groupota.spi.RolloutStep;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/**
 * What listeners hear of rollouts: of what people do to them, and of what these do by themselves.
 */
public abstract class RolloutEventContract extends RolloutServiceContract {
  /** For subclasses. */
  protected RolloutEventContract() {}

  @Test
  final void everyActionIsToldWithWhoDidIt() {
    listen();
    fleet(4);
    RolloutId id = start(stages(new Gate(100, Duration.ZERO, true), 25, 100));
    run();
    service.rollouts().pause(OWNER, id);
    service.rollouts().resume(OWNER, id);
    service.rollouts().changePace(OWNER, id, Pace.constant(60_000, 1));
    report(triggeredOf(id), "2.0.0");
    service.rollouts().approve(OWNER, id);
    run();
    service.rollouts().cancel(OWNER, id);
    service.rollouts().rollBack(OWNER, id, Optional.empty());
    service.runOnce();
    assertThat(changes()).allMatch(event -> event.rollout().equals(id));
    assertThat(changes()).allMatch(event -> event.owner().equals(OWNER));
    assertThat(changes().stream().filter(event -> event.actor().isPresent()))
        .allMatch(event -> event.actor().equals(Optional.of(OWNER)))
        .extracting(RolloutChanged::change)
        .containsExactly(
            Change.OPENED,
            Change.PAUSED,
            Change.RESUMED,
            Change.PACE_CHANGED,
            Change.APPROVED,
            Change.CANCELED,
            Change.ROLLED_BACK);
    assertThat(changes().stream().filter(event -> event.actor().isEmpty()))
        .extracting(RolloutChanged::change)
        .containsExactly(Change.ENROLLED, Change.STARTED, Change.APPROVAL_NEEDED);
  }

  @Test
  final void whatARolloutDoesByItselfIsToldWithoutAnActor() {
    listen();
    fleet(4);
    RolloutId id =
        start(
            stages(Gate.ALL_PROVEN, 50, 100)
                .devices(ONCE)
                .stopWhen(StopRule.above(30, 3, StopRule.Action.ROLL_BACK)));
    run();
    List<DeviceId> first = triggeredOf(id);
    report(first, "2.0.0");
    events.clear();
    List<DeviceId> second = triggeredOf(id);
    report(first.subList(0, 1), "1.0.0");
    code(second.subList(0, 1), UpdateCode.FAILED);
    assertThat(moves())
        .anyMatch(move -> move.to() == RolloutDeviceState.FELL_BACK)
        .anyMatch(move -> move.to() == RolloutDeviceState.FAILED)
        .allMatch(move -> move.from().next().contains(move.to()));
    RolloutChanged last = changes().get(changes().size() - 1);
    assertThat(last.change()).isEqualTo(Change.ROLLED_BACK);
    assertThat(last.reason()).contains(RolloutReason.STOP_RULE);
    assertThat(last.actor()).isEmpty();
    assertThat(deployed()).extracting(one -> one.update().version()).containsExactly("1.0.0");
    assertThat(deployed()).extracting(Deployed::actor).containsExactly(Optional.empty());
  }

  @Test
  final void whatARollbackServesIsToldAsADeploy() {
    OtaUpdate base = deploy("1.0.0");
    secondGroup();
    listen();
    fleet(4);
    RolloutId id = startInBothGroups(stages(Gate.ALL_PROVEN, 100));
    settle();
    report(triggeredOf(id), "2.0.0");
    settle();
    assertThat(deployed()).extracting(Deployed::group).contains(GROUP);
    OtaUpdate target = service.served(GROUP).orElseThrow();
    assertThat(deployed())
        .filteredOn(one -> one.update().equals(target))
        .extracting(Deployed::actor)
        .containsExactly(Optional.empty());
    events.clear();

    service.rollouts().rollBack(OWNER, id, Optional.of(base.id()));
    service.runOnce();

    assertThat(deployed()).extracting(Deployed::group).containsExactlyInAnyOrder(GROUP, SECOND);
    assertThat(deployed()).extracting(Deployed::actor).containsOnly(Optional.of(OWNER));
    Deployed back =
        deployed().stream().filter(one -> one.group().equals(GROUP)).findFirst().orElseThrow();
    assertThat(back.update()).isEqualTo(service.served(GROUP).orElseThrow());
    assertThat(back.update().redeployOf()).contains(base.id());
    assertThat(back.previous()).contains(target);
  }

  @Test
  final void aRollbackThatADeployOvertakesIsToldThoughNothingCanBeReadAfterIt() {
    OtaUpdate base = deploy("1.0.0");
    secondGroup();
    fleet(4);
    RolloutId id = startInBothGroups(stages(Gate.ALL_PROVEN, 100));
    settle();
    overtakeTheRollback();

    service.rollouts().rollBack(OWNER, id, Optional.of(base.id()));
    assertToldOfTheSecondGroup(id, Optional.of(OWNER));
  }

  @Test
  final void aRollbackByARuleThatADeployOvertakesIsToldThoughNothingCanBeReadAfterIt() {
    OtaUpdate base = deploy("1.0.0");
    secondGroup();
    fleet(4);
    RolloutId id =
        startInBothGroups(
            stages(Gate.ALL_PROVEN, 100)
                .devices(ONCE)
                .stopWhen(
                    new StopRule(
                        Set.of(Failure.FAILED),
                        OptionalDouble.empty(),
                        OptionalLong.of(0),
                        1,
                        StopRule.Action.ROLL_BACK,
                        Optional.of(base.id()))));
    settle();
    overtakeTheRollback();

    code(triggeredOf(id), UpdateCode.FAILED);
    settle();
    assertToldOfTheSecondGroup(id, Optional.empty());
  }

  /**
   * Lets another node deploy to the first group just before a rollback; updates cannot be read
   * between the commit of that and the next step.
   */
  private void overtakeTheRollback() {
    GroupOtaService other = service;
    AtomicBoolean overtake = new AtomicBoolean(true);
    AtomicBoolean committed = new AtomicBoolean();
    service =
        build(
            builder()
                .listener(events::add)
                .repository(
                    intercepting(
                        failing("update", committed::get),
                        "advance",
                        (step, args) -> {
                          boolean back = args[2] instanceof RolloutStep.RollBack;
                          if (back && overtake.getAndSet(false)) {
                            other.deploy(request("3.0.0"));
                          }
                          Object taken = step.call();
                          committed.set(back && !taken.equals(OptionalLong.empty()));
                          return taken;
                        })));
  }

  private void assertToldOfTheSecondGroup(RolloutId id, Optional<OwnerId> actor) {
    service.runOnce();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.ROLLED_BACK);
    assertThat(changes()).extracting(RolloutChanged::change).contains(Change.ROLLED_BACK);
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("3.0.0");
    assertThat(deployed())
        .extracting(Deployed::update)
        .containsExactly(service.served(SECOND).orElseThrow());
    assertThat(deployed()).extracting(Deployed::actor).containsExactly(actor);
  }
}
