package io.groupota.testkit.contract;

import io.groupota.BlobKey;
import io.groupota.GroupId;
import io.groupota.LatestUpdate;
import io.groupota.OtaPage;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.UpdatePage;
import io.groupota.spi.UpdateLog.Entry;
import io.groupota.spi.UpdateLog.Outcome;
import io.groupota.spi.UpdateLog.Recording;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** The contract of update logs catches the mistakes that are easy to make. */
class BrokenUpdateLogsTest {
  @Test
  void aGuardThatIsIgnoredIsCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "record", sound -> arguments -> sound.record(unguarded((Entry) arguments[0])));
    Proof.catches(contract, "anEntryIsRecordedOnlyIfTheGroupServesWhatItReplaces");
    Proof.catches(contract, "anEntryThatLostTheRaceChangesNothing");
    Proof.catches(contract, "ofNodesThatReplaceTheSameUpdateExactlyOneWins");
  }

  @Test
  void aGuardThatIsCheckedBeforeTheTransactionIsCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "record",
            sound -> {
              CountDownLatch checked = new CountDownLatch(2);
              return arguments -> {
                Entry entry = (Entry) arguments[0];
                Optional<OtaUpdate> served = sound.served(entry.update().group());
                if (!entry.replaces().orElseThrow().equals(served.map(OtaUpdate::id))) {
                  return new Recording(Outcome.SERVED_CHANGED, Optional.empty());
                }
                checked.countDown();
                checked.await(10, TimeUnit.SECONDS);
                return sound.record(unguarded(entry));
              };
            });
    Proof.catches(contract, "ofNodesThatReplaceTheSameUpdateExactlyOneWins");
  }

  @Test
  void aPreviousUpdateThatIsReadBeforeTheTransactionIsCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "record",
            sound -> {
              CountDownLatch read = new CountDownLatch(2);
              return arguments -> {
                Entry entry = (Entry) arguments[0];
                Optional<OtaUpdate> served = sound.served(entry.update().group());
                read.countDown();
                read.await(1, TimeUnit.SECONDS);
                return new Recording(sound.record(entry).outcome(), served);
              };
            });
    Proof.catches(contract, "ofEntriesThatRaceEachReplacesTheOneBeforeIt");
  }

  @Test
  void aPreviousUpdateThatIsNotToldIsCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "record",
            sound ->
                arguments ->
                    new Recording(sound.record((Entry) arguments[0]).outcome(), Optional.empty()));
    Proof.catches(contract, "anEntryTellsWhatItReplaced");
  }

  @Test
  void aBlobThatIsRecordedThoughItWasClaimedIsCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "record",
            sound ->
                arguments -> {
                  Entry entry = (Entry) arguments[0];
                  Recording recording = sound.record(entry);
                  if (recording.outcome() == Outcome.BLOB_GONE) {
                    sound.forget(List.of(entry.update().blob()));
                    sound.reserve(entry.update().blob());
                    return sound.record(entry);
                  }
                  return recording;
                });
    Proof.catches(contract, "anUpdateWhoseBlobIsGoneChangesNothing");
    Proof.catches(contract, "aClaimedKeyCannotBeRecorded");
  }

  @Test
  void aBlobThatIsRecordedWhileItIsClaimedIsCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "record",
            sound ->
                arguments -> {
                  Entry entry = (Entry) arguments[0];
                  BlobKey key = entry.update().blob();
                  // A long grace: only what the other racer has claimed already is returned.
                  Proof.await(
                      () -> sound.claimAbandoned(Duration.ofDays(9999), 1000).contains(key));
                  sound.forget(List.of(key));
                  sound.reserve(key);
                  return sound.record(entry);
                });
    Proof.catches(contract, "aBlobThatIsServedIsNeverSwept");
  }

  @Test
  void aReservationThatIsLostWithARefusedEntryIsCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "record",
            sound ->
                arguments -> {
                  Entry entry = (Entry) arguments[0];
                  Recording recording = sound.record(entry);
                  if (recording.outcome() == Outcome.SERVED_CHANGED) {
                    sound.abandon(entry.update().blob());
                    sound.forget(sound.claimAbandoned(Duration.ofDays(1), 1));
                  }
                  return recording;
                });
    Proof.catches(contract, "anEntryThatLostTheRaceChangesNothing");
  }

  @Test
  void anEqualVersionThatTriggersIsCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "record",
            sound ->
                arguments -> {
                  Entry entry = (Entry) arguments[0];
                  Recording recording = sound.record(entry);
                  sound.markBehind(List.of(entry.update().group()), Duration.ZERO);
                  return recording;
                });
    Proof.catches(contract, "anotherVersionIsDueAndAnEqualOneIsNot");
  }

  @Test
  void aCurrentRecordThatChangesItsIdIsCaught() throws Exception {
    OtaRepositoryContract contract =
        brokenPage(
            (query, page) -> changed(page, record -> withId(record.update().value(), record)));
    Proof.catches(contract, "theCurrentRecordKeepsItsIdAndFollowsTheDeploys");
  }

  @Test
  void aSearchWithWildcardsOrWithoutCaseIsCaught() throws Exception {
    String test = "theSearchTextIsTakenLetterForLetter";
    Proof.catches(brokenSearch((path, search) -> matches(path, search, "_")), test);
    Proof.catches(brokenSearch((path, search) -> matches(path, search, ".")), test);
    Proof.catches(brokenSearch((path, search) -> lower(path).contains(lower(search))), test);
    Proof.catches(brokenSearch((path, search) -> path.contains(search.replace("\\", ""))), test);
  }

  @Test
  void wrongCountsOfAPageAreCaught() throws Exception {
    OtaRepositoryContract afterTheFilter =
        brokenPage((query, page) -> new OtaPage(page.updates(), page.filtered(), page.filtered()));
    Proof.catches(afterTheFilter, "theSearchComesBeforeThePaging");
    Proof.catches(afterTheFilter, "aPageBeyondTheEndOrOfNothingStillCounts");
    OtaRepositoryContract ofThePage =
        brokenPage(
            (query, page) -> new OtaPage(page.updates(), page.total(), page.updates().size()));
    Proof.catches(ofThePage, "pagesOfCurrentRecordsJoinToTheWhole");
    Proof.catches(ofThePage, "aPageBeyondTheEndOrOfNothingStillCounts");
  }

  @Test
  void tiesThatAreNotReversedAreCaught() throws Exception {
    OtaRepositoryContract contract =
        brokenPage(
            (query, page) -> {
              List<LatestUpdate> records = new ArrayList<>(page.updates());
              Collections.sort(
                  records,
                  Comparator.comparing(LatestUpdate::lastUpdated).thenComparing(LatestUpdate::id));
              if (query.order() == OtaQuery.Order.DESC) {
                Collections.sort(
                    records, Comparator.comparing(LatestUpdate::lastUpdated).reversed());
              }
              return new OtaPage(records, page.total(), page.filtered());
            });
    Proof.catches(contract, "currentRecordsAreOrderedByTimeWithTiesById");
  }

  @Test
  void aHistoryOldestFirstIsCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "history",
            sound ->
                arguments -> {
                  UpdatePage page =
                      sound.history(
                          (GroupId) arguments[0], (Long) arguments[1], (Integer) arguments[2]);
                  List<OtaUpdate> updates = new ArrayList<>(page.updates());
                  Collections.reverse(updates);
                  return new UpdatePage(updates, page.total());
                });
    Proof.catches(contract, "theHistoryIsNewestFirst");
  }

  private static OtaRepositoryContract brokenPage(BiFunction<OtaQuery, OtaPage, OtaPage> change) {
    return Proof.repository(
        "latest",
        sound ->
            arguments -> {
              OtaQuery query = (OtaQuery) arguments[1];
              return change.apply(query, sound.latest((OwnerId) arguments[0], query));
            });
  }

  private static OtaRepositoryContract brokenSearch(BiPredicate<String, String> matches) {
    return Proof.repository(
        "latest",
        sound ->
            arguments -> {
              OtaPage all =
                  sound.latest((OwnerId) arguments[0], OtaQuery.builder().limit(1000).build());
              String search = ((OtaQuery) arguments[1]).search();
              List<LatestUpdate> found =
                  all.updates().stream()
                      .filter(record -> matches.test(record.path(), search))
                      .toList();
              return new OtaPage(found, all.total(), found.size());
            });
  }

  private static Entry unguarded(Entry entry) {
    return new Entry(entry.update(), entry.recordId(), entry.path(), Optional.empty());
  }

  private static OtaPage changed(OtaPage page, Function<LatestUpdate, LatestUpdate> change) {
    return new OtaPage(page.updates().stream().map(change).toList(), page.total(), page.filtered());
  }

  private static LatestUpdate withId(String id, LatestUpdate record) {
    return new LatestUpdate(
        id,
        record.update(),
        record.group(),
        record.owner(),
        record.version(),
        record.path(),
        record.lastUpdated());
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  /** Whether a path contains a text in which one character stands for any. */
  private static boolean matches(String path, String search, String any) {
    for (int start = 0; start + search.length() <= path.length(); start++) {
      boolean equal = true;
      for (int i = 0; i < search.length(); i++) {
        equal &= search.charAt(i) == any.charAt(0) || search.charAt(i) == path.charAt(start + i);
      }
      if (equal) {
        return true;
      }
    }
    return false;
  }
}
