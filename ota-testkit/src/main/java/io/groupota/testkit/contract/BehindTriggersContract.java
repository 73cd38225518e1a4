package io.groupota.testkit.contract;

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
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What every {@link TriggerQueue} must do for groups with devices that are behind; part of {@link
 * OtaRepositoryContract}, which shows how to use it.
 */
public interface BehindTriggersContract extends OtaRepositoryFixture {
  /** The least time between two triggers of a group. */
  Duration INTERVAL = Duration.ofMinutes(10);

  @Test
  default void aGroupThatIsBehindIsDueForTheUpdateThatItServes() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    OtaUpdate update = scenario.deployAndTrigger(group, "1.0.0");
    scenario.deployAndTrigger(scenario.group(), "1.0.0");
    scenario.clock.advance(INTERVAL);
    scenario.otherNode.markBehind(List.of(group), INTERVAL);
    Claim claim = scenario.claimOnly(group);
    assertThat(claim)
        .isEqualTo(new Claim(group, update.id(), "1.0.0", Reason.BEHIND, 0, claim.lease()));
    assertThat(scenario.repository.retry(claim, Duration.ZERO)).isTrue();
    Claim again = scenario.claimOnly(group);
    assertThat(again)
        .isEqualTo(new Claim(group, update.id(), "1.0.0", Reason.BEHIND, 1, again.lease()));
    assertThat(scenario.repository.complete(again)).isTrue();
    scenario.assertNothingDue();
  }

  @Test
  default void aGroupIsTriggeredAtMostOnceAnInterval() {
    Scenario scenario = new Scenario(this);
    TriggerQueue queue = scenario.repository;
    GroupId group = scenario.group();
    scenario.deployAndTrigger(group, "1.0.0");
    for (int round = 0; round < 2; round++) {
      queue.markBehind(List.of(group), INTERVAL);
      scenario.clock.advance(INTERVAL.minus(MILLISECOND));
      queue.markBehind(List.of(group), INTERVAL);
      scenario.assertNothingDue();
      scenario.clock.advance(MILLISECOND);
      queue.markBehind(List.of(group), INTERVAL);
      assertThat(queue.complete(scenario.claimOnly(group))).isTrue();
    }
    queue.markBehind(List.of(group), Duration.ZERO);
    assertThat(scenario.claimOnly(group).reason()).isEqualTo(Reason.BEHIND);
  }

  @Test
  default void theIntervalCountsFromTheEndOfTheTrigger() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    scenario.deploy(group, "1.0.0");
    scenario.clock.advance(INTERVAL);
    Claim claim = scenario.claimOnly(group);
    scenario.clock.advance(LEASE.minus(MILLISECOND));
    assertThat(scenario.repository.complete(claim)).isTrue();
    scenario.clock.advance(INTERVAL.minus(MILLISECOND));
    scenario.repository.markBehind(List.of(group), INTERVAL);
    scenario.assertNothingDue();
    scenario.clock.advance(MILLISECOND);
    scenario.repository.markBehind(List.of(group), INTERVAL);
    assertThat(scenario.claimOnly(group).reason()).isEqualTo(Reason.BEHIND);
  }

  @Test
  default void theIntervalHoldsNoDeployBack() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    scenario.deployAndTrigger(group, "1.0.0");
    scenario.deploy(group, "2.0.0");
    assertThat(scenario.claimOnly(group).reason()).isEqualTo(Reason.DEPLOYED);
  }

  @Test
  default void whatIsDueAlreadyStaysAsItIs() {
    Scenario scenario = new Scenario(this);
    TriggerQueue queue = scenario.repository;
    GroupId deployed = scenario.group();
    GroupId delayed = scenario.group();
    GroupId held = scenario.group();
    scenario.deploy(delayed, "1.0.0");
    assertThat(queue.retry(scenario.claimOnly(delayed), Duration.ofHours(1))).isTrue();
    scenario.deploy(held, "1.0.0");
    Claim claim = scenario.claimOnly(held);
    scenario.deploy(deployed, "1.0.0");

    queue.markBehind(List.of(deployed, delayed, held), Duration.ZERO);
    assertThat(scenario.claimOnly(deployed).reason()).isEqualTo(Reason.DEPLOYED);
    assertThat(queue.complete(claim)).isTrue();
    scenario.assertNothingDue();
    scenario.clock.advance(Duration.ofHours(1).plus(MILLISECOND));
    assertThat(scenario.claimAll())
        .filteredOn(due -> due.group().equals(delayed))
        .singleElement()
        .satisfies(due -> assertThat(due.reason()).isEqualTo(Reason.DEPLOYED))
        .satisfies(due -> assertThat(due.attempts()).isEqualTo(1));
  }

  @Test
  default void groupsWithoutUpdateAreNeverDue() {
    Scenario scenario = new Scenario(this);
    GroupId served = scenario.group();
    scenario.deployAndTrigger(served, "1.0.0");
    scenario.clock.advance(INTERVAL);
    scenario.repository.markBehind(List.of(scenario.group()), INTERVAL);
    scenario.repository.markBehind(List.of(), INTERVAL);
    scenario.assertNothingDue();
    scenario.repository.markBehind(List.of(scenario.group(), served, served), INTERVAL);
    assertThat(scenario.claimOnly(served).reason()).isEqualTo(Reason.BEHIND);
  }

  @Test
  default void manyGroupsAreMarkedAtOnceEachByItsOwnTime() {
    Scenario scenario = new Scenario(this);
    List<GroupId> early = scenario.groups(60);
    early.forEach(group -> scenario.deployAndTrigger(group, "1.0.0"));
    scenario.clock.advance(INTERVAL);
    List<GroupId> late = scenario.groups(60);
    late.forEach(group -> scenario.deployAndTrigger(group, "1.0.0"));
    scenario.repository.markBehind(Stream.concat(late.stream(), early.stream()).toList(), INTERVAL);
    assertThat(scenario.claimAll())
        .extracting(Claim::group)
        .containsExactlyInAnyOrderElementsOf(early);
  }

  @Test
  default void aDeployTurnsBehindIntoDeployed() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    scenario.deployAndTrigger(group, "1.0.0");
    scenario.repository.markBehind(List.of(group), Duration.ZERO);
    assertThat(scenario.repository.retry(scenario.claimOnly(group), Duration.ofHours(1))).isTrue();
    OtaUpdate update = scenario.deploy(group, "2.0.0");
    Claim claim = scenario.claimOnly(group);
    assertThat(claim)
        .isEqualTo(new Claim(group, update.id(), "2.0.0", Reason.DEPLOYED, 0, claim.lease()));
  }

  @Test
  default void aDeployDuringATriggerOfTheBehindIsDueForAll() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    scenario.deployAndTrigger(group, "1.0.0");
    scenario.repository.markBehind(List.of(group), Duration.ZERO);
    Claim behind = scenario.claimOnly(group);
    assertThat(behind.reason()).isEqualTo(Reason.BEHIND);
    scenario.deploy(group, "2.0.0");
    assertThat(scenario.repository.complete(behind)).isTrue();
    assertThat(scenario.claimOnly(group).reason()).isEqualTo(Reason.DEPLOYED);
  }
}
