package io.groupota.testkit.contract;

import static io.groupota.testkit.contract.Scenario.ALL;
import static io.groupota.testkit.contract.Scenario.GRACE;
import static io.groupota.testkit.contract.Scenario.MILLISECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.BlobKey;
import io.groupota.OtaUpdate;
import io.groupota.StorageException;
import io.groupota.spi.BlobLedger;
import io.groupota.spi.UpdateLog.Entry;
import io.groupota.spi.UpdateLog.Outcome;
import io.groupota.testkit.Race;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What every {@link BlobLedger} must do; part of {@link OtaRepositoryContract}, which shows how to
 * use it.
 */
public interface BlobLedgerContract extends OtaRepositoryFixture {
  @Test
  default void aReservationIsAbandonedOnlyWhenTheGraceIsOver() {
    Scenario scenario = new Scenario(this);
    assertThat(scenario.repository.claimAbandoned(Duration.ZERO, ALL)).isEmpty();
    BlobKey first = scenario.reservedBlob();
    scenario.clock.advance(Duration.ofMinutes(1));
    BlobKey second = scenario.reservedBlob();
    scenario.clock.advance(GRACE.minusMinutes(1).minus(MILLISECOND));
    assertThat(scenario.otherNode.claimAbandoned(GRACE, ALL)).isEmpty();
    scenario.clock.advance(MILLISECOND.multipliedBy(2));
    assertThat(scenario.otherNode.claimAbandoned(GRACE, ALL)).containsExactly(first);
    scenario.clock.advance(Duration.ofMinutes(1));
    assertThat(scenario.otherNode.claimAbandoned(GRACE, ALL))
        .containsExactlyInAnyOrder(first, second);
  }

  @Test
  default void keysThatAreReservedTogetherAreOnTheirOwn() {
    Scenario scenario = new Scenario(this);
    BlobLedger ledger = scenario.repository;
    List<BlobKey> keys = Stream.generate(scenario::newBlob).limit(20).toList();
    ledger.reserve(keys);
    ledger.abandon(keys.get(0));
    scenario.record(scenario.update(scenario.group(), "1.0.0", keys.get(1)));
    assertThat(scenario.otherNode.claimAbandoned(GRACE, ALL)).containsExactly(keys.get(0));

    scenario.clock.advance(GRACE.plus(MILLISECOND));
    List<BlobKey> late = new ArrayList<>(keys);
    late.remove(1);
    assertThat(scenario.otherNode.claimAbandoned(GRACE, ALL))
        .containsExactlyInAnyOrderElementsOf(late);
  }

  @Test
  default void keysAreReservedTogetherOrNotAtAll() {
    Scenario scenario = new Scenario(this);
    BlobLedger ledger = scenario.repository;
    BlobKey known = scenario.reservedBlob();
    BlobKey unknown = scenario.newBlob();
    assertThatThrownBy(() -> ledger.reserve(List.of(unknown, known)))
        .isInstanceOf(StorageException.class);
    scenario.clock.advance(GRACE.plus(MILLISECOND));
    assertThat(scenario.otherNode.claimAbandoned(GRACE, ALL)).containsExactly(known);
  }

  @Test
  default void aClaimedKeyIsClaimedAgainUntilItIsForgotten() {
    Scenario scenario = new Scenario(this);
    BlobLedger ledger = scenario.repository;
    BlobKey first = scenario.reservedBlob();
    BlobKey second = scenario.reservedBlob();
    scenario.clock.advance(GRACE.plus(MILLISECOND));
    assertThat(ledger.claimAbandoned(GRACE, ALL)).containsExactlyInAnyOrder(first, second);
    // The node that claimed them died; a longer grace does not save what is claimed.
    assertThat(scenario.otherNode.claimAbandoned(GRACE.multipliedBy(100), ALL))
        .containsExactlyInAnyOrder(first, second);
    ledger.forget(List.of(first));
    assertThat(ledger.claimAbandoned(GRACE, ALL)).containsExactly(second);
    ledger.forget(List.of(first, second));
    ledger.forget(List.of(first, second));
    ledger.forget(List.of());
    assertThat(ledger.claimAbandoned(Duration.ZERO, ALL)).isEmpty();
  }

  @Test
  default void keysThatAreNotClaimedAreNotForgotten() {
    Scenario scenario = new Scenario(this);
    BlobLedger ledger = scenario.repository;
    BlobKey reserved = scenario.reservedBlob();
    BlobKey abandoned = scenario.reservedBlob();
    ledger.abandon(abandoned);
    OtaUpdate served = scenario.deploy(scenario.group(), "1.0.0");
    ledger.forget(List.of(reserved, abandoned, served.blob(), new BlobKey("never/reserved")));

    assertThat(ledger.claimAbandoned(GRACE, ALL)).containsExactly(abandoned);
    OtaUpdate update = scenario.update(scenario.group(), "1.0.0", reserved);
    assertThat(scenario.repository.record(scenario.entry(update)).outcome())
        .isEqualTo(Outcome.RECORDED);
    OtaUpdate redeploy = scenario.update(served.group(), "1.0.1", served.blob());
    assertThat(scenario.repository.record(scenario.entry(redeploy)).outcome())
        .isEqualTo(Outcome.RECORDED);
  }

