package io.groupota.testkit.contract;

import static io.groupota.testkit.contract.RolloutScenario.ALL;
import static io.groupota.testkit.contract.RolloutScenario.due;
import static io.groupota.testkit.contract.RolloutScenario.in;
import static io.groupota.testkit.contract.RolloutScenario.target;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.Addressing;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutQueue.Member;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.RolloutStep.Admit;
import io.groupota.spi.RolloutStep.Cancel;
import io.groupota.spi.RolloutStep.Enroll;
import io.groupota.spi.RolloutStep.Enrolled;
import io.groupota.spi.RolloutStep.Progress;
import io.groupota.spi.RolloutStep.Reach;
import io.groupota.spi.RolloutStep.Restage;
import io.groupota.spi.RolloutStep.RollBack;
import io.groupota.spi.TrackedRollout;
import io.groupota.spi.TriggerQueue.Claim;
import io.groupota.spi.UpdateLog.Entry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What every {@link RolloutStep} must do; part of {@link OtaRepositoryContract}, which shows how to
 * use it. After each step the counts of the rollout equal the states of its devices.
 */
public interface RolloutStepsContract extends RolloutCancelContract {
  @Test
  default void devicesAreTakenInOnce() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    Enrolled waiting = rollouts.device(group, 0, 7);
    Enrolled done = in(RolloutDeviceState.UPDATED, rollouts.follower(group));
    Enrolled soon = due(Duration.ofMinutes(5), rollouts.device(group, Long.MAX_VALUE));
    rollouts.enroll(id, List.of(waiting, done, soon));
    Instant then = rollouts.clock.instant();

