package io.groupota.testkit.contract;

import static io.groupota.testkit.contract.Scenario.ALL;
import static io.groupota.testkit.contract.Scenario.LEASE;
import static io.groupota.testkit.contract.Scenario.MILLISECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.spi.TriggerQueue;
import io.groupota.spi.TriggerQueue.Claim;
import io.groupota.spi.TriggerQueue.Reason;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What every {@link TriggerQueue} must do; part of {@link OtaRepositoryContract}, which shows how
 * to use it. What happens when nodes race for a trigger is in {@link TriggerRacesContract}, and
 * when devices are behind in {@link BehindTriggersContract}.
 */
public interface TriggerQueueContract extends TriggerRacesContract, BehindTriggersContract {
  @Test
  default void theFirstUpdateOfAGroupIsDueAtOnce() {
    Scenario scenario = new Scenario(this);
    scenario.assertNothingDue();
    OtaUpdate update = scenario.deploy(scenario.group(), "1.2.7");
    Claim claim = scenario.claimOnly(update.group());
    assertThat(claim)
        .isEqualTo(
            new Claim(update.group(), update.id(), "1.2.7", Reason.DEPLOYED, 0, claim.lease()));
    assertThat(scenario.repository.complete(claim)).isTrue();
    scenario.clock.advance(Duration.ofDays(30));
    scenario.assertNothingDue();
  }

