package io.groupota.testkit.contract;

import static io.groupota.testkit.contract.RolloutScenario.ALL;
import static io.groupota.testkit.contract.RolloutScenario.LEASE;
import static io.groupota.testkit.contract.RolloutScenario.PLAN;
import static io.groupota.testkit.contract.RolloutScenario.in;
import static io.groupota.testkit.contract.RolloutScenario.target;
import static io.groupota.testkit.contract.Scenario.MILLISECOND;
import static io.groupota.testkit.contract.Scenario.OWNER;
import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.Retention;
import io.groupota.UpdateId;
import io.groupota.rollout.DeviceLimits;
import io.groupota.rollout.Failure;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Guards;
import io.groupota.rollout.Pace;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutCounts;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutState;
import io.groupota.rollout.Schedule;
import io.groupota.rollout.Selector;
import io.groupota.rollout.Stage;
import io.groupota.rollout.StopRule;
import io.groupota.rollout.Window;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutLog.Assignment;
import io.groupota.spi.RolloutLog.Hold;
import io.groupota.spi.RolloutLog.Holds;
import io.groupota.spi.RolloutLog.Opening;
import io.groupota.spi.RolloutLog.Target;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.RolloutStep.Enrolled;
import io.groupota.spi.RolloutStep.Reach;
import io.groupota.spi.TrackedRollout;
import io.groupota.spi.UpdateLog.Outcome;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * What every {@link io.groupota.spi.RolloutLog} must do when rollouts are opened and hold groups;
 * part of {@link OtaRepositoryContract}, which shows how to use it. How pages are read is in {@link
 * RolloutPagesContract}.
 */