  @Test
  default void aClaimedKeyCannotBeRecorded() {
    Scenario scenario = new Scenario(this);
    BlobKey key = scenario.reservedBlob();
    scenario.clock.advance(GRACE.plus(MILLISECOND));
    assertThat(scenario.otherNode.claimAbandoned(GRACE, ALL)).containsExactly(key);
    Entry entry = scenario.entry(scenario.update(scenario.group(), "1.0.0", key));
    assertThat(scenario.repository.record(entry).outcome()).isEqualTo(Outcome.BLOB_GONE);
    // Its blob may be there still, so it stays claimed.
    assertThat(scenario.repository.claimAbandoned(GRACE, ALL)).containsExactly(key);
    scenario.repository.forget(List.of(key));
    assertThat(scenario.repository.record(entry).outcome()).isEqualTo(Outcome.BLOB_GONE);
  }

  @Test
  default void aClaimedKeyReplacesNothing() {
    Scenario scenario = new Scenario(this);
    OtaUpdate served = scenario.deploy(scenario.group(), "1.0.0");
    assertThat(scenario.repository.complete(scenario.claimOnly(served.group()))).isTrue();
    BlobKey key = scenario.reservedBlob();
    scenario.clock.advance(GRACE.plus(MILLISECOND));
    assertThat(scenario.otherNode.claimAbandoned(GRACE, ALL)).containsExactly(key);
    OtaUpdate late = scenario.update(served.group(), "1.0.1", key);
    assertThat(
            scenario.repository.record(scenario.guarded(late, Optional.of(served.id()))).outcome())
        .isEqualTo(Outcome.BLOB_GONE);
    assertThat(scenario.otherNode.served(served.group())).contains(served);
    assertThat(scenario.otherNode.history(served.group(), 0, 10).updates()).containsExactly(served);
    scenario.assertNothingDue();
  }

  @Test
  default void aReservationThatIsOverdueButNotClaimedCanBeRecorded() {
    Scenario scenario = new Scenario(this);
    OtaUpdate slow = scenario.update(scenario.group(), "1.0.0");
    scenario.clock.advance(GRACE.multipliedBy(10));
    scenario.record(slow);
    assertThat(scenario.repository.claimAbandoned(GRACE, ALL)).isEmpty();
  }

  @Test
  default void anAbandonedReservationIsClaimedWhateverTheGrace() {
    Scenario scenario = new Scenario(this);
    BlobLedger ledger = scenario.repository;
    scenario.reservedBlob();
    BlobKey failed = scenario.reservedBlob();
    ledger.abandon(failed);
    ledger.abandon(failed);
    assertThat(ledger.claimAbandoned(Duration.ofDays(365), ALL)).containsExactly(failed);
    ledger.abandon(failed);
    assertThat(ledger.claimAbandoned(Duration.ofDays(365), ALL)).containsExactly(failed);
    ledger.forget(List.of(failed));
    assertThat(ledger.claimAbandoned(Duration.ofDays(365), ALL)).isEmpty();
  }

  @Test
  default void aKeyThatWasSweptWhileItWasWrittenIsAbandonedAfterAll() {
    Scenario scenario = new Scenario(this);
    BlobLedger ledger = scenario.repository;
    OtaUpdate slow = scenario.update(scenario.group(), "1.0.0");
    BlobKey key = slow.blob();
    scenario.clock.advance(GRACE.plus(MILLISECOND));
    assertThat(scenario.otherNode.claimAbandoned(GRACE, ALL)).containsExactly(key);
    scenario.otherNode.forget(List.of(key));

    assertThat(scenario.repository.record(scenario.entry(slow)).outcome())
        .isEqualTo(Outcome.BLOB_GONE);
    ledger.abandon(key);
    ledger.abandon(key);

    Duration longer = Duration.ofDays(365);
    assertThat(scenario.otherNode.claimAbandoned(longer, ALL)).containsExactly(key);
    assertThat(scenario.otherNode.claimAbandoned(longer, ALL)).containsExactly(key);
    scenario.otherNode.forget(List.of(key));
    assertThat(ledger.claimAbandoned(longer, ALL)).isEmpty();
  }

  @Test
  default void aClaimedKeyThatIsAbandonedStaysClaimed() {
    Scenario scenario = new Scenario(this);
    OtaUpdate slow = scenario.update(scenario.group(), "1.0.0");
    scenario.clock.advance(GRACE.plus(MILLISECOND));
    assertThat(scenario.otherNode.claimAbandoned(GRACE, ALL)).containsExactly(slow.blob());

    scenario.repository.abandon(slow.blob());

    assertThat(scenario.repository.record(scenario.entry(slow)).outcome())
        .isEqualTo(Outcome.BLOB_GONE);
    scenario.otherNode.forget(List.of(slow.blob()));
    assertThat(scenario.repository.claimAbandoned(GRACE, ALL)).isEmpty();
  }