    rollouts.clock.advance(Duration.ofMinutes(1));
    Enrolled again = in(RolloutDeviceState.EXCLUDED, due(Duration.ZERO, waiting));
    Enrolled another = rollouts.device(group, 8);
    assertThat(rollouts.take(id, new Enroll(List.of(again, another, another)))).isEqualTo(1);
    assertThat(rollouts.devices(id))
        .containsExactlyInAnyOrder(
            new RolloutDevice(
                waiting.device(),
                group,
                Addressing.DEVICE,
                0,
                RolloutDeviceState.QUEUED,
                0,
                then,
                Optional.empty()),
            new RolloutDevice(
                done.device(),
                group,
                Addressing.GROUP,
                1,
                RolloutDeviceState.UPDATED,
                0,
                then,
                Optional.empty()),
            new RolloutDevice(
                soon.device(),
                group,
                Addressing.DEVICE,
                1,
                RolloutDeviceState.QUEUED,
                0,
                then,
                Optional.of(then.plus(Duration.ofMinutes(5)))),
            new RolloutDevice(
                another.device(),
                group,
                Addressing.DEVICE,
                1,
                RolloutDeviceState.QUEUED,
                0,
                rollouts.clock.instant(),
                Optional.empty()));
    assertThat(rollouts.take(id, new Enroll(List.of()))).isZero();
  }

  @Test
  default void aDeviceOfAGroupThatIsNotInTheRolloutIsRefused() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    TrackedRollout seen = rollouts.open(group);
    Enroll step =
        new Enroll(
            List.of(rollouts.device(group, 1), rollouts.device(rollouts.scenario.group(), 2)));
    assertThatThrownBy(() -> rollouts.repository.advance(seen, seen.progress(), step))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(rollouts.repository.advance(seen, seen.progress(), new Enroll(List.of())))
        .hasValue(0);
    assertThat(rollouts.devices(seen.rollout().id())).isEmpty();
  }

  @Test
  default void tenThousandDevicesAreTakenInAtOnce() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    rollouts.enroll(id, rollouts.devices(group, 10_000));
    assertThat(rollouts.take(id, new Restage(0, 1_000))).isEqualTo(1_000);
    assertThat(rollouts.take(id, new Admit(0, 10_000, Duration.ZERO))).isEqualTo(1_000);
    assertThat(rollouts.take(id, new Cancel(Set.of(), true, 10_000))).isEqualTo(10_000);
  }

  @Test
  default void aStageTakesTheLowestPlacesFromTheLaterOnesAndGivesBackTheOthers() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    Enrolled first = rollouts.device(group, 0, 90);
    Enrolled at = rollouts.device(group, 30);
    Enrolled below = in(RolloutDeviceState.UPDATED, rollouts.device(group, 29));
    Enrolled above = rollouts.device(group, 31);
    Enrolled follower = rollouts.follower(group);
    rollouts.enroll(id, List.of(first, at, below, above, follower));
    assertThat(rollouts.take(id, new Restage(0, 30))).isEqualTo(3);
    assertThat(rollouts.byId(id).values())
        .extracting(RolloutDevice::device, RolloutDevice::stage)
        .containsExactlyInAnyOrder(
            tuple(first.device(), 1),
            tuple(at.device(), 0),
            tuple(below.device(), 0),
            tuple(above.device(), 1),
            tuple(follower.device(), 1));
    assertThat(rollouts.take(id, new Restage(0, 30))).isZero();
  }

  @Test
  default void theFirstStageIsLetThroughFirstThenTheLowestPlaces() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    Enrolled late = rollouts.device(group, 0, 900);
    Enrolled early = rollouts.device(group, 0, 800);
    Enrolled low = rollouts.device(group, 1);
    Enrolled high = rollouts.device(group, 2);
    Enrolled kept = in(RolloutDeviceState.EXCLUDED, rollouts.device(group, 0, 3));
    Enrolled follower = rollouts.follower(group);
    List<Enrolled> all = new ArrayList<>(List.of(late, early, low, high, kept, follower));
    Collections.reverse(all);
    rollouts.enroll(id, all);
    for (Enrolled next : List.of(early, late)) {
      assertThat(rollouts.take(id, new Admit(0, 1, Duration.ZERO))).isEqualTo(1);
      assertThat(rollouts.state(id, next)).isEqualTo(RolloutDeviceState.ADMITTED);
    }
    assertThat(rollouts.take(id, new Admit(0, ALL, Duration.ZERO))).isZero();
    assertThat(rollouts.take(id, new Admit(1, 1, Duration.ZERO))).isEqualTo(1);
    assertThat(rollouts.state(id, low)).isEqualTo(RolloutDeviceState.ADMITTED);
    assertThat(rollouts.take(id, new Admit(1, ALL, Duration.ZERO))).isEqualTo(1);
    assertThat(rollouts.state(id, high)).isEqualTo(RolloutDeviceState.ADMITTED);
    assertThat(rollouts.state(id, kept)).isEqualTo(RolloutDeviceState.EXCLUDED);
    assertThat(rollouts.state(id, follower)).isEqualTo(RolloutDeviceState.QUEUED);
  }

  @Test
  default void devicesThatAreLetThroughBeginAnAttemptWithinTheJitter() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    Enrolled at0 = rollouts.device(group, 0, 5_000);
    Enrolled at250 = rollouts.device(group, 0, 7_250);
    Enrolled at999 = rollouts.device(group, 0, 999);
    rollouts.enroll(id, List.of(at0, at250, at999));
    rollouts.clock.advance(Duration.ofMinutes(1));
    Instant now = rollouts.clock.instant();
    assertThat(rollouts.take(id, new Admit(0, ALL, Duration.ofSeconds(100)))).isEqualTo(3);
    Map<DeviceId, RolloutDevice> devices = rollouts.byId(id);
    assertThat(devices.values())
        .allSatisfy(
            device -> {
              assertThat(device.attempts()).isEqualTo(1);
              assertThat(device.since()).isEqualTo(now);
            });
    assertThat(Objects.requireNonNull(devices.get(at0.device())).due()).contains(now);
    assertThat(Objects.requireNonNull(devices.get(at250.device())).due())
        .contains(now.plusSeconds(25));
    assertThat(Objects.requireNonNull(devices.get(at999.device())).due())
        .contains(now.plusMillis(99_900));
    assertThat(rollouts.claimDevices())
        .singleElement()
        .satisfies(
            member -> {
              assertThat(member.device()).isEqualTo(at0.device());
              assertThat(member.attemptAt()).contains(now);
              assertThat(member.state()).isEqualTo(RolloutDeviceState.ADMITTED);
            });
  }

  @Test
  default void everyDeviceThatIsLetThroughCostsAToken() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    rollouts.scenario.deploy(group, "1.0.0");
    TrackedRollout seen = rollouts.open(group);
    RolloutId id = seen.rollout().id();
    rollouts.enroll(id, rollouts.devices(group, 4));
    rollouts.enroll(id, rollouts.followers(group, 3));
    RolloutProgress next =
        rollouts.tracked(id).progress().but().tokens(3.25, rollouts.clock.instant()).build();
    rollouts.repository.advance(rollouts.tracked(id), next, new Admit(1, 3, Duration.ZERO));
    assertThat(rollouts.tracked(id).progress().tokens()).isCloseTo(0.25, within(1e-9));
    assertThat(rollouts.tracked(id).progress().tokensAt()).isEqualTo(rollouts.clock.instant());
    rollouts.take(id, new Admit(1, 3, Duration.ZERO));
    assertThat(rollouts.tracked(id).progress().tokens()).isCloseTo(-0.75, within(1e-9));
    rollouts.take(id, new Reach(group, Duration.ZERO));
    assertThat(rollouts.tracked(id).progress().tokens()).isCloseTo(-3.75, within(1e-9));
    rollouts.take(id, new Cancel(Set.of(), true, ALL));
    assertThat(rollouts.tracked(id).progress().tokens()).isCloseTo(-3.75, within(1e-9));
  }

  @Test
  default void aGroupIsReachedAsAWhole() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    GroupId other = rollouts.scenario.group();
    OtaUpdate base = rollouts.scenario.deployAndTrigger(group, "1.0.0");
    rollouts.scenario.deployAndTrigger(other, "1.0.0");
    TrackedRollout rollout = rollouts.open(group, other);
    RolloutId id = rollout.rollout().id();
    Enrolled follower = rollouts.follower(group);
    Enrolled proven = in(RolloutDeviceState.UPDATED, rollouts.follower(group));
    Enrolled single = rollouts.device(group, 1);
    Enrolled elsewhere = rollouts.follower(other);
    rollouts.enroll(id, List.of(follower, proven, single, elsewhere));
    rollouts.scenario.assertNothingDue();

    rollouts.clock.advance(Duration.ofMinutes(1));
    Instant now = rollouts.clock.instant();
    assertThat(rollouts.take(id, new Reach(group, Duration.ofMinutes(9)))).isEqualTo(1);
    assertThat(rollouts.repository.served(group).orElseThrow().id())
        .isEqualTo(target(rollout, group));
    assertThat(rollouts.status(id, group)).isEqualTo(RolloutGroup.Status.REACHED);
    assertThat(rollouts.status(id, other)).isEqualTo(RolloutGroup.Status.WAITING);
    assertThat(rollouts.repository.hold(group).orElseThrow().status())
        .isEqualTo(RolloutGroup.Status.REACHED);
    assertThat(rollouts.repository.hold(group).orElseThrow().base()).contains(base.id());
    RolloutDevice followed = rollouts.view(id, follower);
    assertThat(followed.state()).isEqualTo(RolloutDeviceState.TRIGGERED);
    assertThat(followed.attempts()).isEqualTo(1);
    assertThat(followed.since()).isEqualTo(now);
    assertThat(followed.due()).contains(now.plus(Duration.ofMinutes(9)));
    assertThat(rollouts.state(id, proven)).isEqualTo(RolloutDeviceState.UPDATED);
    assertThat(rollouts.state(id, single)).isEqualTo(RolloutDeviceState.QUEUED);
    assertThat(rollouts.state(id, elsewhere)).isEqualTo(RolloutDeviceState.QUEUED);
    Claim claim = rollouts.scenario.claimOnly(group);
    assertThat(claim.update()).isEqualTo(target(rollout, group));
    assertThat(claim.version()).isEqualTo(RolloutScenario.TARGET);
    assertThat(rollouts.repository.complete(claim)).isTrue();

    assertNotReached(rollouts, id, group);
    rollouts.scenario.assertNothingDue();
  }

  /** The step is not taken, and nothing has changed. */
  private static void assertNotReached(RolloutScenario rollouts, RolloutId id, GroupId group) {
    TrackedRollout seen = rollouts.tracked(id);
    Optional<OtaUpdate> served = rollouts.repository.served(group);
    RolloutProgress next = seen.progress().but().stage(1, seen.now()).tokens(7, seen.now()).build();
    assertThat(rollouts.repository.advance(seen, next, new Reach(group, Duration.ZERO))).isEmpty();
    assertThat(rollouts.tracked(id).revision()).isEqualTo(seen.revision());
    assertThat(rollouts.tracked(id).progress()).isEqualTo(seen.progress());
    assertThat(rollouts.status(id, group)).isEqualTo(RolloutScenario.part(seen, group).status());
    assertThat(rollouts.repository.served(group)).isEqualTo(served);
    rollouts.assertCounts(id);
  }

  @Test
  default void aGroupThatServedNothingIsReachedToo() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    TrackedRollout rollout = rollouts.open(group);
    assertThat(rollouts.take(rollout.rollout().id(), new Reach(group, Duration.ZERO))).isZero();
    assertThat(rollouts.repository.served(group).orElseThrow().id())
        .isEqualTo(target(rollout, group));
    assertThat(rollouts.scenario.claimOnly(group).version()).isEqualTo(RolloutScenario.TARGET);
    assertThat(rollouts.status(rollout.rollout().id(), group))
        .isEqualTo(RolloutGroup.Status.REACHED);
  }

  @Test
  default void aGroupIsNotReachedWhileAGuardKeepsOutOneOfItsFollowers() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    OtaUpdate base = rollouts.scenario.deployAndTrigger(group, "1.0.0");
    RolloutId id = rollouts.open(group).rollout().id();
    Enrolled kept = in(RolloutDeviceState.EXCLUDED, rollouts.follower(group));
    Enrolled alone = in(RolloutDeviceState.EXCLUDED, rollouts.device(group, 1));
    rollouts.enroll(id, List.of(rollouts.follower(group), kept, alone));
    assertThat(rollouts.tracked(id).rollout().groups().get(0).blocked()).isFalse();
    RolloutProgress next = atStage(rollouts.tracked(id), 1);
    assertThat(rollouts.repository.advance(rollouts.tracked(id), next, new Progress())).hasValue(0);
    assertThat(rollouts.tracked(id).rollout().groups().get(0).blocked()).isTrue();
    assertNotReached(rollouts, id, group);
    assertThat(rollouts.repository.served(group)).contains(base);
    assertThat(rollouts.status(id, group)).isEqualTo(RolloutGroup.Status.WAITING);
    rollouts.scenario.assertNothingDue();

    RolloutProgress despite = next.but().despiteGuards(true).build();
    assertThat(
            rollouts.repository.advance(
                rollouts.tracked(id), despite, new Reach(group, Duration.ZERO)))
        .hasValue(1);
    assertThat(rollouts.tracked(id).rollout().groups().get(0).blocked()).isFalse();
    assertThat(rollouts.status(id, group)).isEqualTo(RolloutGroup.Status.REACHED);
    assertThat(rollouts.state(id, kept)).isEqualTo(RolloutDeviceState.EXCLUDED);
    rollouts.assertCounts(id);
  }

  private static RolloutProgress atStage(TrackedRollout rollout, int stage) {
    return rollout.progress().but().stage(stage, rollout.now()).build();
  }

  @Test
  default void aGroupThatTheRolloutDoesNotHoldIsNotReached() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    rollouts.enroll(id, rollouts.followers(group, 2));
    OtaUpdate deployed = rollouts.scenario.deploy(group, "3.0.0");
    assertNotReached(rollouts, id, group);
    assertThat(rollouts.repository.served(group)).contains(deployed);
    assertThat(rollouts.status(id, group)).isEqualTo(RolloutGroup.Status.RELEASED);
  }

  @Test
  default void aRollBackServesTheEntriesAndTriggersTheOthers() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId reached = rollouts.scenario.group();
    GroupId waiting = rollouts.scenario.group();
    GroupId empty = rollouts.scenario.group();
    OtaUpdate base = rollouts.scenario.deployAndTrigger(reached, "1.0.0");
    OtaUpdate stays = rollouts.scenario.deployAndTrigger(waiting, "1.0.0");
    RolloutId id = rollouts.open(reached, waiting, empty).rollout().id();
    rollouts.take(id, new Reach(reached, Duration.ZERO));
    rollouts.repository.complete(rollouts.scenario.claimOnly(reached));

    OtaUpdate back = rollouts.scenario.update(reached, "1.0.0", base.blob());
    assertThat(rollouts.take(id, new RollBack(List.of(rollouts.scenario.entry(back)))))
        .isEqualTo(1);
    assertThat(rollouts.repository.served(reached)).contains(back);
    assertThat(rollouts.repository.served(waiting)).contains(stays);
    assertThat(rollouts.repository.served(empty)).isEmpty();
    for (GroupId group : List.of(reached, waiting, empty)) {
      assertThat(rollouts.repository.hold(group)).isEmpty();
      assertThat(rollouts.status(id, group)).isEqualTo(RolloutGroup.Status.RELEASED);
    }
    assertThat(rollouts.scenario.claimAll())
        .extracting(Claim::group)
        .containsExactlyInAnyOrder(reached, waiting);
  }

  @Test
  default void aRollBackLeavesGroupsAloneThatTheRolloutDoesNotHold() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId lost = rollouts.scenario.group();
    GroupId taken = rollouts.scenario.group();
    GroupId kept = rollouts.scenario.group();
    OtaUpdate base = rollouts.scenario.deployAndTrigger(kept, "1.0.0");
    rollouts.scenario.deployAndTrigger(taken, "1.0.0");
    RolloutId id = rollouts.open(lost, taken, kept).rollout().id();
    OtaUpdate deployed = rollouts.scenario.deployAndTrigger(lost, "3.0.0");
    RolloutId later = rollouts.open(taken).rollout().id();
    OtaUpdate back = rollouts.scenario.update(kept, "1.0.0", base.blob());
    assertThat(rollouts.take(id, new RollBack(List.of(rollouts.scenario.entry(back)))))
        .isEqualTo(1);
    assertThat(rollouts.repository.served(kept)).contains(back);
    assertThat(rollouts.repository.served(lost)).contains(deployed);
    assertThat(rollouts.repository.hold(taken).orElseThrow().rollout()).isEqualTo(later);
    assertThat(rollouts.scenario.claimAll()).extracting(Claim::group).containsExactly(kept);
  }

  @Test
  default void aRollBackOfAGroupThatTheRolloutDoesNotHoldChangesNothing() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId lost = rollouts.scenario.group();
    GroupId kept = rollouts.scenario.group();
    OtaUpdate base = rollouts.scenario.deployAndTrigger(lost, "1.0.0");
    OtaUpdate stays = rollouts.scenario.deployAndTrigger(kept, "1.0.0");
    RolloutId id = rollouts.open(lost, kept).rollout().id();
    OtaUpdate deployed = rollouts.scenario.deployAndTrigger(lost, "3.0.0");
    TrackedRollout seen = rollouts.tracked(id);
    List<Entry> entries =
        Stream.of(kept, lost)
            .map(group -> rollouts.scenario.update(group, "1.0.0", base.blob()))
            .map(rollouts.scenario::entry)
            .toList();
    assertThat(rollouts.repository.advance(seen, seen.progress(), new RollBack(entries))).isEmpty();
    assertThat(rollouts.tracked(id).revision()).isEqualTo(seen.revision());
    assertThat(rollouts.repository.served(lost)).contains(deployed);
    assertThat(rollouts.repository.served(kept)).contains(stays);
    assertThat(rollouts.repository.hold(kept).orElseThrow().rollout()).isEqualTo(id);
    assertThat(rollouts.repository.update(entries.get(0).update().id())).isEmpty();
    assertThat(rollouts.repository.update(entries.get(1).update().id())).isEmpty();
    rollouts.scenario.assertNothingDue();
  }

  @Test
  default void aRollBackToAFileThatIsGoneChangesNothing() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    rollouts.scenario.deployAndTrigger(group, "1.0.0");
    TrackedRollout seen = rollouts.open(group);
    OtaUpdate back = rollouts.scenario.update(group, "1.0.0");
    rollouts.repository.abandon(back.blob());
    assertThat(rollouts.repository.claimAbandoned(Scenario.GRACE, ALL)).hasSize(1);
    RollBack step = new RollBack(List.of(rollouts.scenario.entry(back)));
    assertThat(rollouts.repository.advance(seen, seen.progress(), step)).isEmpty();
    assertThat(rollouts.tracked(seen.rollout().id()).revision()).isEqualTo(seen.revision());
    assertThat(rollouts.repository.hold(group)).isPresent();
    rollouts.scenario.assertNothingDue();
  }

  @Test
  default void aStepChangesTheRevisionsOfItsDevices() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    Enrolled device = rollouts.device(group, 1);
    Enrolled follower = rollouts.follower(group);
    rollouts.enroll(id, List.of(device, follower));
    List<RolloutStep> steps =
        List.of(
            new Restage(0, 1), new Admit(1, ALL, Duration.ZERO), new Cancel(Set.of(), true, ALL));
    for (RolloutStep step : steps) {
      Member seen = rollouts.member(device);
      assertThat(rollouts.take(id, step)).isPositive();
      assertThat(
              rollouts.repository.move(
                  List.of(RolloutScenario.moved(seen, RolloutDeviceState.FAILED))))
          .as("a move that was decided before %s", step)
          .isEmpty();
    }
  }
}
