package io.groupota.testkit.contract;

import static io.groupota.testkit.contract.Scenario.ALL;
import static io.groupota.testkit.contract.Scenario.LEASE;
import static io.groupota.testkit.contract.Scenario.MILLISECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.TriggerQueue.Claim;
import io.groupota.spi.UpdateLog.Entry;
import io.groupota.spi.UpdateLog.Outcome;
import io.groupota.testkit.Race;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

/**
 * What every {@link io.groupota.spi.TriggerQueue} must do when nodes race for triggers; part of
 * {@link OtaRepositoryContract}, which shows how to use it.
 */
public interface TriggerRacesContract extends OtaRepositoryFixture {
  @Test
  default void everyTriggerIsClaimedByOneNode() throws Exception {
    Scenario scenario = new Scenario(this);
    List<GroupId> groups = scenario.groups(60);
    groups.forEach(group -> scenario.deploy(group, "1.0.0"));
    List<Callable<List<Claim>>> racers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      OtaRepository node = i % 2 == 0 ? scenario.repository : scenario.otherNode;
      racers.add(
          () -> {
            List<Claim> claims = new ArrayList<>();
            // A fixed number of rounds: rows that another node locks may be passed over.
            for (int round = 0; round < 10; round++) {
              claims.addAll(node.claimDue(LEASE, 3));
            }
            return claims;
          });
    }
    List<Claim> claims = new ArrayList<>();
    Race.of(racers).forEach(claims::addAll);
    claims.addAll(scenario.claimAll());
    assertThat(claims).extracting(Claim::group).containsExactlyInAnyOrderElementsOf(groups);
    for (Claim claim : claims) {
      assertThat(scenario.repository.complete(claim)).isTrue();
    }
    scenario.clock.advance(LEASE.plus(MILLISECOND));
    scenario.assertNothingDue();
  }

  @Test
  default void anExpiredClaimIsEitherCompletedOrTaken() throws Exception {
    Scenario scenario = new Scenario(this);
    for (int round = 0; round < 20; round++) {
      GroupId group = scenario.group();
      scenario.deploy(group, "1.0.0");
      Claim expired = scenario.claimOnly(group);
      scenario.clock.advance(LEASE.plus(MILLISECOND));
      List<Callable<List<Claim>>> racers = new ArrayList<>();
      racers.add(() -> scenario.repository.complete(expired) ? List.of(expired) : List.of());
      racers.add(() -> scenario.otherNode.claimDue(LEASE, ALL));
      List<Claim> ended = new ArrayList<>();
      Race.of(racers).forEach(ended::addAll);
      // A node that finds the row locked may pass it over; then the trigger is due still.
      List<Claim> left = scenario.claimAll();
      ended.addAll(left);
      assertThat(ended).extracting(Claim::group).containsExactly(group);
      if (!ended.get(0).equals(expired)) {
        assertThat(scenario.repository.complete(ended.get(0))).isTrue();
      }
      scenario.clock.advance(LEASE.plus(MILLISECOND));
      scenario.assertNothingDue();
    }
  }

  @Test
  default void aClaimEndsOnceAlthoughTwoEndIt() throws Exception {
    Scenario scenario = new Scenario(this);
    for (int round = 0; round < 20; round++) {
      GroupId group = scenario.group();
      scenario.deploy(group, "1.0.0");
      Claim claim = scenario.claimOnly(group);
      List<Callable<Boolean>> racers = new ArrayList<>();
      racers.add(() -> scenario.repository.complete(claim));
      racers.add(() -> scenario.otherNode.retry(claim, Duration.ZERO));
      List<Boolean> won = Race.of(racers);
      assertThat(won).as("completed, retried").containsExactlyInAnyOrder(true, false);
      if (won.get(1)) {
        assertThat(scenario.repository.complete(scenario.claimOnly(group))).isTrue();
      }
      scenario.assertNothingDue();
    }
  }

  @Test
  default void noDeployIsLostToATriggerThatEnds() throws Exception {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    scenario.deploy(group, "0.0.0");
    for (int round = 1; round <= 30; round++) {
      Claim claim = scenario.claimOnly(group);
      OtaUpdate update = scenario.update(group, round + ".0.0");
      Entry entry = scenario.entry(update);
      List<Callable<Boolean>> racers = new ArrayList<>();
      racers.add(() -> scenario.repository.complete(claim));
      racers.add(() -> scenario.otherNode.record(entry).outcome() == Outcome.RECORDED);
      assertThat(Race.of(racers)).containsOnly(true);
      Claim next = scenario.claimOnly(group);
      assertThat(next.update()).isEqualTo(update.id());
      // Lets the loop begin with a trigger that is due and free.
      assertThat(scenario.repository.retry(next, Duration.ZERO)).isTrue();
    }
  }

  @Test
  default void groupsThatManyNodesMarkAreDueOnce() throws Exception {
    Scenario scenario = new Scenario(this);
    List<GroupId> groups = new ArrayList<>(scenario.groups(20));
    groups.forEach(group -> scenario.deployAndTrigger(group, "1.0.0"));
    List<Callable<Integer>> racers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      OtaRepository node = i % 2 == 0 ? scenario.repository : scenario.otherNode;
      // Each in another order, so that locks are taken in different orders.
      Collections.rotate(groups, 7);
      List<GroupId> order = List.copyOf(groups);
      racers.add(
          () -> {
            for (int round = 0; round < 5; round++) {
              node.markBehind(order, Duration.ZERO);
            }
            return 0;
          });
    }
    Race.of(racers);
    List<Claim> claims = scenario.claimAll();
    assertThat(claims).extracting(Claim::group).containsExactlyInAnyOrderElementsOf(groups);
    for (Claim claim : claims) {
      assertThat(scenario.repository.complete(claim)).isTrue();
    }
    scenario.assertNothingDue();
  }
}
