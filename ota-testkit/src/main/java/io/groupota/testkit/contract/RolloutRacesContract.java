package io.groupota.testkit.contract;

import static io.groupota.testkit.contract.RolloutScenario.ALL;
import static io.groupota.testkit.contract.RolloutScenario.LEASE;
import static io.groupota.testkit.contract.RolloutScenario.due;
import static io.groupota.testkit.contract.RolloutScenario.moved;
import static io.groupota.testkit.contract.Scenario.MILLISECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutLog.Hold;
import io.groupota.spi.RolloutLog.Opening;
import io.groupota.spi.RolloutQueue.DueMember;
import io.groupota.spi.RolloutQueue.Member;
import io.groupota.spi.RolloutQueue.Move;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.RolloutStep.Admit;
import io.groupota.spi.RolloutStep.Enrolled;
import io.groupota.spi.RolloutStep.Reach;
import io.groupota.spi.RolloutStep.RollBack;
import io.groupota.spi.TrackedRollout;
import io.groupota.spi.UpdateLog.Entry;
import io.groupota.spi.UpdateLog.Outcome;
import io.groupota.testkit.Race;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

/**
 * What every {@link io.groupota.spi.RolloutQueue} must do when nodes race for rollouts and their
 * devices, and when steps follow each other in any order; part of {@link OtaRepositoryContract},
 * which shows how to use it.
 */
