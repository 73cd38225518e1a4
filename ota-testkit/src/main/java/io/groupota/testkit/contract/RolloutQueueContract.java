package io.groupota.testkit.contract;

import static io.groupota.rollout.RolloutDeviceState.FAILED;
import static io.groupota.testkit.contract.RolloutScenario.ALL;
import static io.groupota.testkit.contract.RolloutScenario.LEASE;
import static io.groupota.testkit.contract.RolloutScenario.due;
import static io.groupota.testkit.contract.RolloutScenario.in;
import static io.groupota.testkit.contract.RolloutScenario.moved;
import static io.groupota.testkit.contract.Scenario.MILLISECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.UpdateCode;
import io.groupota.rollout.Pace;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutReason;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutProgress.Enrolment;
import io.groupota.spi.RolloutQueue;
import io.groupota.spi.RolloutQueue.DueMember;
import io.groupota.spi.RolloutQueue.Member;
import io.groupota.spi.RolloutQueue.Move;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.RolloutStep.Enrolled;
import io.groupota.spi.TrackedRollout;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/**
 * What every {@link RolloutQueue} must do when rollouts and their devices are claimed, moved on and
 * woken; part of {@link OtaRepositoryContract}, which shows how to use it. What the steps do is in
 * {@link RolloutStepsContract}.
 */
public interface RolloutQueueContract extends OtaRepositoryFixture {
  @Test
  default void aNewRolloutIsDueAtOnceAndClaimedOnceWithinTheLease() {
    RolloutScenario rollouts = new RolloutScenario(this);
    RolloutId id = rollouts.open(rollouts.scenario.group()).rollout().id();
    TrackedRollout claimed = onlyClaim(rollouts);
    assertThat(claimed.rollout().id()).isEqualTo(id);
    assertThat(claimed).isEqualTo(rollouts.tracked(id));
    assertThat(claimed.now()).isEqualTo(rollouts.clock.instant());
    assertThat(rollouts.otherNode.claimRollouts(LEASE, ALL)).isEmpty();
    rollouts.clock.advance(LEASE.minus(MILLISECOND));
    assertThat(rollouts.repository.claimRollouts(LEASE, ALL)).isEmpty();
    rollouts.clock.advance(MILLISECOND);
    assertThat(onlyClaim(rollouts).rollout().id()).isEqualTo(id);
  }

