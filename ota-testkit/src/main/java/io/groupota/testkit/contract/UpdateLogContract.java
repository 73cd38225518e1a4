package io.groupota.testkit.contract;

import static io.groupota.testkit.contract.Scenario.ALL;
import static io.groupota.testkit.contract.Scenario.GRACE;
import static io.groupota.testkit.contract.Scenario.OWNER;
import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.BlobKey;
import io.groupota.GroupId;
import io.groupota.LatestUpdate;
import io.groupota.OtaPage;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.UpdateId;
import io.groupota.UpdatePage;
import io.groupota.firmware.Firmware;
import io.groupota.firmware.ImageInfo;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.TriggerQueue.Claim;
import io.groupota.spi.UpdateLog;
import io.groupota.spi.UpdateLog.Entry;
import io.groupota.spi.UpdateLog.Outcome;
import io.groupota.spi.UpdateLog.Recording;
import io.groupota.testkit.Race;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/**
 * What every {@link UpdateLog} must do when an update is recorded; part of {@link
 * OtaRepositoryContract}, which shows how to use it. How pages are read is in {@link
 * UpdatePagesContract}.
 */
public interface UpdateLogContract extends UpdatePagesContract {
  @Test
  default void aGroupWithoutUpdatesServesNothing() {
    Scenario scenario = new Scenario(this);
    UpdateLog log = scenario.repository;
    GroupId group = scenario.group();
    assertThat(log.served(group)).isEmpty();
    assertThat(log.update(new UpdateId(scenario.hexId()))).isEmpty();
    assertThat(log.history(group, 0, 10)).isEqualTo(new UpdatePage(List.of(), 0));
    assertThat(latest(log, OWNER)).isEqualTo(new OtaPage(List.of(), 0, 0));
  }

  @Test
  default void aLogThatTellsChangesNamesEveryGroupThatServesAnotherUpdate() {
    Scenario scenario = new Scenario(this);
    scenario.deploy(scenario.group(), "1.2.6");
    Optional<UpdateLog.Changes> first = scenario.repository.changes(null);
    if (first.isEmpty()) {
      assertThat(scenario.otherNode.changes(null)).isEmpty();
      return;
    }
    assertThat(first.get().groups()).isEmpty();
    GroupId changed = scenario.group();
    OtaUpdate update = scenario.deploy(changed, "1.2.7");
    GroupId created = scenario.group();
    scenario.deploy(created, "1.2.7");
    for (OtaRepository node : List.of(scenario.repository, scenario.otherNode)) {
      UpdateLog.Changes second = node.changes(first.get().mark()).orElseThrow();
      assertThat(second.groups()).contains(changed, created);
      scenario.deploy(changed, "1.2.8");
      assertThat(node.changes(second.mark()).orElseThrow().groups()).contains(changed);
    }
    assertThat(scenario.repository.history(changed, 0, 10).updates()).contains(update);
  }

  @Test
  default void anUpdateIsReadBackAsItWasWritten() {
    Scenario scenario = new Scenario(this);
    OtaUpdate first = scenario.deploy(scenario.group(), "1.2.7");
    ImageInfo image =
        new ImageInfo("ESP32-S3", "it's 100% \"cool\"_\\", "v4.4 dirty", "", "c3".repeat(32));
    OtaUpdate full =
        new OtaUpdate(
            new UpdateId(scenario.hexId()),
            scenario.group(),
            new OwnerId("~!'%_\\\"" + "x".repeat(121)),
            "1.2.3-rc.1+" + "b".repeat(53),
            new Firmware(5_000_000_000L, "d4".repeat(16), "e5".repeat(32), Optional.of(image)),
            new BlobKey("k".repeat(200)),
            Optional.of(first.id()),
            true,
            Instant.parse("2031-12-31T23:59:59.999Z"));
    scenario.repository.reserve(full.blob());
    scenario.record(full);
    for (OtaRepository node : List.of(scenario.repository, scenario.otherNode)) {
      assertThat(node.served(full.group())).contains(full);
      assertThat(node.update(full.id())).contains(full);
      assertThat(node.history(full.group(), 0, 10).updates()).containsExactly(full);
      assertThat(node.update(first.id())).contains(first);
    }
  }