public interface RolloutLogContract extends RolloutPagesContract {
  @Test
  default void aRolloutIsReadBackAsItWasOpened() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId first = rollouts.scenario.group();
    GroupId second = rollouts.scenario.group();
    OtaUpdate base = rollouts.scenario.deploy(second, "1.0.0");
    RolloutPlan plan = plan(rollouts.scenario, first);
    OwnerId owner = new OwnerId("~!'%_\\\"" + "x".repeat(121));
    Opening opening = rollouts.opening(owner, plan, "1.2.3-rc.1+" + "b".repeat(53), first, second);
    rollouts.clock.advance(Duration.ofSeconds(1));
    Instant now = rollouts.clock.instant();
    TrackedRollout opened = rollouts.open(opening);
    assertThat(opened.rollout())
        .isEqualTo(
            new Rollout(
                opening.id(),
                owner,
                opening.version(),
                List.of(
                    waiting(first, opening.groups().get(0).update(), Optional.empty(), 2),
                    waiting(second, opening.groups().get(1).update(), Optional.of(base.id()), 4)),
                plan,
                RolloutState.SCHEDULED,
                Optional.empty(),
                0,
                false,
                new RolloutCounts(List.of(Map.of(), Map.of(), Map.of(), Map.of(), Map.of())),
                opening.createdAt(),
                Optional.empty(),
                Optional.empty()));
    assertThat(opened.progress()).isEqualTo(RolloutProgress.opened(plan.pace(), now));
    assertThat(opened.now()).isEqualTo(now);
    assertThat(rollouts.repository.rollout(opening.id())).contains(opened);
    assertThat(rollouts.repository.rollout(new RolloutId(rollouts.scenario.hexId()))).isEmpty();
  }

  private static RolloutGroup waiting(
      GroupId group, OtaUpdate target, Optional<UpdateId> base, int completeIn) {
    return new RolloutGroup(
        group, target.id(), base, completeIn, RolloutGroup.Status.WAITING, false);
  }

  private static RolloutPlan plan(Scenario scenario, GroupId whole) {
    return RolloutPlan.builder()
        .stage(
            new Stage(
                new Selector.Named(Set.of(scenario.device())),
                new Gate(12.5, Duration.ofMillis(90_061_001), true)))
        .stage(
            new Stage(
                new Selector.WithAttribute("it's \"quoted\" ,:\\", "\u00e4\n\u20ac"),
                Gate.ALL_PROVEN))
        .stage(new Stage(new Selector.WholeGroups(Set.of(whole)), Gate.ALL_PROVEN))
        .stage(new Stage(new Selector.Count(3_000_000_000L), Gate.ALL_PROVEN))
        .stage(Stage.everyone())
        .stopWhen(
            new StopRule(
                Set.of(Failure.FELL_BACK, Failure.REJECTED),
                OptionalDouble.empty(),
                OptionalLong.of(4_000_000_000L),
                7,
                StopRule.Action.ROLL_BACK,
                Optional.of(new UpdateId(scenario.hexId()))))
        .pace(
            new Pace(
                OptionalDouble.of(0.1),
                1.25,
                5_000_000_000L,
                OptionalDouble.of(77.7),
                OptionalInt.of(9)))
        .window(
            new Window(
                Set.of(DayOfWeek.SUNDAY, DayOfWeek.MONDAY),
                LocalTime.of(22, 30),
                LocalTime.of(4, 0),
                ZoneId.of("America/St_Johns")))
        .schedule(
            new Schedule(
                false,
                Optional.of(Instant.parse("2030-01-01T00:00:00Z")),
                Optional.of(Instant.parse("2031-01-01T00:00:00.5Z"))))
        .devices(
            new DeviceLimits(
                Duration.ofMinutes(1),
                Duration.ofMinutes(2),
                3,
                Duration.ofMinutes(4),
                Duration.ofMinutes(5),
                Duration.ofMinutes(6)))
        .guards(new Guards(true, Optional.of(">=1.2.0 & <2.0.0")))
        .build();
  }

  @Test
  default void openingRecordsTheUpdatesAndServesNone() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId served = rollouts.scenario.group();
    GroupId empty = rollouts.scenario.group();
    OtaUpdate base = rollouts.scenario.deployAndTrigger(served, "1.0.0");
    rollouts.clock.advance(MILLISECOND);
    Opening opening = rollouts.opening(served, empty);
    rollouts.open(opening);
    OtaUpdate first = opening.groups().get(0).update();
    OtaUpdate second = opening.groups().get(1).update();
    assertThat(rollouts.otherNode.served(served)).contains(base);
    assertThat(rollouts.otherNode.served(empty)).isEmpty();
    assertThat(rollouts.otherNode.history(served, 0, ALL).updates()).containsExactly(first, base);
    assertThat(rollouts.otherNode.update(second.id())).contains(second);
    rollouts.scenario.assertNothingDue();
    rollouts.clock.advance(Duration.ofDays(9));
    assertThat(rollouts.repository.claimAbandoned(Scenario.GRACE, ALL)).isEmpty();
  }

  @Test
  default void aRolloutWhoseBlobIsGoneChangesNothing() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    TrackedRollout before = rollouts.open(group);
    Opening opening = rollouts.opening(group);
    rollouts.repository.abandon(opening.groups().get(0).update().blob());
    assertThat(rollouts.repository.claimAbandoned(Scenario.GRACE, ALL)).hasSize(1);
    assertThat(rollouts.repository.open(opening)).isEqualTo(Outcome.BLOB_GONE);
    assertThat(rollouts.repository.rollout(opening.id())).isEmpty();
    assertThat(rollouts.repository.update(opening.groups().get(0).update().id())).isEmpty();
    assertThat(rollouts.tracked(before.rollout().id())).isEqualTo(before);
    assertThat(rollouts.repository.hold(group).orElseThrow().rollout())
        .isEqualTo(before.rollout().id());
  }

  @Test
  default void aRolloutHoldsItsGroupsUntilTheNextOneDoes() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId taken = rollouts.scenario.group();
    GroupId stays = rollouts.scenario.group();
    OtaUpdate base = rollouts.scenario.deploy(taken, "1.0.0");
    assertThat(rollouts.repository.hold(taken)).isEmpty();
    TrackedRollout first = rollouts.open(taken, stays);
    RolloutId id = first.rollout().id();
    assertThat(rollouts.otherNode.hold(taken))
        .contains(
            new Hold(
                id,
                RolloutState.SCHEDULED,
                taken,
                target(first, taken),
                Optional.of(base.id()),
                Optional.empty(),
                RolloutGroup.Status.WAITING));
    assertThat(rollouts.otherNode.hold(stays).orElseThrow().base()).isEmpty();
    List<GroupId> groups = List.of(taken, rollouts.scenario.group(), stays);
    assertThat(rollouts.otherNode.holds(groups, Duration.ZERO))
        .isEqualTo(
            new Holds(
                Map.of(
                    taken, rollouts.otherNode.hold(taken).orElseThrow(),
                    stays, rollouts.otherNode.hold(stays).orElseThrow()),
                Set.of()));
    assertThat(rollouts.otherNode.holds(List.of(), Duration.ZERO))
        .isEqualTo(new Holds(Map.of(), Set.of()));
    rollouts.sleep(id);

    TrackedRollout second = rollouts.open(taken);
    Hold hold = rollouts.otherNode.hold(taken).orElseThrow();
    assertThat(hold.rollout()).isEqualTo(second.rollout().id());
    assertThat(hold.previous()).contains(id);
    assertThat(hold.base()).contains(base.id());
    assertThat(rollouts.otherNode.hold(stays).orElseThrow().rollout()).isEqualTo(id);
    assertThat(rollouts.status(id, taken)).isEqualTo(RolloutGroup.Status.RELEASED);
    assertThat(rollouts.status(id, stays)).isEqualTo(RolloutGroup.Status.WAITING);
    assertThat(rollouts.repository.claimRollouts(LEASE, ALL))
        .extracting(tracked -> tracked.rollout().id())
        .as("the one that lost a group is woken")
        .containsExactlyInAnyOrder(id, second.rollout().id());
  }

  @Test
  default void aDeployTakesItsGroupOutOfTheRollout() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId taken = rollouts.scenario.group();
    GroupId stays = rollouts.scenario.group();
    RolloutId id = rollouts.open(taken, stays).rollout().id();
    rollouts.sleep(id);
    OtaUpdate late = rollouts.scenario.update(taken, "3.0.0");
    assertThat(
            rollouts
                .repository
                .record(rollouts.scenario.guarded(late, Optional.of(late.id())))
                .outcome())
        .isEqualTo(Outcome.SERVED_CHANGED);
    assertThat(rollouts.repository.hold(taken)).isPresent();
    assertThat(rollouts.repository.claimRollouts(LEASE, ALL)).isEmpty();

    rollouts.scenario.deploy(taken, "3.0.0");
    assertThat(rollouts.otherNode.hold(taken)).isEmpty();
    Holds holds = rollouts.otherNode.holds(List.of(taken, stays), LEASE);
    assertThat(holds.held()).containsOnlyKeys(stays);
    assertThat(holds.released()).containsExactly(taken);
    assertThat(rollouts.otherNode.hold(stays)).isPresent();
    assertThat(rollouts.status(id, taken)).isEqualTo(RolloutGroup.Status.RELEASED);
    assertThat(rollouts.status(id, stays)).isEqualTo(RolloutGroup.Status.WAITING);
    assertThat(rollouts.repository.claimRollouts(LEASE, ALL)).hasSize(1);

    TrackedRollout next = rollouts.open(taken);
    assertThat(rollouts.otherNode.hold(taken).orElseThrow().previous()).isEmpty();
    rollouts.take(next.rollout().id(), new Reach(taken, Duration.ZERO));
    rollouts.scenario.deploy(taken, "4.0.0");
    assertThat(rollouts.otherNode.hold(taken)).isEmpty();
    assertThat(rollouts.status(next.rollout().id(), taken)).isEqualTo(RolloutGroup.Status.RELEASED);
  }

  @Test
  default void devicesAreAssignedTheTargetOnceTheyAreLetThrough() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    OtaUpdate base = rollouts.scenario.deploy(group, "1.0.0");
    TrackedRollout rollout = rollouts.open(group);
    RolloutId id = rollout.rollout().id();
    List<Enrolled> all = new ArrayList<>();
    for (RolloutDeviceState state : RolloutDeviceState.values()) {
      all.add(in(state, rollouts.device(group, 1)));
    }
    rollouts.enroll(id, all);
    for (Enrolled device : all) {
      Assignment assignment = rollouts.assignment(group, device.device()).orElseThrow();
      assertThat(assignment)
          .isEqualTo(
              new Assignment(
                  id,
                  RolloutState.SCHEDULED,
                  device.state(),
                  target(rollout, group),
                  Optional.of(base.id()),
                  false));
      assertThat(assignment.update())
          .contains(device.state().isLetThrough() ? target(rollout, group) : base.id());
    }
    Hold hold = rollouts.repository.hold(group).orElseThrow();
    Map<DeviceId, Hold> asked =
        new HashMap<>(all.stream().collect(Collectors.toMap(Enrolled::device, device -> hold)));
    asked.put(rollouts.scenario.device(), hold);
    assertThat(rollouts.repository.assignments(asked)).hasSize(all.size());
    assertThat(rollouts.repository.assignments(Map.of())).isEmpty();
  }

  @Test
  default void devicesOfAnotherGroupOfTheRolloutAreNotAssignedAnything() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    GroupId other = rollouts.scenario.group();
    RolloutId id = rollouts.open(group, other).rollout().id();
    Enrolled moved = rollouts.device(other, 1);
    rollouts.enroll(id, List.of(moved));
    assertThat(rollouts.assignment(group, moved.device())).isEmpty();
    assertThat(rollouts.assignment(other, moved.device())).isPresent();
  }

  @Test
  default void whatARolloutAssignedIsTheBaseInTheNextOne() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    UpdateId base = rollouts.scenario.deploy(group, "1.0.0").id();
    TrackedRollout first = rollouts.open(group);
    Enrolled ahead = in(RolloutDeviceState.UPDATED, rollouts.device(group, 1));
    Enrolled behind = in(RolloutDeviceState.FAILED, rollouts.device(group, 2));
    Enrolled late = rollouts.device(group, 3);
    rollouts.enroll(first.rollout().id(), List.of(ahead, behind));

    TrackedRollout second = rollouts.open(rollouts.opening(OWNER, PLAN, "3.0.0", group));
    UpdateId one = target(first, group);
    UpdateId two = target(second, group);
    // Not taken in yet: what the first one says.
    assertThat(rollouts.assigned(ahead)).contains(one);
    assertThat(rollouts.assigned(behind)).contains(base);
    assertThat(rollouts.assignment(group, late.device())).isEmpty();
    Enrolled aheadAgain = in(RolloutDeviceState.FAILED, ahead);
    Enrolled behindAgain = in(RolloutDeviceState.DOWNLOADING, behind);
    rollouts.enroll(
        second.rollout().id(),
        List.of(aheadAgain, behindAgain, in(RolloutDeviceState.UPDATED, late)));
    assertThat(rollouts.assigned(ahead)).contains(one);
    assertThat(rollouts.assigned(behind)).contains(two);
    assertThat(rollouts.assigned(late)).contains(two);

    TrackedRollout third = rollouts.open(rollouts.opening(OWNER, PLAN, "4.0.0", group));
    assertThat(rollouts.assigned(ahead)).contains(one);
    rollouts.enroll(third.rollout().id(), List.of(in(RolloutDeviceState.QUEUED, ahead), late));
    assertThat(rollouts.assigned(ahead)).contains(one);
    assertThat(rollouts.assigned(behind)).contains(two);
    assertThat(rollouts.assigned(late)).contains(two);
    assertThat(rollouts.otherNode.hold(group).orElseThrow().base()).contains(base);
  }

  @Test
  default void aRolloutThatIsCompletedAssignsItsTargetToThoseItDidNotReachInTime() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    TrackedRollout first = rollouts.open(group);
    RolloutId id = first.rollout().id();
    Enrolled late = in(RolloutDeviceState.TIMED_OUT, rollouts.device(group, 1));
    Enrolled failed = in(RolloutDeviceState.FAILED, rollouts.device(group, 2));
    rollouts.enroll(id, List.of(late, failed));
    assertThat(rollouts.assigned(late)).isEmpty();
    TrackedRollout seen = rollouts.tracked(id);
    RolloutProgress over =
        seen.progress().but().state(RolloutState.COMPLETED, Optional.empty()).build();
    rollouts.repository.advance(seen, over, new RolloutStep.Progress());
    assertThat(rollouts.assigned(late)).contains(target(first, group));
    assertThat(rollouts.assigned(failed)).isEmpty();
    TrackedRollout second = rollouts.open(group);
    rollouts.repository.enrollLate(
        second.rollout().id(), List.of(in(RolloutDeviceState.QUEUED, late), failed));
    assertThat(rollouts.assigned(late)).contains(target(first, group));
    assertThat(rollouts.assigned(failed)).isEmpty();
  }

  @Test
  default void aDeviceThatFellBackAfterItsRolloutWasCompletedIsAssignedTheTarget() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    UpdateId base = rollouts.scenario.deploy(group, "1.0.0").id();
    TrackedRollout first = rollouts.open(group);
    RolloutId id = first.rollout().id();
    Enrolled before = in(RolloutDeviceState.UPDATED, rollouts.device(group, 1));
    Enrolled after = in(RolloutDeviceState.UPDATED, rollouts.device(group, 2));
    rollouts.enroll(id, List.of(before, after));
    rollouts.move(RolloutDeviceState.FELL_BACK, before);
    TrackedRollout seen = rollouts.tracked(id);
    RolloutProgress over =
        seen.progress()
            .but()
            .state(RolloutState.COMPLETED, Optional.empty())
            .endedAt(seen.now())
            .build();
    rollouts.repository.advance(seen, over, new RolloutStep.Progress());
    rollouts.move(RolloutDeviceState.FELL_BACK, after);
    assertThat(rollouts.assigned(before)).contains(base);
    assertThat(rollouts.assigned(after)).contains(target(first, group));
    TrackedRollout second = rollouts.open(group);
    rollouts.repository.enrollLate(second.rollout().id(), List.of(before, after));
    rollouts.move(RolloutDeviceState.FELL_BACK, before, after);
    assertThat(rollouts.assigned(before)).contains(base);
    assertThat(rollouts.assigned(after)).contains(target(first, group));
  }

  @Test
  default void whatOlderDevicesMustPassThroughIsWhatTheGroupHasServed() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    assertThat(rollouts.repository.mustPassThrough(group)).isEmpty();
    OtaUpdate first = rollouts.scenario.record(mustPass(rollouts, group, "1.0.0"));
    rollouts.scenario.deploy(group, "1.1.0");
    rollouts.scenario.record(mustPass(rollouts, rollouts.scenario.group(), "1.0.0"));
    Opening opening = mustPass(rollouts.opening(group));
    rollouts.open(opening);
    assertThat(rollouts.repository.mustPassThrough(group)).containsExactly(first);
    rollouts.take(opening.id(), new Reach(group, Duration.ZERO));
    assertThat(rollouts.otherNode.mustPassThrough(group))
        .containsExactlyInAnyOrder(first, opening.groups().get(0).update());
  }

  private static OtaUpdate mustPass(RolloutScenario rollouts, GroupId group, String version) {
    return Scenario.mustPass(rollouts.scenario.update(group, version));
  }

  private static Opening mustPass(Opening opening) {
    return new Opening(
        opening.id(),
        opening.owner(),
        opening.version(),
        opening.plan(),
        opening.groups().stream()
            .map(
                target ->
                    new Target(
                        Scenario.mustPass(target.update()),
                        target.recordId(),
                        target.path(),
                        target.completeIn()))
            .toList(),
        opening.createdAt());
  }

  @Test
  default void retentionKeepsWhatRolloutsAndOlderDevicesNeed() {
    RolloutScenario rollouts = new RolloutScenario(this);
    OtaRepository repository = rollouts.repository;
    GroupId group = rollouts.scenario.group();
    OtaUpdate passage = rollouts.scenario.record(mustPass(rollouts, group, "1.0.0"));
    OtaUpdate old = rollouts.scenario.deploy(group, "1.1.0");
    OtaUpdate base = rollouts.scenario.deploy(group, "1.2.0");
    TrackedRollout first = rollouts.open(group);
    TrackedRollout second = rollouts.open(group);
    rollouts.take(second.rollout().id(), new Reach(group, Duration.ZERO));
    Retention two = new Retention(2, Duration.ofHours(1));
    rollouts.clock.advance(Duration.ofDays(2));
    assertThat(repository.prune(two).orElseThrow().removed()).containsExactly(old.id());
    for (UpdateId kept :
        List.of(passage.id(), base.id(), target(first, group), target(second, group))) {
      assertThat(repository.update(kept)).isPresent();
    }
    OtaUpdate deployed = rollouts.scenario.deploy(group, "3.0.0");
    rollouts.clock.advance(Duration.ofDays(2));
    assertThat(repository.prune(two).orElseThrow().removed())
        .containsExactly(base.id(), target(first, group));
    assertThat(repository.update(passage.id())).contains(passage);
    assertThat(repository.served(group)).contains(deployed);
  }
}
