package io.groupota.testkit.contract;

import io.groupota.BlobKey;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.Retention;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.spi.Addressing;
import io.groupota.spi.DeviceStates.Heard;
import io.groupota.spi.DeviceStates.NewVersion;
import io.groupota.spi.DeviceStates.Saved;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutLog.Holds;
import io.groupota.spi.TriggerQueue.Claim;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The contracts of the other roles catch the mistakes that are easy to make. */
class BrokenRepositoriesTest {
  @Test
  void aRetentionThatRemovesNothingOrTooMuchIsCaught() throws Exception {
    Proof.catches(
        Proof.repository("prune", sound -> arguments -> Optional.empty()),
        "theLastUpdatesStayWhateverTheirAge");
    Proof.catches(
        Proof.repository("prune", sound -> arguments -> sound.prune(with(2, arguments))),
        "theLastUpdatesStayWhateverTheirAge");
    OtaRepositoryContract ageless =
        Proof.repository(
            "prune",
            sound ->
                arguments -> {
                  int updates = ((Retention) arguments[0]).updates();
                  return sound.prune(new Retention(updates, Duration.ofHours(1)));
                });
    Proof.catches(ageless, "whatIsYoungStaysHoweverManyThereAre");
    Proof.catches(ageless, "aGroupIsLookedAtOnceADayOrOncePerAge");
  }

  private static Retention with(int updates, Object[] arguments) {
    return new Retention(updates, ((Retention) arguments[0]).age());
  }