  @Test
  default void aGroupServesWhatWasRecordedLastWhateverItsTime() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    OtaUpdate first = scenario.deploy(group, "1.0.0");
    // From a node whose clock is behind.
    OtaUpdate second = scenario.update(group, "2.0.0");
    second = scenario.record(scenario.createdAt(first.createdAt().minusSeconds(60), second));
    assertThat(scenario.repository.served(group)).contains(second);
    LatestUpdate current = onlyLatest(scenario.repository, OWNER);
    assertThat(current.update()).isEqualTo(second.id());
    assertThat(current.lastUpdated()).isEqualTo(second.createdAt());
    assertThat(scenario.repository.update(first.id())).contains(first);
  }

  @Test
  default void groupsServeTheirOwnUpdates() {
    Scenario scenario = new Scenario(this);
    OtaUpdate one = scenario.deploy(scenario.group(), "1.0.0");
    OtaUpdate other = scenario.deploy(scenario.group(), "1.0.0");
    assertThat(scenario.repository.served(one.group())).contains(one);
    assertThat(scenario.repository.served(other.group())).contains(other);
    List<GroupId> groups = List.of(one.group(), scenario.group(), other.group(), one.group());
    assertThat(scenario.otherNode.served(groups))
        .isEqualTo(Map.of(one.group(), one, other.group(), other));
    assertThat(scenario.repository.served(List.of())).isEmpty();
    assertThat(scenario.repository.history(one.group(), 0, 10).updates()).containsExactly(one);
  }

  @Test
  default void theCurrentRecordKeepsItsIdAndFollowsTheDeploys() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    OtaUpdate first = scenario.update(group, "1.2.6");
    Entry created = new Entry(first, scenario.hexId(), "old path", Optional.empty());
    assertThat(scenario.repository.record(created).outcome()).isEqualTo(Outcome.RECORDED);
    assertThat(onlyLatest(scenario.repository, OWNER))
        .isEqualTo(
            new LatestUpdate(
                created.recordId(),
                first.id(),
                group,
                OWNER,
                "1.2.6",
                "old path",
                first.createdAt()));

    scenario.clock.advance(Duration.ofDays(4));
    OtaUpdate second = scenario.update(group, "1.2.7");
    Entry changed =
        new Entry(second, scenario.hexId(), "new path", Optional.of(Optional.of(first.id())));
    assertThat(scenario.repository.record(changed).outcome()).isEqualTo(Outcome.RECORDED);
    assertThat(onlyLatest(scenario.repository, OWNER))
        .isEqualTo(
            new LatestUpdate(
                created.recordId(),
                second.id(),
                group,
                OWNER,
                "1.2.7",
                "new path",
                second.createdAt()));
  }

  @Test
  default void theCurrentRecordGoesWithItsGroupToAnotherOwner() {
    Scenario scenario = new Scenario(this);
    OwnerId heir = new OwnerId("heir");
    GroupId group = scenario.group();
    scenario.deploy(group, "1.0.0");
    String record = onlyLatest(scenario.repository, OWNER).id();
    OtaUpdate update = scenario.record(scenario.ownedBy(heir, scenario.update(group, "2.0.0")));
    assertThat(latest(scenario.repository, OWNER)).isEqualTo(new OtaPage(List.of(), 0, 0));
    LatestUpdate moved = onlyLatest(scenario.repository, heir);
    assertThat(moved.id()).isEqualTo(record);
    assertThat(moved.owner()).isEqualTo(heir);
    assertThat(moved.update()).isEqualTo(update.id());
  }

  @Test
  default void anEntryThatReplacesAnythingIsAlwaysRecorded() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    scenario.deploy(group, "1.0.0");
    OtaUpdate second = scenario.deploy(group, "2.0.0");
    assertThat(scenario.repository.served(group)).contains(second);
  }

  @Test
  default void anEntryIsRecordedOnlyIfTheGroupServesWhatItReplaces() {
    Scenario scenario = new Scenario(this);
    OtaRepository repository = scenario.repository;
    GroupId group = scenario.group();
    OtaUpdate first = scenario.update(group, "1.0.0");
    OtaUpdate second = scenario.update(group, "2.0.0");
    Optional<UpdateId> nothing = Optional.empty();
    Optional<UpdateId> unknown = Optional.of(new UpdateId(scenario.hexId()));

    assertThat(repository.record(scenario.guarded(first, unknown)).outcome())
        .isEqualTo(Outcome.SERVED_CHANGED);
    assertThat(repository.record(scenario.guarded(first, nothing)).outcome())
        .isEqualTo(Outcome.RECORDED);
    assertThat(repository.record(scenario.guarded(second, nothing)).outcome())
        .isEqualTo(Outcome.SERVED_CHANGED);
    assertThat(repository.record(scenario.guarded(second, unknown)).outcome())
        .isEqualTo(Outcome.SERVED_CHANGED);
    assertThat(repository.record(scenario.guarded(second, Optional.of(first.id()))).outcome())
        .isEqualTo(Outcome.RECORDED);
    OtaUpdate third = scenario.update(group, "3.0.0");
    assertThat(repository.record(scenario.guarded(third, Optional.of(first.id()))).outcome())
        .isEqualTo(Outcome.SERVED_CHANGED);
    assertThat(repository.served(group)).contains(second);
  }

  @Test
  default void anEntryTellsWhatItReplaced() {
    Scenario scenario = new Scenario(this);
    OtaRepository repository = scenario.repository;
    GroupId group = scenario.group();
    OtaUpdate first = scenario.update(group, "1.0.0");
    OtaUpdate second = scenario.update(group, "2.0.0");
    OtaUpdate third = scenario.update(group, "3.0.0");
    Entry late = scenario.guarded(third, Optional.of(first.id()));
    Entry guarded = scenario.guarded(third, Optional.of(second.id()));
    OtaUpdate gone = scenario.update(group, "4.0.0", new BlobKey("never/reserved"));

    assertThat(repository.record(scenario.entry(first)).previous()).isEmpty();
    assertThat(repository.record(scenario.entry(second)).previous()).contains(first);
    assertThat(repository.record(late).previous()).isEmpty();
    assertThat(repository.record(guarded).previous()).contains(second);
    assertThat(repository.record(scenario.entry(gone)).previous()).isEmpty();
  }

  @Test
  default void ofEntriesThatRaceEachReplacesTheOneBeforeIt() throws Exception {
    Scenario scenario = new Scenario(this);
    for (int round = 0; round < 10; round++) {
      GroupId group = scenario.group();
      Map<UpdateId, Optional<OtaUpdate>> previous = new ConcurrentHashMap<>();
      List<Callable<Outcome>> racers = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        Entry entry = scenario.entry(scenario.update(group, "1.0." + i));
        OtaRepository node = i % 2 == 0 ? scenario.repository : scenario.otherNode;
        racers.add(
            () -> {
              Recording recording = node.record(entry);
              previous.put(entry.update().id(), recording.previous());
              return recording.outcome();
            });
      }
      assertThat(Race.of(racers)).containsOnly(Outcome.RECORDED);
      Optional<OtaUpdate> newer = Optional.empty();
      for (OtaUpdate update : scenario.repository.history(group, 0, ALL).updates()) {
        newer.ifPresent(next -> assertThat(previous.get(next.id())).contains(update));
        newer = Optional.of(update);
      }
      assertThat(previous.get(newer.orElseThrow().id())).isEmpty();
    }
  }

  @Test
  default void anEntryThatLostTheRaceChangesNothing() {
    Scenario scenario = new Scenario(this);
    OtaRepository repository = scenario.repository;
    GroupId group = scenario.group();
    OtaUpdate served = scenario.deployAndTrigger(group, "1.0.0");
    OtaPage before = latest(repository, OWNER);

    OtaUpdate late = scenario.ownedBy(new OwnerId("other"), scenario.update(group, "2.0.0"));
    assertThat(repository.record(scenario.guarded(late, Optional.empty())).outcome())
        .isEqualTo(Outcome.SERVED_CHANGED);
    assertUnchanged(scenario, served, late, before);

    // The blob is still reserved: it can be recorded after all, and it can be abandoned.
    assertThat(repository.record(scenario.guarded(late, Optional.of(served.id()))).outcome())
        .isEqualTo(Outcome.RECORDED);
    OtaUpdate abandoned = scenario.update(group, "3.0.0");
    assertThat(repository.record(scenario.guarded(abandoned, Optional.empty())).outcome())
        .isEqualTo(Outcome.SERVED_CHANGED);
    scenario.clock.advance(GRACE.multipliedBy(2));
    assertThat(repository.claimAbandoned(GRACE, ALL)).containsExactly(abandoned.blob());
  }

  @Test
  default void anUpdateWhoseBlobIsGoneChangesNothing() {
    Scenario scenario = new Scenario(this);
    OtaRepository repository = scenario.repository;
    GroupId group = scenario.group();
    OtaUpdate served = scenario.deployAndTrigger(group, "1.0.0");
    OtaPage before = latest(repository, OWNER);
    OtaUpdate late = scenario.update(group, "2.0.0");
    scenario.clock.advance(GRACE.multipliedBy(2));
    assertThat(repository.claimAbandoned(GRACE, ALL)).containsExactly(late.blob());

    assertThat(repository.record(scenario.entry(late)).outcome()).isEqualTo(Outcome.BLOB_GONE);
    assertUnchanged(scenario, served, late, before);
    repository.forget(List.of(late.blob()));
    assertThat(repository.record(scenario.entry(late)).outcome()).isEqualTo(Outcome.BLOB_GONE);
    assertUnchanged(scenario, served, late, before);
    OtaUpdate never = scenario.update(group, "2.0.0", new BlobKey("never/reserved"));
    assertThat(repository.record(scenario.entry(never)).outcome()).isEqualTo(Outcome.BLOB_GONE);
    assertUnchanged(scenario, served, never, before);
  }

  @Test
  default void theFirstUpdateOfAGroupLeavesNoTraceWhenItsBlobIsGone() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    OtaUpdate never = scenario.update(group, "1.0.0", new BlobKey("never/reserved"));
    assertThat(scenario.repository.record(scenario.guarded(never, Optional.empty())).outcome())
        .isEqualTo(Outcome.BLOB_GONE);
    assertThat(scenario.repository.served(group)).isEmpty();
    assertThat(latest(scenario.repository, OWNER)).isEqualTo(new OtaPage(List.of(), 0, 0));
    assertThat(scenario.repository.history(group, 0, 1)).isEqualTo(new UpdatePage(List.of(), 0));
    scenario.assertNothingDue();
    OtaUpdate first = scenario.update(group, "1.0.0");
    assertThat(scenario.repository.record(scenario.guarded(first, Optional.empty())).outcome())
        .isEqualTo(Outcome.RECORDED);
  }

  @Test
  default void aRedeploySharesTheBlobOfTheUpdateThatItRepeats() {
    Scenario scenario = new Scenario(this);
    OtaRepository repository = scenario.repository;
    GroupId group = scenario.group();
    OtaUpdate first = scenario.deploy(group, "1.0.0");
    OtaUpdate second = scenario.deploy(group, "2.0.0");
    scenario.clock.advance(GRACE.multipliedBy(2));
    OtaUpdate again =
        new OtaUpdate(
            new UpdateId(scenario.hexId()),
            group,
            OWNER,
            first.version(),
            first.firmware(),
            first.blob(),
            Optional.of(first.id()),
            false,
            scenario.clock.instant());
    scenario.record(again);
    assertThat(repository.served(group)).contains(again);
    assertThat(repository.history(group, 0, 10))
        .satisfies(page -> assertThat(page.updates().get(0)).isEqualTo(again))
        .satisfies(page -> assertThat(page.updates()).contains(first, second))
        .satisfies(page -> assertThat(page.total()).isEqualTo(3));
    assertThat(repository.claimAbandoned(Duration.ZERO, ALL)).isEmpty();
  }

  @Test
  default void ofNodesThatReplaceTheSameUpdateExactlyOneWins() throws Exception {
    Scenario scenario = new Scenario(this);
    OtaRepository repository = scenario.repository;
    GroupId group = scenario.group();
    Optional<UpdateId> replaced = Optional.empty();
    for (int round = 1; round <= 15; round++) {
      List<OtaUpdate> updates = new ArrayList<>();
      List<Callable<Outcome>> racers = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        OtaUpdate update = scenario.update(group, round + ".0." + i);
        Entry entry = scenario.guarded(update, replaced);
        OtaRepository node = i % 2 == 0 ? repository : scenario.otherNode;
        updates.add(update);
        racers.add(() -> node.record(entry).outcome());
      }
      List<Outcome> outcomes = Race.of(racers);
      assertThat(Collections.frequency(outcomes, Outcome.RECORDED)).isEqualTo(1);
      assertThat(Collections.frequency(outcomes, Outcome.SERVED_CHANGED)).isEqualTo(5);
      OtaUpdate winner = updates.get(outcomes.indexOf(Outcome.RECORDED));
      assertThat(repository.served(group)).contains(winner);
      assertThat(repository.history(group, 0, 1)).isEqualTo(new UpdatePage(List.of(winner), round));
      assertThat(onlyLatest(repository, OWNER).update()).isEqualTo(winner.id());
      replaced = Optional.of(winner.id());
      scenario.clock.advance(Duration.ofSeconds(1));
    }
  }

  @Test
  default void deploysThatRaceHappenOneAfterTheOther() throws Exception {
    Scenario scenario = new Scenario(this);
    OtaRepository repository = scenario.repository;
    for (int round = 0; round < 10; round++) {
      // A new group in each round: all of them want to create its current record.
      GroupId group = scenario.group();
      OwnerId owner = new OwnerId("owner-" + round);
      List<Entry> entries = new ArrayList<>();
      List<Callable<Outcome>> racers = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        Entry entry = scenario.entry(scenario.ownedBy(owner, scenario.update(group, "1.0." + i)));
        OtaRepository node = i % 2 == 0 ? repository : scenario.otherNode;
        entries.add(entry);
        racers.add(() -> node.record(entry).outcome());
      }
      assertThat(Race.of(racers)).containsOnly(Outcome.RECORDED);
      assertThat(repository.history(group, 0, ALL).updates())
          .containsExactlyInAnyOrderElementsOf(entries.stream().map(Entry::update).toList());
      OtaUpdate served = repository.served(group).orElseThrow();
      assertThat(repository.history(group, 0, 1).updates()).containsExactly(served);
      LatestUpdate record = onlyLatest(repository, owner);
      assertThat(record.update()).isEqualTo(served.id());
      assertThat(record.version()).isEqualTo(served.version());
      assertThat(entries).extracting(Entry::recordId).contains(record.id());
      Claim claim = scenario.claimOnly(group);
      assertThat(claim.update()).isEqualTo(served.id());
      assertThat(repository.complete(claim)).isTrue();
    }
  }

  @Test
  default void deploysToManyGroupsAtOnceAreAllRecorded() throws Exception {
    Scenario scenario = new Scenario(this);
    List<GroupId> groups = scenario.groups(5);
    List<Callable<Integer>> racers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      int racer = i;
      OtaRepository node = i % 2 == 0 ? scenario.repository : scenario.otherNode;
      racers.add(
          () -> {
            int recorded = 0;
            // Each starts with another group, so that locks are taken in different orders.
            for (int step = 0; step < groups.size(); step++) {
              GroupId group = groups.get((racer + step) % groups.size());
              OtaUpdate update = scenario.update(group, "1." + racer + "." + step);
              recorded += node.record(scenario.entry(update)).outcome() == Outcome.RECORDED ? 1 : 0;
            }
            return recorded;
          });
    }
    assertThat(Race.of(racers)).containsOnly(groups.size());
    for (GroupId group : groups) {
      assertThat(scenario.repository.history(group, 0, 0).total()).isEqualTo(6);
    }
    assertThat(latest(scenario.repository, OWNER).total()).isEqualTo(groups.size());
  }

  private static void assertUnchanged(
      Scenario scenario, OtaUpdate served, OtaUpdate refused, OtaPage latest) {
    OtaRepository repository = scenario.repository;
    assertThat(repository.served(served.group())).contains(served);
    assertThat(repository.update(refused.id())).isEmpty();
    assertThat(repository.history(served.group(), 0, 10))
        .isEqualTo(new UpdatePage(List.of(served), 1));
    assertThat(latest(repository, OWNER)).isEqualTo(latest);
    assertThat(latest(repository, refused.owner()).updates())
        .extracting(LatestUpdate::update)
        .doesNotContain(refused.id());
    scenario.assertNothingDue();
  }

  private static OtaPage latest(UpdateLog log, OwnerId owner) {
    return log.latest(owner, OtaQuery.builder().limit(ALL).build());
  }

  private static LatestUpdate onlyLatest(UpdateLog log, OwnerId owner) {
    OtaPage page = latest(log, owner);
    assertThat(page.updates()).hasSize(1);
    return page.updates().get(0);
  }
}