  @Test
  default void theRolloutsThatAreDueTheLongestAreClaimedFirst() {
    RolloutScenario rollouts = new RolloutScenario(this);
    List<RolloutId> ids = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      ids.add(0, rollouts.open(rollouts.scenario.group()).rollout().id());
    }
    for (RolloutId id : ids) {
      rollouts.clock.advance(MILLISECOND);
      advance(rollouts, id, Optional.of(rollouts.clock.instant()));
    }
    assertThat(claimed(rollouts, 2)).isEqualTo(ids.subList(0, 2));
    assertThat(claimed(rollouts, 2)).isEqualTo(ids.subList(2, 4));
    assertThat(claimed(rollouts, 2)).isEqualTo(ids.subList(4, 5));
    assertThat(claimed(rollouts, 2)).isEmpty();
  }

  private static List<RolloutId> claimed(RolloutScenario rollouts, int limit) {
    return rollouts.repository.claimRollouts(LEASE, limit).stream()
        .map(tracked -> tracked.rollout().id())
        .toList();
  }

  private static TrackedRollout onlyClaim(RolloutScenario rollouts) {
    List<TrackedRollout> claims = rollouts.repository.claimRollouts(LEASE, ALL);
    assertThat(claims).hasSize(1);
    return claims.get(0);
  }

  private static void advance(RolloutScenario rollouts, RolloutId id, Optional<Instant> due) {
    TrackedRollout seen = rollouts.tracked(id);
    RolloutProgress next = seen.progress().but().due(due).build();
    assertThat(rollouts.repository.advance(seen, next, new RolloutStep.Progress())).hasValue(0);
  }

  @Test
  default void aRolloutSleepsUntilItIsDue() {
    RolloutScenario rollouts = new RolloutScenario(this);
    RolloutId id = rollouts.open(rollouts.scenario.group()).rollout().id();
    advance(rollouts, id, Optional.of(rollouts.clock.instant().plusSeconds(60)));
    rollouts.clock.advance(Duration.ofSeconds(60).minus(MILLISECOND));
    assertThat(rollouts.repository.claimRollouts(LEASE, ALL)).isEmpty();
    rollouts.clock.advance(MILLISECOND);
    assertThat(onlyClaim(rollouts).rollout().id()).isEqualTo(id);
    advance(rollouts, id, Optional.empty());
    rollouts.clock.advance(Duration.ofDays(400));
    assertThat(rollouts.repository.claimRollouts(LEASE, ALL)).isEmpty();
  }

  @Test
  default void allOfTheProgressIsKept() {
    RolloutScenario rollouts = new RolloutScenario(this);
    TrackedRollout seen = rollouts.open(rollouts.scenario.group());
    Instant time = Instant.parse("2031-12-31T23:59:59.999Z");
    RolloutProgress full =
        new RolloutProgress(
            RolloutState.AWAITING_APPROVAL,
            Optional.of(RolloutReason.NOTHING_TO_ROLL_BACK_TO),
            1,
            time,
            Optional.of(time.plusMillis(1)),
            true,
            5_000_000_000L,
            new Pace(
                OptionalDouble.of(0.1),
                1.5,
                1_000_000_000_000L,
                OptionalDouble.of(1e9),
                OptionalInt.of(7)),
            -1234.0625,
            time.plusMillis(2),
            new Enrolment(
                1, Optional.of(rollouts.scenario.device()), List.of(-1L, 0L, Long.MAX_VALUE), true),
            Optional.of(time.plusMillis(3)),
            Optional.of(time.plusMillis(4)),
            Optional.of(time.plusMillis(5)));
    for (RolloutProgress next : List.of(full, seen.progress())) {
      TrackedRollout before = rollouts.tracked(seen.rollout().id());
      assertThat(rollouts.repository.advance(before, next, new RolloutStep.Progress())).hasValue(0);
      TrackedRollout after = rollouts.tracked(seen.rollout().id());
      assertThat(after.progress()).isEqualTo(next);
      assertThat(after.revision()).isNotEqualTo(before.revision());
      assertThat(after.rollout().state()).isEqualTo(next.state());
      assertThat(after.rollout().reason()).isEqualTo(next.reason());
      assertThat(after.rollout().stage()).isEqualTo(next.stage());
      assertThat(after.rollout().enrolled()).isEqualTo(next.enrolment().complete());
      assertThat(after.rollout().plan()).isEqualTo(seen.rollout().plan().withPace(next.pace()));
      assertThat(after.rollout().startedAt()).isEqualTo(next.startedAt());
      assertThat(after.rollout().endedAt()).isEqualTo(next.endedAt());
    }
  }

  @Test
  default void aStepIsTakenOnlyIfTheRolloutIsAsItWasSeen() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    TrackedRollout seen = rollouts.open(group);
    RolloutId id = seen.rollout().id();
    Enrolled device = rollouts.device(group, 1);
    rollouts.enroll(id, List.of(device));
    TrackedRollout before = rollouts.tracked(id);
    RolloutProgress other =
        seen.progress().but().state(RolloutState.CANCELED, Optional.empty()).build();
    assertThat(rollouts.otherNode.advance(seen, other, new RolloutStep.Admit(1, 1, Duration.ZERO)))
        .isEmpty();
    assertThat(rollouts.tracked(id)).isEqualTo(before);
    assertThat(rollouts.state(id, device)).isEqualTo(RolloutDeviceState.QUEUED);

    RolloutScenario empty = new RolloutScenario(this);
    assertThat(empty.repository.advance(seen, other, new RolloutStep.Progress())).isEmpty();
  }

  @Test
  default void whatHappensBetweenAClaimAndItsStepIsNotLost() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    Enrolled device = due(Duration.ZERO, rollouts.device(group, 1));
    rollouts.enroll(id, List.of(device));
    Member member = rollouts.claimDevices().get(0);
    // Claimed by an engine, and seen by its owner while it is due and claimed by nobody.
    for (boolean claims : List.of(true, false)) {
      rollouts.clock.advance(LEASE);
      TrackedRollout seen = claims ? onlyClaim(rollouts) : rollouts.tracked(id);
      assertThat(rollouts.otherNode.move(List.of(moved(member, member.state())))).hasSize(1);
      RolloutProgress sleeping = seen.progress().but().due(Optional.empty()).build();
      assertThat(rollouts.repository.advance(seen, sleeping, new RolloutStep.Progress()))
          .isPresent();
      assertThat(rollouts.tracked(id).progress().due()).contains(rollouts.clock.instant());
      member = rollouts.member(device);
    }
    TrackedRollout seen = onlyClaim(rollouts);
    rollouts.scenario.deploy(group, "3.0.0");
    RolloutProgress sleeping = seen.progress().but().due(Optional.empty()).build();
    rollouts.repository.advance(seen, sleeping, new RolloutStep.Progress());
    assertThat(onlyClaim(rollouts).rollout().id()).isEqualTo(id);
  }

  @Test
  default void devicesThatAreDueAreClaimedInTheirOrderOnceWithinTheLease() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId one = rollouts.scenario.group();
    GroupId two = rollouts.scenario.group();
    RolloutId first = rollouts.open(one).rollout().id();
    RolloutId second = rollouts.open(two).rollout().id();
    Enrolled a = due(Duration.ofMillis(3), rollouts.device(one, 1));
    Enrolled b = due(Duration.ofMillis(1), rollouts.device(two, 1));
    Enrolled c = due(Duration.ofMillis(2), rollouts.follower(one));
    Enrolled d = due(Duration.ofMillis(4), rollouts.device(one, 2));
    rollouts.enroll(first, List.of(a, c, d, rollouts.device(one, 3)));
    rollouts.enroll(second, List.of(b));
    assertThat(rollouts.claimDevices()).isEmpty();
    rollouts.clock.advance(Duration.ofMillis(3));
    List<DueMember> claimed = new ArrayList<>(rollouts.repository.claimDevices(LEASE, 2));
    assertThat(claimed).hasSize(2);
    claimed.addAll(rollouts.otherNode.claimDevices(LEASE, 2));
    assertThat(claimed)
        .extracting(due -> due.member().device())
        .containsExactly(b.device(), c.device(), a.device());
    assertThat(claimed)
        .allSatisfy(due -> assertThat(due.now()).isEqualTo(rollouts.clock.instant()));
    assertThat(claimed.get(1).member())
        .isEqualTo(
            new Member(
                first,
                c.device(),
                one,
                c.addressing(),
                RolloutDeviceState.QUEUED,
                0,
                Optional.empty(),
                rollouts.clock.instant().minusMillis(3),
                claimed.get(1).member().revision()));
    rollouts.clock.advance(Duration.ofMillis(1));
    assertThat(rollouts.claimDevices()).extracting(Member::device).containsExactly(d.device());
    rollouts.clock.advance(LEASE.minus(Duration.ofMillis(2)));
    assertThat(rollouts.claimDevices()).isEmpty();
    rollouts.clock.advance(MILLISECOND);
    List<DueMember> again = rollouts.repository.claimDevices(LEASE, ALL);
    assertThat(again)
        .extracting(due -> due.member().device())
        .containsExactlyInAnyOrder(a.device(), b.device(), c.device());
    // Whoever held the first claim has lost it.
    assertThat(rollouts.repository.move(List.of(moved(claimed.get(0).member(), FAILED)))).isEmpty();
  }

  @Test
  default void aDueDeviceComesWithWhatItReported() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    Enrolled talks = due(Duration.ofDays(1), rollouts.device(group, 1));
    Enrolled silent = due(Duration.ZERO, rollouts.device(group, 2));
    rollouts.enroll(id, List.of(talks, silent));
    rollouts.report(talks, "1.4.0");
    List<DueMember> claimed = rollouts.repository.claimDevices(LEASE, ALL);
    assertThat(claimed).hasSize(2);
    for (DueMember due : claimed) {
      DeviceId device = due.member().device();
      DeviceState state = rollouts.repository.states(List.of(device)).get(device);
      assertThat(due.reported()).isEqualTo(Optional.ofNullable(state));
      assertThat(due.reported().isPresent()).isEqualTo(device.equals(talks.device()));
    }
  }

  @Test
  default void aMoveChangesItsDeviceAndWakesItsRollout() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    Enrolled device = due(Duration.ZERO, rollouts.device(group, 1));
    rollouts.enroll(id, List.of(device, rollouts.device(group, 2)));
    Instant enrolled = rollouts.clock.instant();
    rollouts.sleep(id);
    rollouts.clock.advance(Duration.ofSeconds(1));
    Member member = rollouts.claimDevices().get(0);
    Instant began = enrolled.plusMillis(1);
    Move same =
        new Move(
            member,
            RolloutDeviceState.QUEUED,
            3,
            Optional.of(began),
            Optional.of(Duration.ofMinutes(2)));
    assertThat(rollouts.otherNode.move(List.of(same))).containsExactly(same);
    assertThat(rollouts.view(id, device))
        .isEqualTo(
            new RolloutDevice(
                device.device(),
                group,
                device.addressing(),
                1,
                RolloutDeviceState.QUEUED,
                3,
                enrolled,
                Optional.of(rollouts.clock.instant().plus(Duration.ofMinutes(2)))));
    assertThat(onlyClaim(rollouts).rollout().id()).isEqualTo(id);

    rollouts.sleep(id);
    Member again = rollouts.member(device);
    assertThat(again.attempts()).isEqualTo(3);
    assertThat(again.attemptAt()).contains(began);
    rollouts.clock.advance(Duration.ofSeconds(1));
    Move other = new Move(again, FAILED, 4, Optional.empty(), Optional.empty());
    assertThat(rollouts.repository.move(List.of(other))).containsExactly(other);
    RolloutDevice failed = rollouts.view(id, device);
    assertThat(failed.state()).isEqualTo(FAILED);
    assertThat(failed.since()).isEqualTo(rollouts.clock.instant());
    assertThat(failed.due()).isEmpty();
    rollouts.assertCounts(id);
    assertThat(rollouts.member(device).attemptAt()).isEmpty();
  }

  @Test
  default void ofManyMovesThoseTakePlaceWhoseDevicesAreAsTheyWereSeen() {
    RolloutScenario rollouts = new RolloutScenario(this);
    List<Member> members = new ArrayList<>();
    List<RolloutId> ids = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      GroupId group = rollouts.scenario.group();
      RolloutId id = rollouts.open(group).rollout().id();
      ids.add(id);
      rollouts.enroll(
          id,
          List.of(
              due(Duration.ZERO, rollouts.device(group, 1)),
              due(Duration.ZERO, rollouts.follower(group))));
    }
    ids.forEach(rollouts::sleep);
    members.addAll(rollouts.claimDevices());
    assertThat(members).hasSize(6);
    List<Member> stale =
        members.stream().filter(member -> member.rollout().equals(ids.get(0))).toList();
    rollouts.repository.move(stale.stream().map(one -> moved(one, one.state())).toList());
    rollouts.sleep(ids.get(0));
    List<Move> moves = new ArrayList<>(members.stream().map(one -> moved(one, FAILED)).toList());
    Member unknown =
        new Member(
            new RolloutId(rollouts.scenario.hexId()),
            members.get(0).device(),
            members.get(0).group(),
            members.get(0).addressing(),
            members.get(0).state(),
            0,
            Optional.empty(),
            rollouts.clock.instant(),
            members.get(0).revision());
    moves.add(moved(unknown, FAILED));
    assertThat(rollouts.repository.move(moves))
        .extracting(Move::member)
        .hasSize(4)
        .doesNotContainAnyElementsOf(stale);
    ids.forEach(rollouts::assertCounts);
    assertThat(rollouts.tracked(ids.get(0)).rollout().counts().in(FAILED)).isZero();
    assertThat(rollouts.repository.claimRollouts(LEASE, ALL))
        .extracting(tracked -> tracked.rollout().id())
        .containsExactlyInAnyOrder(ids.get(1), ids.get(2));
    assertThat(rollouts.repository.move(List.of())).isEmpty();
  }

  @Test
  default void aReportMakesItsDeviceDueInTheRolloutThatHoldsItsGroup() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId before = rollouts.open(group).rollout().id();
    Enrolled device = due(Duration.ofHours(1), rollouts.device(group, 1));
    rollouts.enroll(before, List.of(device));
    RolloutId id = rollouts.open(group).rollout().id();
    rollouts.enroll(id, List.of(device, rollouts.device(group, 2)));
    rollouts.report(device, "1.0.0");
    assertDue(rollouts, id, device);
    rollouts.report(device, "1.1.0");
    assertDue(rollouts, id, device);
    Reporter reporter =
        new Reporter(rollouts.clock, device.device(), group, "Hcixd1Fx", device.addressing());
    rollouts.repository.save(
        List.of(reporter.sends(UpdateCode.DOWNLOAD_STARTED, rollouts.clock.instant())));
    assertDue(rollouts, id, device);
    rollouts.repository.save(List.of(reporter.hasSpace(1, rollouts.clock.instant())));
    assertDue(rollouts, id, device);
    // The same version, of a device elsewhere, and of one that is in no rollout.
    rollouts.clock.advance(MILLISECOND);
    rollouts.report(device, "1.1.0");
    rollouts.clock.advance(MILLISECOND);
    rollouts.repository.save(
        List.of(
            reporter
                .movedTo(rollouts.scenario.group())
                .beginsWith("1.2.0", rollouts.clock.instant())));
    rollouts.report(rollouts.device(group, 3), "1.0.0");
    assertThat(rollouts.claimDevices()).isEmpty();
    rollouts.scenario.deploy(group, "3.0.0");
    rollouts.report(device, "1.3.0");
    assertThat(rollouts.claimDevices()).isEmpty();
  }

  private static void assertDue(RolloutScenario rollouts, RolloutId id, Enrolled device) {
    assertThat(rollouts.view(id, device).due()).contains(rollouts.clock.instant());
    assertThat(rollouts.claimDevices())
        .singleElement()
        .satisfies(
            member -> {
              assertThat(member.rollout()).isEqualTo(id);
              assertThat(member.device()).isEqualTo(device.device());
            });
    assertThat(rollouts.claimDevices()).isEmpty();
    rollouts.assertCounts(id);
  }

  @Test
  default void aMoveLosesToAReportInBetween() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    Enrolled device = due(Duration.ZERO, rollouts.device(group, 1));
    rollouts.enroll(id, List.of(device));
    Member seen = rollouts.claimDevices().get(0);
    rollouts.report(device, RolloutScenario.TARGET);
    assertThat(rollouts.repository.move(List.of(moved(seen, RolloutDeviceState.TIMED_OUT))))
        .isEmpty();
    assertThat(rollouts.state(id, device)).isEqualTo(RolloutDeviceState.QUEUED);
    Member again = rollouts.claimDevices().get(0);
    rollouts.move(RolloutDeviceState.UPDATED, again);
    assertThat(rollouts.state(id, device)).isEqualTo(RolloutDeviceState.UPDATED);
  }

  @Test
  default void devicesThatJoinLateWakeTheirRolloutWhateverItsState() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    Enrolled first = rollouts.device(group, 1);
    rollouts.enroll(id, List.of(first));
    TrackedRollout seen = rollouts.tracked(id);
    RolloutProgress over =
        seen.progress()
            .but()
            .state(RolloutState.COMPLETED, Optional.empty())
            .due(Optional.empty())
            .build();
    rollouts.repository.advance(seen, over, new RolloutStep.Progress());
    rollouts.repository.enrollLate(
        id, List.of(in(FAILED, first), due(Duration.ZERO, rollouts.follower(group))));
    assertThat(rollouts.state(id, first)).isEqualTo(RolloutDeviceState.QUEUED);
    assertThat(rollouts.devices(id)).hasSize(2);
    rollouts.assertCounts(id);
    assertThat(onlyClaim(rollouts).rollout().id()).isEqualTo(id);
    assertThat(rollouts.claimDevices()).hasSize(1);
    // Nothing new is no reason to look.
    rollouts.sleep(id);
    rollouts.repository.enrollLate(id, List.of(first));
    rollouts.repository.enrollLate(id, List.of());
    rollouts.repository.enrollLate(
        new RolloutId(rollouts.scenario.hexId()), List.of(rollouts.device(group, 9)));
    assertThat(rollouts.repository.claimRollouts(LEASE, ALL)).isEmpty();
  }

  @Test
  default void placesAreRankedAmongTheDevicesThatAreAddressedByThemselves() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    RolloutQueue queue = rollouts.repository;
    assertThat(queue.place(id, 1)).isEmpty();
    rollouts.enroll(
        id,
        List.of(
            rollouts.device(group, 0, 700),
            in(RolloutDeviceState.UPDATED, rollouts.device(group, 50)),
            rollouts.device(group, Long.MAX_VALUE),
            rollouts.follower(group)));
    assertThat(queue.place(id, 1)).hasValue(50);
    assertThat(queue.place(id, 2)).hasValue(700);
    assertThat(queue.place(id, 3)).hasValue(Long.MAX_VALUE);
    assertThat(queue.place(id, 4)).isEmpty();
  }
}