  @Test
  default void anotherVersionIsDueAndAnEqualOneIsNot() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    scenario.deployAndTrigger(group, "1.2.7");
    scenario.deploy(group, "1.2.7");
    scenario.assertNothingDue();
    // Versions are compared as texts, as the devices do it.
    OtaUpdate rebuilt = scenario.deploy(group, "1.2.7+build.2");
    Claim claim = scenario.claimOnly(group);
    assertThat(claim.update()).isEqualTo(rebuilt.id());
    assertThat(claim.version()).isEqualTo("1.2.7+build.2");
    assertThat(scenario.repository.complete(claim)).isTrue();
    scenario.deployAndTrigger(group, "1.2.6");
    scenario.deployAndTrigger(group, "1.2.7-RC");
    scenario.deployAndTrigger(group, "1.2.7-rc");
  }

  @Test
  default void anEqualVersionLeavesWhatIsDueDue() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    scenario.deploy(group, "1.2.7");
    OtaUpdate again = scenario.deploy(group, "1.2.7");
    Claim claim = scenario.claimOnly(group);
    assertThat(claim.update()).isEqualTo(again.id());
    assertThat(claim.reason()).isEqualTo(Reason.DEPLOYED);
  }

  @Test
  default void severalDeploysAreOneTrigger() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    scenario.deploy(group, "1.0.0");
    scenario.deploy(group, "2.0.0");
    OtaUpdate last = scenario.deploy(group, "3.0.0");
    Claim claim = scenario.claimOnly(group);
    assertThat(claim.update()).isEqualTo(last.id());
    assertThat(scenario.repository.complete(claim)).isTrue();
    scenario.assertNothingDue();
  }

  @Test
  default void theLongestDueIsClaimedFirst() {
    Scenario scenario = new Scenario(this);
    List<GroupId> groups = scenario.groups(5);
    for (GroupId group : groups) {
      scenario.deploy(group, "1.0.0");
      scenario.clock.advance(MILLISECOND);
    }
    assertThat(scenario.repository.claimDue(LEASE, 2))
        .extracting(Claim::group)
        .containsExactlyElementsOf(groups.subList(0, 2));
    assertThat(scenario.otherNode.claimDue(LEASE, 2))
        .extracting(Claim::group)
        .containsExactlyElementsOf(groups.subList(2, 4));
    assertThat(scenario.repository.claimDue(LEASE, 2))
        .extracting(Claim::group)
        .containsExactlyElementsOf(groups.subList(4, 5));
    assertThat(scenario.otherNode.claimDue(LEASE, 2)).isEmpty();
  }

  @Test
  default void aTriggerThatWaitsLongerGoesBeforeOneThatWasRetried() {
    Scenario scenario = new Scenario(this);
    GroupId retried = scenario.group();
    GroupId waiting = scenario.group();
    scenario.deploy(retried, "1.0.0");
    Claim claim = scenario.claimOnly(retried);
    assertThat(scenario.repository.retry(claim, Duration.ofSeconds(10))).isTrue();
    scenario.clock.advance(Duration.ofSeconds(5));
    scenario.deploy(waiting, "1.0.0");
    scenario.clock.advance(Duration.ofSeconds(6));
    assertThat(scenario.claimAll()).extracting(Claim::group).containsExactly(waiting, retried);
  }

  @Test
  default void aClaimHoldsUntilItsLeaseExpires() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    scenario.deploy(group, "1.0.0");
    Claim first = scenario.claimOnly(group);
    scenario.clock.advance(LEASE.minus(MILLISECOND));
    assertThat(scenario.otherNode.claimDue(LEASE, ALL)).isEmpty();
    scenario.assertNothingDue();
    scenario.clock.advance(MILLISECOND.multipliedBy(2));
    List<Claim> second = scenario.otherNode.claimDue(LEASE, ALL);
    assertThat(second).extracting(Claim::group).containsExactly(group);
    assertThat(second.get(0).lease()).isNotEqualTo(first.lease());
    assertThat(second.get(0).reason()).isEqualTo(Reason.DEPLOYED);
  }

  @Test
  default void anExtendedClaimHoldsLonger() {
    Scenario scenario = new Scenario(this);
    List<GroupId> groups = scenario.groups(3);
    groups.forEach(group -> scenario.deploy(group, "1.0.0"));
    List<Claim> claims = scenario.repository.claimDue(LEASE, ALL);
    scenario.clock.advance(LEASE.minus(MILLISECOND));
    List<Claim> extended = claims.subList(0, 2);
    assertThat(scenario.otherNode.extend(extended, LEASE))
        .containsExactlyInAnyOrderElementsOf(extended);
    scenario.clock.advance(LEASE.minus(MILLISECOND));
    Claim taken = scenario.claimOnly(claims.get(2).group());
    assertThat(taken.lease()).isNotEqualTo(claims.get(2).lease());
    assertThat(scenario.repository.complete(claims.get(0))).isTrue();
    scenario.clock.advance(MILLISECOND.multipliedBy(2));
    assertThat(scenario.claimOnly(claims.get(1).group()).attempts()).isZero();
  }

  @Test
  default void onlyAClaimThatIsHeldIsExtended() {
    Scenario scenario = new Scenario(this);
    TriggerQueue queue = scenario.repository;
    GroupId group = scenario.group();
    scenario.deploy(group, "1.0.0");
    Claim stale = scenario.claimOnly(group);
    scenario.clock.advance(LEASE.plus(MILLISECOND));
    // Expired, but nobody else has it.
    assertThat(queue.extend(List.of(stale), LEASE)).containsExactly(stale);
    scenario.assertNothingDue();
    scenario.clock.advance(LEASE.plus(MILLISECOND));
    Claim held = scenario.claimOnly(group);
    assertThat(queue.extend(List.of(stale), LEASE.multipliedBy(2))).isEmpty();
    assertThat(queue.extend(List.of(stale, held), LEASE)).containsExactly(held);
    assertThat(queue.extend(List.of(), LEASE)).isEmpty();
    assertThat(queue.complete(held)).isTrue();
    assertThat(queue.extend(List.of(held), LEASE)).isEmpty();
    scenario.assertNothingDue();
  }

  @Test
  default void claimsThatAreGivenBackAreFreeAtOnce() {
    Scenario scenario = new Scenario(this);
    List<GroupId> groups = scenario.groups(3);
    groups.forEach(group -> scenario.deploy(group, "1.0.0"));
    List<Claim> claims = scenario.repository.claimDue(LEASE, ALL);
    List<Claim> back = claims.subList(0, 2);
    assertThat(scenario.repository.extend(back, Duration.ZERO))
        .containsExactlyInAnyOrderElementsOf(back);
    List<Claim> taken = scenario.otherNode.claimDue(LEASE, ALL);
    assertThat(taken).extracting(Claim::group).containsExactlyInAnyOrderElementsOf(groupsOf(back));
    assertThat(taken).allMatch(claim -> claim.attempts() == 0);
    assertThat(scenario.repository.complete(claims)).containsExactly(claims.get(2));
    assertThat(scenario.otherNode.complete(taken)).hasSize(2);
  }

  private static List<GroupId> groupsOf(List<Claim> claims) {
    return claims.stream().map(Claim::group).toList();
  }

  @Test
  default void ofTwoClaimsOfAGroupTheOneThatIsHeldIsCompleted() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    scenario.deploy(group, "1.0.0");
    Claim stale = scenario.claimOnly(group);
    scenario.clock.advance(LEASE.plus(MILLISECOND));
    Claim held = scenario.claimOnly(group);
    assertThat(scenario.repository.complete(List.of(stale, held))).containsExactly(held);
    scenario.assertNothingDue();
  }

  @Test
  default void anExtendedClaimDoesNotHideANewerDeploy() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    scenario.deploy(group, "1.0.0");
    Claim old = scenario.claimOnly(group);
    OtaUpdate update = scenario.deploy(group, "2.0.0");
    assertThat(scenario.repository.extend(List.of(old), LEASE)).containsExactly(old);
    assertThat(scenario.repository.complete(old)).isTrue();
    assertThat(scenario.claimOnly(group).update()).isEqualTo(update.id());
  }

  @Test
  default void aStaleClaimCanNeitherBeCompletedNorRetried() {
    Scenario scenario = new Scenario(this);
    TriggerQueue queue = scenario.repository;
    GroupId group = scenario.group();
    scenario.deploy(group, "1.0.0");
    Claim stale = scenario.claimOnly(group);
    scenario.clock.advance(LEASE.plus(MILLISECOND));
    Claim held = scenario.claimOnly(group);
    assertThat(queue.complete(stale)).isFalse();
    assertThat(queue.retry(stale, Duration.ZERO)).isFalse();
    // The claim of the other node is untouched.
    scenario.assertNothingDue();
    assertThat(queue.complete(held)).isTrue();
    assertThat(queue.complete(stale)).isFalse();
    scenario.clock.advance(Duration.ofDays(1));
    scenario.assertNothingDue();
  }

  @Test
  default void aClaimEndsOnce() {
    Scenario scenario = new Scenario(this);
    TriggerQueue queue = scenario.repository;
    GroupId group = scenario.group();
    scenario.deploy(group, "1.0.0");
    Claim completed = scenario.claimOnly(group);
    assertThat(queue.complete(completed)).isTrue();
    assertThat(queue.complete(completed)).isFalse();
    assertThat(queue.retry(completed, Duration.ZERO)).isFalse();
    scenario.assertNothingDue();

    scenario.deploy(group, "2.0.0");
    Claim retried = scenario.claimOnly(group);
    assertThat(queue.retry(retried, Duration.ZERO)).isTrue();
    assertThat(queue.retry(retried, Duration.ZERO)).isFalse();
    assertThat(queue.complete(retried)).isFalse();
    assertThat(queue.complete(completed)).isFalse();
    assertThat(scenario.claimOnly(group).attempts()).isEqualTo(1);
  }

  @Test
  default void claimsThatAreStillHeldEndTogether() {
    Scenario scenario = new Scenario(this);
    TriggerQueue queue = scenario.repository;
    List<GroupId> groups = List.of(scenario.group(), scenario.group(), scenario.group());
    groups.forEach(group -> scenario.deploy(group, "1.0.0"));
    List<Claim> claims = queue.claimDue(Duration.ofMinutes(1), 10);
    assertThat(claims).hasSize(3);
    assertThat(queue.retry(claims.get(1), Duration.ZERO)).isTrue();
    assertThat(queue.complete(claims)).containsExactlyInAnyOrder(claims.get(0), claims.get(2));
    assertThat(scenario.claimOnly(claims.get(1).group()).attempts()).isEqualTo(1);
    assertThat(queue.complete(claims)).isEmpty();
    assertThat(queue.complete(List.of())).isEmpty();
  }

  @Test
  default void onlyTheLeaseMakesAClaim() {
    Scenario scenario = new Scenario(this);
    TriggerQueue queue = scenario.repository;
    GroupId one = scenario.group();
    GroupId other = scenario.group();
    scenario.deploy(one, "1.0.0");
    Claim held = scenario.claimOnly(one);
    scenario.deploy(other, "1.0.0");
    Claim forged =
        new Claim(one, held.update(), held.version(), held.reason(), 0, held.lease() + "0");
    Claim misplaced =
        new Claim(other, held.update(), held.version(), held.reason(), 0, held.lease());
    for (Claim claim : List.of(forged, misplaced)) {
      assertThat(queue.complete(claim)).isFalse();
      assertThat(queue.retry(claim, Duration.ZERO)).isFalse();
    }
    assertThat(scenario.claimOnly(other).attempts()).isZero();
    assertThat(queue.complete(held)).isTrue();
  }

  @Test
  default void aRetriedTriggerIsDueAfterTheDelayWithOneMoreAttempt() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    OtaUpdate update = scenario.deploy(group, "1.0.0");
    for (int attempts = 0; attempts < 4; attempts++) {
      Claim claim = scenario.claimOnly(group);
      assertThat(claim)
          .isEqualTo(
              new Claim(group, update.id(), "1.0.0", Reason.DEPLOYED, attempts, claim.lease()));
      assertThat(scenario.otherNode.retry(claim, Duration.ofSeconds(5))).isTrue();
      scenario.clock.advance(Duration.ofSeconds(5).minus(MILLISECOND));
      scenario.assertNothingDue();
      scenario.clock.advance(MILLISECOND.multipliedBy(2));
    }
    assertThat(scenario.repository.complete(scenario.claimOnly(group))).isTrue();
    scenario.clock.advance(Duration.ofDays(1));
    scenario.assertNothingDue();
    scenario.deploy(group, "2.0.0");
    assertThat(scenario.claimOnly(group).attempts()).isZero();
  }

  @Test
  default void aDeployIsDueAtOnceAlthoughTheLastOneIsDelayed() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    scenario.deploy(group, "1.0.0");
    assertThat(scenario.repository.retry(scenario.claimOnly(group), Duration.ofDays(1))).isTrue();
    scenario.assertNothingDue();
    OtaUpdate update = scenario.deploy(group, "2.0.0");
    Claim claim = scenario.claimOnly(group);
    assertThat(claim)
        .isEqualTo(new Claim(group, update.id(), "2.0.0", Reason.DEPLOYED, 0, claim.lease()));
  }

  @Test
  default void aGroupStaysDueForADeployThatComesDuringItsTrigger() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    scenario.deploy(group, "1.0.0");
    Claim old = scenario.claimOnly(group);
    OtaUpdate update = scenario.deploy(group, "2.0.0");
    // One node at a time, though the deploy is due.
    assertThat(scenario.otherNode.claimDue(LEASE, ALL)).isEmpty();
    assertThat(scenario.repository.complete(old)).isTrue();
    Claim claim = scenario.claimOnly(group);
    assertThat(claim)
        .isEqualTo(new Claim(group, update.id(), "2.0.0", Reason.DEPLOYED, 0, claim.lease()));
    assertThat(scenario.repository.complete(old)).isFalse();
    assertThat(scenario.repository.complete(claim)).isTrue();
    scenario.assertNothingDue();
  }

  @Test
  default void aDeployThatComesDuringAFailingTriggerIsDueWhenItEnds() {
    Scenario scenario = new Scenario(this);
    for (boolean expire : new boolean[] {true, false}) {
      GroupId group = scenario.group();
      scenario.deploy(group, "1.0.0");
      Claim old = scenario.claimOnly(group);
      OtaUpdate update = scenario.deploy(group, "2.0.0");
      if (expire) {
        scenario.clock.advance(LEASE.plus(MILLISECOND));
      } else {
        assertThat(scenario.repository.retry(old, Duration.ofSeconds(5))).isTrue();
        scenario.clock.advance(Duration.ofSeconds(5).plus(MILLISECOND));
      }
      Claim claim = scenario.claimOnly(group);
      assertThat(claim.update()).isEqualTo(update.id());
      assertThat(claim.reason()).isEqualTo(Reason.DEPLOYED);
      assertThat(scenario.repository.complete(claim)).isTrue();
      scenario.assertNothingDue();
    }
  }
}