  @Test
  void claimsThatExcludeNobodyAreCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "claimDue",
            sound -> arguments -> sound.claimDue(Duration.ZERO, (Integer) arguments[1]));
    Proof.catches(contract, "aClaimHoldsUntilItsLeaseExpires");
    Proof.catches(contract, "everyTriggerIsClaimedByOneNode");
    Proof.catches(contract, "aGroupStaysDueForADeployThatComesDuringItsTrigger");
  }

  @Test
  void claimsThatNeverExpireAreCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "claimDue",
            sound -> arguments -> sound.claimDue(Duration.ofDays(1), (Integer) arguments[1]));
    Proof.catches(contract, "aClaimHoldsUntilItsLeaseExpires");
    Proof.catches(contract, "aStaleClaimCanNeitherBeCompletedNorRetried");
  }

  @Test
  void attemptsThatAreNotCountedAreCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "claimDue",
            sound ->
                arguments ->
                    sound.claimDue((Duration) arguments[0], (Integer) arguments[1]).stream()
                        .map(
                            claim ->
                                new Claim(
                                    claim.group(),
                                    claim.update(),
                                    claim.version(),
                                    claim.reason(),
                                    0,
                                    claim.lease()))
                        .toList());
    Proof.catches(contract, "aRetriedTriggerIsDueAfterTheDelayWithOneMoreAttempt");
  }

  @Test
  void aStaleClaimThatCompletesIsCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "complete",
            sound ->
                arguments -> {
                  sound.complete((Claim) arguments[0]);
                  return true;
                });
    Proof.catches(contract, "aStaleClaimCanNeitherBeCompletedNorRetried");
    Proof.catches(contract, "aClaimEndsOnce");
    Proof.catches(contract, "onlyTheLeaseMakesAClaim");
  }

  @Test
  void extensionsThatDoNothingAreCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "extend", sound -> arguments -> sound.extend(claims(arguments), Duration.ofMillis(1)));
    Proof.catches(contract, "anExtendedClaimHoldsLonger");
  }

  @Test
  void extensionsThatAlwaysSucceedAreCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository("extend", sound -> arguments -> new HashSet<>(claims(arguments)));
    Proof.catches(contract, "onlyAClaimThatIsHeldIsExtended");
  }

  @Test
  void aDeployThatIsLostToACompletedTriggerIsCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "complete",
            sound ->
                arguments -> {
                  Claim claim = (Claim) arguments[0];
                  boolean held = sound.complete(claim);
                  Proof.await(
                      () ->
                          sound
                              .served(claim.group())
                              .filter(served -> !served.id().equals(claim.update()))
                              .isPresent());
                  sound.claimDue(Duration.ofDays(1), 1).forEach(sound::complete);
                  return held;
                });
    Proof.catches(contract, "aGroupStaysDueForADeployThatComesDuringItsTrigger");
    Proof.catches(contract, "noDeployIsLostToATriggerThatEnds");
  }

  @Test
  void aRetryWithoutDelayIsCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "retry", sound -> arguments -> sound.retry((Claim) arguments[0], Duration.ZERO));
    Proof.catches(contract, "aRetriedTriggerIsDueAfterTheDelayWithOneMoreAttempt");
    Proof.catches(contract, "aTriggerThatWaitsLongerGoesBeforeOneThatWasRetried");
  }

  @Test
  void anIntervalThatIsIgnoredOrOffByALittleIsCaught() throws Exception {
    String test = "aGroupIsTriggeredAtMostOnceAnInterval";
    Proof.catches(brokenInterval(interval -> Duration.ZERO), test);
    Proof.catches(brokenInterval(interval -> interval.plusMillis(1)), test);
    Proof.catches(brokenInterval(interval -> interval.minusMillis(1)), test);
  }

  @Test
  void aClaimedKeyThatIsNeverClaimedAgainIsCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "claimAbandoned",
            sound -> {
              Set<BlobKey> seen = new HashSet<>();
              return arguments ->
                  sound.claimAbandoned((Duration) arguments[0], (Integer) arguments[1]).stream()
                      .filter(seen::add)
                      .toList();
            });
    Proof.catches(contract, "aClaimedKeyIsClaimedAgainUntilItIsForgotten");
  }

  @Test
  void aGraceThatIsIgnoredIsCaught() throws Exception {
    OtaRepositoryContract contract =
        Proof.repository(
            "claimAbandoned",
            sound -> arguments -> sound.claimAbandoned(Duration.ZERO, (Integer) arguments[1]));
    Proof.catches(contract, "aReservationIsAbandonedOnlyWhenTheGraceIsOver");
    Proof.catches(contract, "anAbandonedReservationIsClaimedWhateverTheGrace");
  }

  @Test
  void anAbandonOrForgetThatDoesNothingIsCaught() throws Exception {
    Proof.catches(
        Proof.repository("abandon", sound -> arguments -> null),
        "anAbandonedReservationIsClaimedWhateverTheGrace");
    Proof.catches(
        Proof.repository("forget", sound -> arguments -> null),
        "aClaimedKeyIsClaimedAgainUntilItIsForgotten");
  }

  @Test
  void anAbandonThatKnowsNoSweptKeyIsCaught() throws Exception {
    OtaRepositoryContract contract =
        clock -> {
          OtaRepository sound = new InMemoryOtaRepository(clock);
          Set<Object> swept = new HashSet<>();
          return Proof.breaking(
              OtaRepository.class,
              sound,
              Map.of(
                  "forget",
                  arguments -> {
                    sound.forget(keys(arguments[0]));
                    swept.addAll(keys(arguments[0]));
                    return null;
                  },
                  "abandon",
                  arguments -> {
                    if (!swept.contains(arguments[0])) {
                      sound.abandon((BlobKey) arguments[0]);
                    }
                    return null;
                  }));
        };
    Proof.catches(contract, "aKeyThatWasSweptWhileItWasWrittenIsAbandonedAfterAll");
  }

  @Test
  void sightingsThatReplaceTheStateAreCaught() throws Exception {
    OtaRepositoryContract contract =
        brokenSave(
            (sound, sightings) -> {
              sound.forgetDevices(sightings.stream().map(each -> each.device().id()).toList());
              return sound.save(sightings);
            });
    Proof.catches(contract, "whatASightingLeavesOutStaysAsItWas");
    Proof.catches(contract, "everyCodeKeepsItsOwnTime");
    Proof.catches(contract, "theTimeOfAVersionChangesOnlyWithTheVersion");
  }

  @Test
  void aBatchThatIsSavedOneByOneIsCaught() throws Exception {
    OtaRepositoryContract contract =
        brokenSave(
            (sound, sightings) -> {
              sightings.forEach(sighting -> sound.save(List.of(sighting)));
              return Saved.NOTHING;
            });
    Proof.catches(contract, "aBatchIsSavedAsAWholeOrNotAtAll");
  }

  @Test
  void versionsThatAreTrimmedAreCaught() throws Exception {
    OtaRepositoryContract contract =
        brokenSave(
            (sound, sightings) ->
                sound.save(
                    changed(sightings, heard -> new Heard(heard.text().trim(), heard.age()))));
    Proof.catches(contract, "aVersionMayBeAnyText");
  }

  @Test
  void sightingsThatCountInTheOrderOfTheirSavesAreCaught() throws Exception {
    OtaRepositoryContract contract =
        brokenSave(
            (sound, sightings) ->
                sound.save(changed(sightings, heard -> new Heard(heard.text(), Duration.ZERO))));
    Proof.catches(contract, "whatIsHeardLaterCountsEvenIfItIsSavedEarlier");
    Proof.catches(contract, "theOrderOfSightingsDoesNotMatter");
    Proof.catches(contract, "anAgeEndsAtTheTimeOfTheRepository");
  }

  @Test
  void changesThatAreReturnedTwiceOrNeverAreCaught() throws Exception {
    for (boolean twice : new boolean[] {true, false}) {
      OtaRepositoryContract contract =
          brokenSave(
              (sound, sightings) -> {
                Saved saved = sound.save(sightings);
                List<NewVersion> versions = new ArrayList<>(saved.versions());
                if (twice) {
                  versions.addAll(saved.versions());
                } else if (!versions.isEmpty()) {
                  versions.remove(0);
                }
                return new Saved(versions, saved.codes(), saved.spaces(), saved.overtaken());
              });
      Proof.catches(contract, "aSaveSaysWhatItChanged");
      Proof.catches(contract, "everyChangeOfAVersionIsReturnedOnceByAllNodesTogether");
    }
  }

  @Test
  void aSaveThatDoesNotSayWhatItLostIsCaught() throws Exception {
    OtaRepositoryContract contract =
        brokenSave(
            (sound, sightings) -> {
              Saved saved = sound.save(sightings);
              return new Saved(saved.versions(), saved.codes(), saved.spaces(), Map.of());
            });
    Proof.catches(contract, "whatIsHeardLaterCountsEvenIfItIsSavedEarlier");
    Proof.catches(contract, "aSaveSaysWhatItChanged");
  }

  private static List<Sighting> changed(
      Collection<Sighting> sightings, UnaryOperator<Heard> version) {
    return sightings.stream()
        .map(
            sighting ->
                new Sighting(
                    sighting.device(),
                    sighting.version().map(version),
                    sighting.versionBegan(),
                    sighting.coreVersion(),
                    sighting.codes(),
                    sighting.freeSpace(),
                    sighting.age()))
        .toList();
  }

  @Test
  void aListThatIgnoresAnArgumentIsCaught() throws Exception {
    String paging = "devicesAreListedInTheOrderOfTheirIdsPageByPage";
    Proof.catches(brokenList(2, null), "devicesOfSomeVersionsAreListedByAddressing");
    Proof.catches(brokenList(3, new DeviceId("0".repeat(24))), paging);
    Proof.catches(brokenList(4, 1000), paging);
  }

  private static OtaRepositoryContract brokenInterval(UnaryOperator<Duration> change) {
    return Proof.repository(
        "markBehind",
        sound ->
            arguments -> {
              sound.markBehind(groups(arguments[0]), change.apply((Duration) arguments[1]));
              return null;
            });
  }

  private static OtaRepositoryContract brokenSave(
      BiFunction<OtaRepository, Collection<Sighting>, Saved> save) {
    return Proof.repository(
        "save", sound -> arguments -> save.apply(sound, sightings(arguments[0])));
  }

  private static OtaRepositoryContract brokenList(int ignored, Object instead) {
    return Proof.repository(
        "reporting",
        sound ->
            arguments -> {
              Object[] changed = arguments.clone();
              changed[ignored] = instead;
              return sound.reporting(
                  (GroupId) changed[0],
                  versions(changed[1]),
                  (Addressing) changed[2],
                  (DeviceId) changed[3],
                  (Integer) changed[4]);
            });
  }

  @SuppressWarnings("unchecked")
  private static Collection<GroupId> groups(Object argument) {
    return (Collection<GroupId>) argument;
  }

  @SuppressWarnings("unchecked")
  private static Collection<BlobKey> keys(Object argument) {
    return (Collection<BlobKey>) argument;
  }

  @SuppressWarnings("unchecked")
  private static Collection<Sighting> sightings(Object argument) {
    return (Collection<Sighting>) argument;
  }

  @SuppressWarnings("unchecked")
  private static Collection<Claim> claims(Object[] arguments) {
    return (Collection<Claim>) arguments[0];
  }

  @SuppressWarnings("unchecked")
  private static Collection<String> versions(Object argument) {
    return (Collection<String>) argument;
  }

  @Test
  void offersThatStayOrAreLostAreCaught() throws Exception {
    Proof.catches(
        Proof.repository("withdrawOffer", sound -> arguments -> null),
        "whatIsWithdrawnOrForgottenIsNoOffer");
    Proof.catches(
        brokenHolds(holds -> new Holds(holds.held(), Set.of())),
        "aGroupIsReleasedForAsLongAsOneAsks");
    Proof.catches(
        Proof.repository(
            "holds", sound -> arguments -> sound.holds(groups(arguments[0]), Duration.ofDays(1))),
        "aGroupIsReleasedForAsLongAsOneAsks");
  }

  private static OtaRepositoryContract brokenHolds(UnaryOperator<Holds> change) {
    return Proof.repository(
        "holds",
        sound ->
            arguments -> change.apply(sound.holds(groups(arguments[0]), (Duration) arguments[1])));
  }
}