public interface RolloutRacesContract extends OtaRepositoryFixture {
  @Test
  default void ofNodesThatStepAtOnceOneTakesIt() throws Exception {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    rollouts.enroll(id, rollouts.devices(group, 40));
    for (int round = 1; round <= 10; round++) {
      TrackedRollout seen = rollouts.tracked(id);
      List<Callable<OptionalLong>> racers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        OtaRepository node = i % 2 == 0 ? rollouts.repository : rollouts.otherNode;
        racers.add(() -> node.advance(seen, seen.progress(), new Admit(1, 2, Duration.ZERO)));
      }
      assertThat(Race.of(racers).stream().filter(OptionalLong::isPresent))
          .containsExactly(OptionalLong.of(2));
      assertThat(rollouts.tracked(id).rollout().counts().in(RolloutDeviceState.ADMITTED))
          .isEqualTo(2L * round);
      assertThat(rollouts.tracked(id).progress().tokens()).isCloseTo(1 - 2.0 * round, within(1e-6));
      rollouts.assertCounts(id);
    }
  }

  @Test
  default void everyRolloutIsClaimedByOneNode() throws Exception {
    RolloutScenario rollouts = new RolloutScenario(this);
    List<RolloutId> ids = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      ids.add(rollouts.open(rollouts.scenario.group()).rollout().id());
    }
    List<Callable<List<RolloutId>>> racers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      OtaRepository node = i % 2 == 0 ? rollouts.repository : rollouts.otherNode;
      racers.add(
          () -> {
            List<RolloutId> claims = new ArrayList<>();
            // A fixed number of rounds: rows that another node locks may be passed over.
            for (int round = 0; round < 8; round++) {
              node.claimRollouts(LEASE, 2).forEach(claim -> claims.add(claim.rollout().id()));
            }
            return claims;
          });
    }
    List<RolloutId> claims = new ArrayList<>();
    Race.of(racers).forEach(claims::addAll);
    rollouts
        .repository
        .claimRollouts(LEASE, ALL)
        .forEach(claim -> claims.add(claim.rollout().id()));
    assertThat(claims).containsExactlyInAnyOrderElementsOf(ids);
  }

  @Test
  default void everyDeviceIsClaimedByOneNodeAndMovedOnce() throws Exception {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    List<Enrolled> all =
        rollouts.devices(group, 60).stream().map(device -> due(Duration.ZERO, device)).toList();
    rollouts.enroll(id, all);
    List<Callable<List<DeviceId>>> racers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      OtaRepository node = i % 2 == 0 ? rollouts.repository : rollouts.otherNode;
      racers.add(
          () -> {
            List<DeviceId> moved = new ArrayList<>();
            for (int round = 0; round < 6; round++) {
              moved.addAll(update(node));
            }
            return moved;
          });
    }
    List<DeviceId> moved = new ArrayList<>();
    Race.of(racers).forEach(moved::addAll);
    moved.addAll(update(rollouts.repository));
    while (moved.size() < all.size()) {
      List<DeviceId> rest = update(rollouts.repository);
      assertThat(rest).isNotEmpty();
      moved.addAll(rest);
    }
    assertThat(moved)
        .containsExactlyInAnyOrderElementsOf(all.stream().map(Enrolled::device).toList());
    assertThat(rollouts.tracked(id).rollout().counts().in(RolloutDeviceState.UPDATED))
        .isEqualTo(60);
    rollouts.assertCounts(id);
  }

  private static List<DeviceId> update(OtaRepository node) {
    List<Move> moves = new ArrayList<>();
    for (DueMember due : node.claimDevices(LEASE, 4)) {
      moves.add(moved(due.member(), RolloutDeviceState.UPDATED));
    }
    Collections.reverse(moves);
    return node.move(moves).stream().map(move -> move.member().device()).toList();
  }

  @Test
  default void ofNodesThatMoveADeviceOneWins() throws Exception {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    Enrolled device = due(Duration.ZERO, rollouts.device(group, 1));
    rollouts.enroll(id, List.of(device));
    for (int round = 0; round < 10; round++) {
      Member member = rollouts.member(device);
      List<Callable<Integer>> racers = new ArrayList<>();
      racers.add(
          () -> rollouts.repository.move(List.of(moved(member, RolloutDeviceState.FAILED))).size());
      racers.add(
          () -> rollouts.otherNode.move(List.of(moved(member, RolloutDeviceState.UPDATED))).size());
      List<Integer> won = Race.of(racers);
      assertThat(won).containsExactlyInAnyOrder(0, 1);
      assertThat(rollouts.state(id, device))
          .isEqualTo(won.get(0) == 1 ? RolloutDeviceState.FAILED : RolloutDeviceState.UPDATED);
      rollouts.assertCounts(id);
    }
  }

  @Test
  default void noReportIsLostToADeviceThatIsClaimedOrMoved() throws Exception {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    Enrolled device = due(Duration.ZERO, rollouts.device(group, 1));
    rollouts.enroll(id, List.of(device));
    for (int round = 1; round <= 20; round++) {
      String version = "1.0." + round;
      rollouts.clock.advance(LEASE);
      List<Callable<Boolean>> racers = new ArrayList<>();
      racers.add(
          () -> {
            rollouts.report(device, version);
            return true;
          });
      racers.add(() -> follow(rollouts.otherNode, version));
      boolean seen = Race.of(racers).get(1);
      // Whoever took no note of the report lost the device, which is due again.
      assertThat(seen || follow(rollouts.repository, version)).isTrue();
      rollouts.assertCounts(id);
    }
  }

  /** Looks at the device; whether it is settled with the version. */
  private static boolean follow(OtaRepository node, String version) {
    boolean settled = false;
    for (DueMember due : node.claimDevices(LEASE, 1)) {
      Optional<String> reported = due.reported().flatMap(state -> state.reportedVersion());
      boolean moved = node.move(List.of(moved(due.member(), due.member().state()))).size() == 1;
      settled |= moved && reported.equals(Optional.of(version));
    }
    return settled;
  }

  @Test
  default void rolloutsThatRaceForGroupsHoldThemOneAfterTheOther() throws Exception {
    RolloutScenario rollouts = new RolloutScenario(this);
    for (int round = 0; round < 10; round++) {
      GroupId one = rollouts.scenario.group();
      GroupId two = rollouts.scenario.group();
      if (round % 2 == 0) {
        rollouts.scenario.deploy(two, "1.0.0");
      }
      List<Opening> openings =
          List.of(
              rollouts.opening(one, two), rollouts.opening(two, one), rollouts.opening(one, two));
      List<Callable<Outcome>> racers = new ArrayList<>();
      for (Opening opening : openings) {
        OtaRepository node = racers.size() % 2 == 0 ? rollouts.repository : rollouts.otherNode;
        racers.add(() -> node.open(opening));
      }
      assertThat(Race.of(racers)).containsOnly(Outcome.RECORDED);
      for (GroupId group : List.of(one, two)) {
        Hold hold = rollouts.repository.hold(group).orElseThrow();
        assertThat(openings.stream().map(Opening::id)).contains(hold.rollout());
        assertThat(hold.previous()).isPresent().isNotEqualTo(Optional.of(hold.rollout()));
        assertThat(openings.stream().map(opening -> rollouts.status(opening.id(), group)))
            .containsExactlyInAnyOrder(
                RolloutGroup.Status.WAITING,
                RolloutGroup.Status.RELEASED,
                RolloutGroup.Status.RELEASED);
      }
      assertThat(rollouts.repository.hold(one).orElseThrow().rollout())
          .isEqualTo(rollouts.repository.hold(two).orElseThrow().rollout());
    }
  }

  @Test
  default void aDeployThatRacesWithAnOpeningComesBeforeOrAfterIt() throws Exception {
    RolloutScenario rollouts = new RolloutScenario(this);
    for (int round = 0; round < 20; round++) {
      GroupId group = rollouts.scenario.group();
      if (round % 2 == 0) {
        rollouts.scenario.deploy(group, "0.9.0");
      }
      Opening opening = rollouts.opening(group);
      OtaUpdate update = rollouts.scenario.update(group, "1.0.0");
      Entry entry = rollouts.scenario.entry(update);
      List<Callable<Outcome>> racers = new ArrayList<>();
      racers.add(() -> rollouts.repository.open(opening));
      racers.add(() -> rollouts.otherNode.record(entry).outcome());
      assertThat(Race.of(racers)).containsOnly(Outcome.RECORDED);
      assertThat(rollouts.repository.served(group)).contains(update);
      Optional<Hold> hold = rollouts.repository.hold(group);
      assertThat(rollouts.status(opening.id(), group))
          .isEqualTo(hold.isPresent() ? RolloutGroup.Status.WAITING : RolloutGroup.Status.RELEASED);
      hold.ifPresent(held -> assertThat(held.base()).contains(update.id()));
    }
  }

  @Test
  default void aDeployThatRacesWithAStepOfTheRolloutIsServed() throws Exception {
    RolloutScenario rollouts = new RolloutScenario(this);
    for (int round = 0; round < 24; round++) {
      GroupId group = rollouts.scenario.group();
      OtaUpdate base = rollouts.scenario.deploy(group, "0.9.0");
      RolloutId id = rollouts.open(group).rollout().id();
      rollouts.enroll(id, rollouts.followers(group, 3));
      TrackedRollout seen = rollouts.tracked(id);
      OtaUpdate back = rollouts.scenario.update(group, "0.9.0", base.blob());
      RolloutStep step =
          round % 2 == 0
              ? new Reach(group, Duration.ZERO)
              : new RollBack(List.of(rollouts.scenario.entry(back)));
      OtaUpdate update = rollouts.scenario.update(group, "1.0.0");
      Entry entry = rollouts.scenario.entry(update);
      List<Callable<Boolean>> racers = new ArrayList<>();
      racers.add(() -> rollouts.repository.advance(seen, seen.progress(), step).isPresent());
      racers.add(() -> rollouts.otherNode.record(entry).outcome() == Outcome.RECORDED);
      List<Boolean> done = Race.of(racers);
      assertThat(done.get(1)).isTrue();
      assertThat(rollouts.repository.update(back.id()).isPresent())
          .isEqualTo(done.get(0) && step instanceof RollBack);
      assertThat(rollouts.repository.served(group)).contains(update);
      assertThat(rollouts.repository.hold(group)).isEmpty();
      assertThat(rollouts.status(id, group)).isEqualTo(RolloutGroup.Status.RELEASED);
      rollouts.assertCounts(id);
    }
  }

  @Test
  default void countsStayExactWhateverFollowsWhat() {
    for (long seed = 1; seed <= 4; seed++) {
      RolloutScenario rollouts = new RolloutScenario(this);
      RandomWork work = new RandomWork(rollouts, seed);
      for (int i = 0; i < 60; i++) {
        work.doSomething(rollouts.repository);
        work.rollouts().forEach(rollouts::assertCounts);
        rollouts.clock.advance(MILLISECOND);
      }
    }
  }

  @Test
  default void countsStayExactWhileNodesDoEverythingAtOnce() throws Exception {
    RolloutScenario rollouts = new RolloutScenario(this);
    List<RandomWork> works = new ArrayList<>();
    RandomWork first = new RandomWork(rollouts, 7);
    works.add(first);
    for (int i = 1; i < 6; i++) {
      works.add(new RandomWork(first, 7 + i));
    }
    List<Callable<Integer>> racers = new ArrayList<>();
    for (RandomWork work : works) {
      OtaRepository node = racers.size() % 2 == 0 ? rollouts.repository : rollouts.otherNode;
      racers.add(
          () -> {
            for (int i = 0; i < 40; i++) {
              work.doSomething(node);
            }
            return 0;
          });
    }
    Race.of(racers);
    first.rollouts().forEach(rollouts::assertCounts);
    for (GroupId group : first.groups()) {
      Optional<Hold> hold = rollouts.repository.hold(group);
      long held =
          first.rollouts().stream()
              .filter(id -> rollouts.status(id, group) != RolloutGroup.Status.RELEASED)
              .count();
      assertThat(held).isEqualTo(hold.isPresent() ? 1 : 0);
    }
  }
}
