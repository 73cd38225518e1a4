package io.groupota.testkit.contract;

import static io.groupota.testkit.contract.Scenario.ALL;
import static io.groupota.testkit.contract.Scenario.MILLISECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.Retention;
import io.groupota.UpdateId;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.UpdateLog.Outcome;
import io.groupota.spi.UpdateLog.Pruned;
import io.groupota.testkit.Race;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

/**
 * What every {@link io.groupota.spi.UpdateLog} that removes old updates must do; part of {@link
 * OtaRepositoryContract}, which shows how to use it. A repository that keeps everything implements
 * the other contracts only.
 */
public interface RetentionContract extends OtaRepositoryFixture {
  /** Three updates and everything younger than 30 days. */
  Retention THREE = new Retention(3, Duration.ofDays(30));

  /** More than the age of {@link #THREE}. */
  Duration LONG = Duration.ofDays(31);

  /** A little more than a day: each group is looked at again. */
  Duration DAY = Duration.ofDays(1).plus(MILLISECOND);

  @Test
  default void theLastUpdatesStayWhateverTheirAge() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    List<OtaUpdate> updates = deploys(scenario, group, 5);
    scenario.clock.advance(LONG);
    assertThat(pruneAll(scenario.otherNode, THREE))
        .containsExactly(new Pruned(group, ids(updates.subList(0, 2))));
    assertThat(history(scenario, group)).isEqualTo(newestFirst(updates.subList(2, 5)));
    assertThat(scenario.repository.served(group)).contains(updates.get(4));
    assertThat(scenario.repository.update(updates.get(1).id())).isEmpty();
    assertThat(scenario.repository.update(updates.get(2).id())).contains(updates.get(2));
  }

  @Test
  default void whatIsYoungStaysHoweverManyThereAre() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    List<OtaUpdate> old = deploys(scenario, group, 2);
    scenario.clock.advance(Duration.ofDays(29));
    List<OtaUpdate> young = deploys(scenario, group, 6);
    assertThat(removed(pruneAll(scenario.repository, THREE))).isEmpty();
    scenario.clock.advance(DAY);
    assertThat(removed(pruneAll(scenario.repository, THREE))).isEqualTo(ids(old));
    scenario.clock.advance(Duration.ofDays(29).minus(MILLISECOND.multipliedBy(100)));
    assertThat(removed(pruneAll(scenario.repository, THREE))).isEmpty();
    scenario.clock.advance(DAY);
    assertThat(removed(pruneAll(scenario.repository, THREE))).isEqualTo(ids(young.subList(0, 3)));
  }

  @Test
  default void theServedAndThePreviousUpdateAlwaysStay() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    List<OtaUpdate> updates = deploys(scenario, group, 4);
    scenario.clock.advance(LONG);
    Retention one = new Retention(1, Duration.ofHours(1));
    assertThat(removed(pruneAll(scenario.repository, one))).isEqualTo(ids(updates.subList(0, 2)));
    scenario.clock.advance(LONG);
    assertThat(removed(pruneAll(scenario.repository, one))).isEmpty();
    assertThat(history(scenario, group)).isEqualTo(newestFirst(updates.subList(2, 4)));
  }

  @Test
  default void theOrderOfRecordingCountsNotThatOfTheTimes() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    List<OtaUpdate> recorded = new ArrayList<>();
    // The clocks of the nodes that deployed them differ.
    for (long minutes : new long[] {0, 40, 30, 20, 10}) {
      recorded.add(
          scenario.record(
              scenario.createdAt(
                  scenario.clock.instant().plus(Duration.ofMinutes(minutes)),
                  scenario.update(group, "1.0." + minutes))));
    }
    scenario.clock.advance(LONG);
    assertThat(removed(pruneAll(scenario.repository, THREE)))
        .isEqualTo(ids(recorded.subList(0, 2)));
    assertThat(scenario.repository.served(group)).contains(recorded.get(4));
  }

  @Test
  default void theFileGoesWithTheUpdateUnlessAnotherOneHasIt() {
    Scenario scenario = new Scenario(this);
    OtaRepository repository = scenario.repository;
    GroupId group = scenario.group();
    List<OtaUpdate> updates = deploys(scenario, group, 4);
    OtaUpdate shared = scenario.record(scenario.update(group, "1.0.0", updates.get(0).blob()));
    scenario.clock.advance(LONG);
    assertThat(removed(pruneAll(repository, THREE))).isEqualTo(ids(updates.subList(0, 2)));
    // Whatever the grace: the file is of no deploy that goes on.
    assertThat(repository.claimAbandoned(LONG, ALL)).containsExactly(updates.get(1).blob());
    repository.forget(List.of(updates.get(1).blob()));

    List<OtaUpdate> later = deploys(scenario, group, 3);
    scenario.clock.advance(LONG);
    assertThat(removed(pruneAll(repository, THREE)))
        .containsExactly(updates.get(2).id(), updates.get(3).id(), shared.id());
    assertThat(repository.claimAbandoned(LONG, ALL))
        .containsExactlyInAnyOrder(
            updates.get(0).blob(), updates.get(2).blob(), updates.get(3).blob());
    assertThat(history(scenario, group)).isEqualTo(newestFirst(later));
  }

  @Test
  default void aFileThatIsClaimedCannotBeDeployedAgainAndOneThatIsNotCan() {
    Scenario scenario = new Scenario(this);
    OtaRepository repository = scenario.repository;
    GroupId group = scenario.group();
    List<OtaUpdate> updates = deploys(scenario, group, 5);
    scenario.clock.advance(LONG);
    pruneAll(repository, THREE);
    OtaUpdate saved = scenario.record(scenario.update(group, "1.0.0", updates.get(0).blob()));
    assertThat(repository.claimAbandoned(LONG, ALL)).containsExactly(updates.get(1).blob());
    OtaUpdate late = scenario.update(group, "1.0.1", updates.get(1).blob());
    assertThat(repository.record(scenario.entry(late)).outcome()).isEqualTo(Outcome.BLOB_GONE);
    assertThat(repository.served(group)).contains(saved);
  }

  @Test
  default void aGroupIsLookedAtOnceADayOrOncePerAge() {
    Scenario scenario = new Scenario(this);
    OtaRepository repository = scenario.repository;
    GroupId first = scenario.group();
    scenario.deploy(first, "1.0.0");
    scenario.clock.advance(MILLISECOND);
    GroupId second = scenario.group();
    scenario.deploy(second, "1.0.0");
    assertThat(repository.prune(THREE)).contains(new Pruned(first, List.of()));
    assertThat(scenario.otherNode.prune(THREE)).contains(new Pruned(second, List.of()));
    scenario.clock.advance(Duration.ofDays(1).minus(MILLISECOND));
    scenario.deploy(first, "1.0.1");
    assertThat(repository.prune(THREE)).isEmpty();
    scenario.clock.advance(MILLISECOND.multipliedBy(2));
    Retention hourly = new Retention(3, Duration.ofHours(1));
    assertThat(pruneAll(repository, hourly)).hasSize(2);
    scenario.clock.advance(Duration.ofHours(1).plus(MILLISECOND));
    assertThat(pruneAll(repository, hourly)).hasSize(2);
  }

  @Test
  default void moreThanFiftyAreRemovedInSeveralSteps() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    OtaUpdate first = scenario.deploy(group, "1.0.0");
    for (int i = 0; i < 54; i++) {
      scenario.record(scenario.update(group, "1.0." + i, first.blob()));
    }
    scenario.clock.advance(LONG);
    assertThat(scenario.repository.prune(THREE).orElseThrow().removed()).hasSize(50);
    assertThat(scenario.repository.prune(THREE).orElseThrow().removed()).hasSize(2);
    assertThat(scenario.repository.prune(THREE)).isEmpty();
    assertThat(scenario.repository.history(group, 0, 10).total()).isEqualTo(3);
    assertThat(scenario.repository.claimAbandoned(LONG, ALL)).isEmpty();
  }

  @Test
  default void nodesThatPruneAtOnceShareTheGroups() throws Exception {
    Scenario scenario = new Scenario(this);
    Set<GroupId> groups = new HashSet<>(scenario.groups(20));
    groups.forEach(group -> deploys(scenario, group, 5));
    scenario.clock.advance(LONG);
    List<Callable<List<Pruned>>> racers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      racers.add(() -> pruneAll(scenario.repository, THREE));
      racers.add(() -> pruneAll(scenario.otherNode, THREE));
    }
    List<Pruned> pruned = new ArrayList<>();
    Race.of(racers).forEach(pruned::addAll);
    // One that finds the rest held by others ends early; nobody is left out in the end.
    pruned.addAll(pruneAll(scenario.repository, THREE));
    assertThat(pruned).extracting(Pruned::group).doesNotHaveDuplicates().hasSameElementsAs(groups);
    assertThat(pruned).allSatisfy(group -> assertThat(group.removed()).hasSize(2));
  }

  @Test
  default void aFileThatIsDeployedAgainWhileItsUpdateIsRemovedStays() throws Exception {
    Scenario scenario = new Scenario(this);
    OtaRepository repository = scenario.repository;
    for (int round = 0; round < 30; round++) {
      GroupId group = scenario.group();
      List<OtaUpdate> updates = deploys(scenario, group, 4);
      OtaUpdate again = scenario.update(group, "2.0.0", updates.get(0).blob());
      // That of another group holds no lock that the removal waits for.
      OtaUpdate elsewhere = scenario.update(scenario.group(), "2.0.0", updates.get(0).blob());
      scenario.clock.advance(LONG);
      List<Callable<Boolean>> racers = new ArrayList<>();
      racers.add(() -> repository.record(scenario.entry(again)).outcome() == Outcome.RECORDED);
      racers.add(() -> repository.record(scenario.entry(elsewhere)).outcome() == Outcome.RECORDED);
      racers.add(
          () -> {
            // Passes the group by if a deploy holds it.
            pruneAll(scenario.otherNode, THREE);
            return true;
          });
      assertThat(Race.of(racers)).containsOnly(true);
      pruneAll(repository, THREE);
      assertThat(repository.update(updates.get(0).id())).isEmpty();
      assertThat(repository.claimAbandoned(Duration.ZERO, ALL))
          .doesNotContain(updates.get(0).blob());
    }
  }

  private static List<OtaUpdate> deploys(Scenario scenario, GroupId group, int count) {
    List<OtaUpdate> updates = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      updates.add(scenario.deploy(group, "1.0." + i));
      scenario.clock.advance(MILLISECOND);
    }
    return updates;
  }

  private static List<Pruned> pruneAll(OtaRepository repository, Retention retention) {
    List<Pruned> all = new ArrayList<>();
    Optional<Pruned> one = repository.prune(retention);
    while (one.isPresent()) {
      all.add(one.get());
      one = repository.prune(retention);
    }
    return all;
  }

  private static List<UpdateId> removed(List<Pruned> pruned) {
    return pruned.stream().flatMap(group -> group.removed().stream()).toList();
  }

  private static List<UpdateId> ids(List<OtaUpdate> updates) {
    return updates.stream().map(OtaUpdate::id).toList();
  }

  private static List<OtaUpdate> newestFirst(List<OtaUpdate> updates) {
    List<OtaUpdate> reversed = new ArrayList<>(updates);
    Collections.reverse(reversed);
    return reversed;
  }

  private static List<OtaUpdate> history(Scenario scenario, GroupId group) {
    return scenario.otherNode.history(group, 0, ALL).updates();
  }
}