  @Test
  default void aSweptKeyThatSeveralAbandonAtOnceIsClaimedOnce() throws Exception {
    Scenario scenario = new Scenario(this);
    for (int round = 0; round < 10; round++) {
      BlobKey key = scenario.reservedBlob();
      scenario.repository.abandon(key);
      scenario.repository.forget(scenario.repository.claimAbandoned(GRACE, ALL));
      List<Callable<Boolean>> racers = new ArrayList<>();
      for (BlobLedger node : List.of(scenario.repository, scenario.otherNode)) {
        racers.add(
            () -> {
              node.abandon(key);
              return true;
            });
      }
      assertThat(Race.of(racers)).containsOnly(true);
      assertThat(scenario.repository.claimAbandoned(GRACE, ALL)).containsExactly(key);
      scenario.repository.forget(List.of(key));
    }
  }

  @Test
  default void aRecordedBlobIsNeverAbandoned() {
    Scenario scenario = new Scenario(this);
    OtaUpdate old = scenario.deploy(scenario.group(), "1.0.0");
    OtaUpdate served = scenario.deploy(old.group(), "2.0.0");
    scenario.repository.abandon(old.blob());
    scenario.repository.abandon(served.blob());
    assertThat(scenario.repository.claimAbandoned(Duration.ZERO, ALL)).isEmpty();
    scenario.clock.advance(Duration.ofDays(3650));
    assertThat(scenario.repository.claimAbandoned(Duration.ZERO, ALL)).isEmpty();
    OtaUpdate rollback = scenario.update(old.group(), "1.0.0", old.blob());
    assertThat(scenario.repository.record(scenario.entry(rollback)).outcome())
        .isEqualTo(Outcome.RECORDED);
  }

  @Test
  default void noMoreThanTheLimitAreClaimedAndNoneIsLeftInTheEnd() {
    Scenario scenario = new Scenario(this);
    BlobLedger ledger = scenario.repository;
    Set<BlobKey> keys = new HashSet<>();
    for (int i = 0; i < 10; i++) {
      keys.add(scenario.reservedBlob());
    }
    scenario.clock.advance(GRACE.plus(MILLISECOND));
    Set<BlobKey> swept = new HashSet<>();
    for (int i = 0; i < 4; i++) {
      List<BlobKey> claims = ledger.claimAbandoned(GRACE, 3);
      assertThat(claims).hasSize(i < 3 ? 3 : 1).doesNotHaveDuplicates();
      ledger.forget(claims);
      swept.addAll(claims);
    }
    assertThat(swept).isEqualTo(keys);
    assertThat(ledger.claimAbandoned(GRACE, 3)).isEmpty();
  }

  @Test
  default void aBlobThatIsServedIsNeverSwept() throws Exception {
    Scenario scenario = new Scenario(this);
    for (int round = 0; round < 30; round++) {
      OtaUpdate slow = scenario.update(scenario.group(), "1.0.0");
      Entry entry = scenario.entry(slow);
      scenario.clock.advance(GRACE.plus(MILLISECOND));
      List<Callable<Boolean>> racers = new ArrayList<>();
      racers.add(() -> scenario.repository.record(entry).outcome() == Outcome.RECORDED);
      racers.add(() -> scenario.otherNode.claimAbandoned(GRACE, ALL).contains(slow.blob()));
      List<Boolean> won = Race.of(racers);
      assertThat(won).as("recorded, claimed").containsExactlyInAnyOrder(true, false);
      assertThat(scenario.repository.served(slow.group()).isPresent()).isEqualTo(won.get(0));
      assertThat(scenario.repository.claimAbandoned(GRACE, ALL))
          .isEqualTo(won.get(0) ? List.of() : List.of(slow.blob()));
      scenario.repository.forget(List.of(slow.blob()));
    }
  }

  @Test
  default void reservingAbandoningAndSweepingDoNotDisturbEachOther() throws Exception {
    Scenario scenario = new Scenario(this);
    List<Callable<Integer>> racers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      racers.add(
          () -> {
            int recorded = 0;
            for (int step = 0; step < 10; step++) {
              OtaUpdate update = scenario.update(scenario.group(), "1.0.0");
              recorded +=
                  scenario.repository.record(scenario.entry(update)).outcome() == Outcome.RECORDED
                      ? 1
                      : 0;
              scenario.repository.abandon(scenario.reservedBlob());
            }
            return recorded;
          });
      racers.add(
          () -> {
            for (int step = 0; step < 10; step++) {
              scenario.otherNode.forget(scenario.otherNode.claimAbandoned(GRACE, 5));
            }
            return 10;
          });
    }
    assertThat(Race.of(racers)).containsOnly(10);
    scenario.repository.forget(scenario.repository.claimAbandoned(GRACE, ALL));
    assertThat(scenario.repository.claimAbandoned(Duration.ZERO, ALL)).isEmpty();
  }
}
