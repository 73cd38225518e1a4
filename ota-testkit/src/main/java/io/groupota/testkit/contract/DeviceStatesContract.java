package io.groupota.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.UpdateCode;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.DeviceStates.VersionCount;
import io.groupota.spi.OtaRepository;
import io.groupota.testkit.Race;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/**
 * What every {@link DeviceStates} must do when devices are saved; part of {@link
 * OtaRepositoryContract}, which shows how to use it. In which order that happens does not matter:
 * {@link SightingOrderContract}. How groups of devices are counted and listed is in {@link
 * DeviceCountsContract}.
 */
public interface DeviceStatesContract extends DeviceCountsContract, SightingOrderContract {
  @Test
  default void onlyDevicesThatReportedHaveAState() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Instant now = scenario.anHourAgo();
    DeviceId silent = scenario.device();
    assertThat(states.states(List.of(silent))).isEmpty();
    assertThat(states.states(List.of())).isEmpty();
    states.save(List.of());
    Reporter reporter = scenario.reporter(scenario.group());
    states.save(List.of(reporter.reports("1.2.6", now)));
    assertThat(scenario.otherNode.states(List.of(silent, reporter.id(), reporter.id())))
        .containsOnlyKeys(reporter.id());
  }

  @Test
  default void aStateIsReadBackAsItWasReported() {
    Scenario scenario = new Scenario(this);
    Instant now = scenario.anHourAgo();
    Reporter reporter = scenario.reporter(scenario.group());
    Map<UpdateCode, Instant> codes =
        Map.of(
            UpdateCode.TRIGGER_RECEIVED, now.minusMillis(3_001),
            UpdateCode.DOWNLOAD_STARTED, now.minusMillis(1),
            UpdateCode.UP_TO_DATE, Instant.parse("2019-06-30T22:15:00.001Z"),
            UpdateCode.FAILED, Instant.parse("2019-03-31T01:30:00.999Z"));
    scenario.repository.save(
        List.of(reporter.sighting(Optional.of("1.2.6"), Optional.of("5.0.0"), codes, now)));
    assertThat(state(scenario.otherNode, reporter.id()))
        .isEqualTo(
            new DeviceState(
                reporter.id(),
                reporter.group(),
                Optional.of("1.2.6"),
                Optional.of(now),
                Optional.of("5.0.0"),
                now,
                codes,
                OptionalLong.empty()));
  }

  @Test
  default void whatASightingLeavesOutStaysAsItWas() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Instant first = scenario.anHourAgo();
    Reporter reporter = scenario.reporter(scenario.group());
    states.save(List.of(reporter.sends(UpdateCode.TRIGGER_RECEIVED, first)));
    assertThat(state(states, reporter.id()))
        .isEqualTo(
            expected(reporter, Optional.empty(), Optional.empty(), Optional.empty(), first)
                .with(UpdateCode.TRIGGER_RECEIVED, first)
                .state());

    Instant second = first.plusMillis(1);
    states.save(List.of(reporter.beginsWith("1.2.6", second)));
    Instant third = first.plusMillis(2);
    states.save(
        List.of(reporter.sighting(Optional.empty(), Optional.of("5.0.0"), Map.of(), third)));
    Instant fourth = first.plusMillis(3);
    states.save(List.of(reporter.sends(UpdateCode.DOWNLOAD_STARTED, fourth)));
    Instant fifth = first.plusMillis(4);
    states.save(List.of(reporter.sighting(Optional.empty(), Optional.empty(), Map.of(), fifth)));
    assertThat(state(states, reporter.id()))
        .isEqualTo(
            expected(
                    reporter,
                    Optional.of("1.2.6"),
                    Optional.of(second),
                    Optional.of("5.0.0"),
                    fifth)
                .with(UpdateCode.TRIGGER_RECEIVED, first)
                .with(UpdateCode.DOWNLOAD_STARTED, fourth)
                .state());
  }

  @Test
  default void everyCodeKeepsItsOwnTime() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Instant start = scenario.anHourAgo();
    Reporter reporter = scenario.reporter(scenario.group());
    for (UpdateCode code : UpdateCode.values()) {
      states.save(List.of(reporter.sends(code, start.plusMillis(code.code()))));
    }
    Instant again = start.plusSeconds(60);
    states.save(List.of(reporter.sends(UpdateCode.DOWNLOAD_STARTED, again)));
    assertThat(state(states, reporter.id()).codes())
        .isEqualTo(
            Map.of(
                UpdateCode.TRIGGER_RECEIVED, start.plusMillis(200),
                UpdateCode.DOWNLOAD_STARTED, again,
                UpdateCode.UP_TO_DATE, start.plusMillis(202),
                UpdateCode.FAILED, start.plusMillis(203)));
  }

  @Test
  default void theTimeOfAVersionChangesOnlyWithTheVersion() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Instant start = scenario.anHourAgo();
    Reporter reporter = scenario.reporter(scenario.group());
    String[] reported = {
      "1.2.6", "1.2.6", "1.2.7", "1.2.7", "1.2.6", "1.2.6 ", "1.2.6-A", "1.2.6-a"
    };
    int[] since = {0, 0, 2, 2, 4, 5, 6, 7};
    for (int i = 0; i < reported.length; i++) {
      Instant at = start.plusSeconds(i);
      states.save(
          List.of(
              since[i] == i
                  ? reporter.beginsWith(reported[i], at)
                  : reporter.reports(reported[i], at)));
      DeviceState state = state(states, reporter.id());
      assertThat(state.reportedVersion()).contains(reported[i]);
      assertThat(state.versionSince()).contains(start.plusSeconds(since[i]));
      assertThat(state.lastSeen()).isEqualTo(start.plusSeconds(i));
    }
    // The group and the address are no part of the version.
    Reporter moved = reporter.movedTo(scenario.group()).connectedAs("other").addressedByItself();
    states.save(List.of(moved.reports("1.2.6-a", start.plusSeconds(60))));
    assertThat(state(states, reporter.id()).versionSince()).contains(start.plusSeconds(7));
    assertThat(state(states, reporter.id()).group()).isEqualTo(moved.group());
  }

  @Test
  default void aVersionMayBeAnyText() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Instant now = scenario.anHourAgo();
    GroupId group = scenario.group();
    List<String> versions =
        List.of(
            "unknown",
            "UNKNOWN",
            "1.0.0",
            "1.0.0 ",
            " 1.0.0",
            "1.0",
            "01.0.0",
            "null",
            " ",
            "%",
            "_",
            "\\",
            "\\\\",
            "'",
            "''; --",
            "\"1.0.0\"",
            "{\"a\":[1,2]}",
            "${v}",
            ":version",
            "?",
            "a,b",
            "a;b|c",
            "ü",
            "u\u0308",
            "版本一",
            "🚀🚀",
            "\u200b",
            "é'%_\\\"",
            "v".repeat(64),
            "ß".repeat(64),
            "🚀".repeat(32));
    List<Sighting> sightings = new ArrayList<>();
    for (String version : versions) {
      Reporter reporter = scenario.reporter(group);
      sightings.add(reporter.sighting(Optional.of(version), Optional.of(version), Map.of(), now));
    }
    states.save(sightings);
    for (Sighting sighting : sightings) {
      DeviceState state = state(states, sighting.device().id());
      String version = sighting.version().orElseThrow().text();
      assertThat(state.reportedVersion()).contains(version);
      assertThat(state.coreVersion()).contains(version);
      assertThat(states.reporting(group, List.of(version), null, null, 100)).containsExactly(state);
    }
    assertThat(states.versionCounts(group))
        .hasSize(versions.size())
        .allSatisfy(count -> assertThat(count.devices()).isEqualTo(1));
  }

  @Test
  default void theDevicesOfSeveralGroupsAreCountedAtOnce() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Instant now = scenario.anHourAgo();
    Reporter one = scenario.reporter(scenario.group());
    Reporter two = scenario.reporter(one.group());
    Reporter other = scenario.reporter(scenario.group());
    GroupId silent = scenario.group();
    states.save(
        List.of(
            one.beginsWith("1.2.6", now),
            two.beginsWith("1.2.7", now),
            other.beginsWith("1.2.6", now)));
    Map<GroupId, List<VersionCount>> counts =
        states.versionCounts(List.of(one.group(), other.group(), silent, one.group()));
    assertThat(counts.getOrDefault(silent, List.of())).isEmpty();
    for (GroupId group : List.of(one.group(), other.group())) {
      assertThat(counts.get(group))
          .containsExactlyInAnyOrderElementsOf(states.versionCounts(group))
          .hasSize(group.equals(one.group()) ? 2 : 1);
    }
    assertThat(states.versionCounts(List.of())).isEmpty();
  }

  @Test
  default void aThousandDevicesAreSavedAndLookedUpAtOnce() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Instant start = scenario.anHourAgo();
    GroupId group = scenario.group();
    List<Reporter> reporters = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      reporters.add(scenario.reporter(group));
    }
    List<DeviceId> ids = reporters.stream().map(Reporter::id).toList();
    for (int round = 0; round < 2; round++) {
      String version = "1.2." + round;
      Instant at = start.plusSeconds(round);
      states.save(reporters.stream().map(reporter -> reporter.beginsWith(version, at)).toList());
      Map<DeviceId, DeviceState> found = states.states(ids);
      assertThat(found).containsOnlyKeys(ids);
      assertThat(found)
          .allSatisfy(
              (id, state) -> {
                assertThat(state.device()).isEqualTo(id);
                assertThat(state.reportedVersion()).contains(version);
                assertThat(state.versionSince()).contains(at);
              });
    }
    states.forgetDevices(ids);
    assertThat(states.states(ids)).isEmpty();
  }

  @Test
  default void aBatchIsSavedAsAWholeOrNotAtAll() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Instant now = scenario.anHourAgo();
    Reporter good = scenario.reporter(scenario.group());
    Sighting other = scenario.reporter(scenario.group()).reports("1.2.6", now);
    Device lost =
        new Device(
            other.device().id(),
            other.device().token(),
            Optional.empty(),
            other.device().mqttUser(),
            other.device().addressing());
    Sighting bad =
        new Sighting(
            lost,
            other.version(),
            other.versionBegan(),
            other.coreVersion(),
            other.codes(),
            other.freeSpace(),
            other.age());
    boolean saved;
    try {
      states.save(List.of(good.reports("1.2.6", now), bad));
      saved = true;
    } catch (RuntimeException e) {
      // A device in no group breaks the SPI's condition, so it may well be refused.
      saved = false;
    }
    assertThat(states.states(List.of(good.id())).containsKey(good.id())).isEqualTo(saved);
  }

  @Test
  default void aForgottenDeviceStartsAnew() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Instant first = scenario.anHourAgo();
    Reporter reporter = scenario.reporter(scenario.group());
    Reporter kept = scenario.reporter(reporter.group());
    states.save(
        List.of(
            kept.reports("1.2.6", first),
            reporter.sighting(
                Optional.of("1.2.6"),
                Optional.of("5.0.0"),
                Map.of(UpdateCode.FAILED, first),
                first)));
    scenario.otherNode.forgetDevices(List.of(reporter.id(), scenario.device()));
    states.forgetDevices(List.of(reporter.id()));
    states.forgetDevices(List.of());
    assertThat(states.states(List.of(reporter.id(), kept.id()))).containsOnlyKeys(kept.id());

    Instant later = first.plusSeconds(5);
    states.save(List.of(reporter.beginsWith("1.2.6", later)));
    assertThat(state(states, reporter.id()))
        .isEqualTo(
            expected(reporter, Optional.of("1.2.6"), Optional.of(later), Optional.empty(), later)
                .state());
  }

  @Test
  default void batchesThatOverlapAreAllSaved() throws Exception {
    Scenario scenario = new Scenario(this);
    Instant now = scenario.anHourAgo();
    GroupId group = scenario.group();
    List<Reporter> reporters = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      reporters.add(scenario.reporter(group));
    }
    List<Callable<Integer>> racers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      OtaRepository node = i % 2 == 0 ? scenario.repository : scenario.otherNode;
      String version = "1.0." + i;
      // Each in another order, so that locks are taken in different orders.
      Collections.rotate(reporters, 7);
      List<Sighting> batch =
          reporters.stream().map(reporter -> reporter.reports(version, now)).toList();
      racers.add(
          () -> {
            for (int round = 0; round < 5; round++) {
              node.save(batch);
            }
            return 0;
          });
    }
    Race.of(racers);
    List<DeviceId> ids = reporters.stream().map(Reporter::id).toList();
    assertThat(scenario.repository.states(ids)).containsOnlyKeys(ids);
    assertThat(scenario.repository.versionCounts(group).stream().mapToLong(c -> c.devices()).sum())
        .isEqualTo(40);
  }

  @Test
  default void nobodySeesHalfABatch() throws Exception {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    Reporter one = scenario.reporter(group);
    Reporter other = scenario.reporter(group);
    Instant start = scenario.anHourAgo();
    scenario.repository.save(List.of(one.reports("0", start), other.reports("0", start)));
    AtomicBoolean over = new AtomicBoolean();
    List<Callable<Integer>> racers = new ArrayList<>();
    racers.add(
        () -> {
          try {
            for (int i = 1; i <= 60; i++) {
              String version = Integer.toString(i);
              Instant at = start.plusSeconds(i);
              scenario.repository.save(
                  List.of(one.reports(version, at), other.reports(version, at)));
            }
          } finally {
            over.set(true);
          }
          return 0;
        });
    racers.add(
        () -> {
          int torn = 0;
          boolean last = false;
          while (!last) {
            last = over.get();
            Map<DeviceId, DeviceState> states =
                scenario.otherNode.states(List.of(one.id(), other.id()));
            long versions =
                states.values().stream().map(DeviceState::reportedVersion).distinct().count();
            torn += states.size() == 2 && versions == 1 ? 0 : 1;
            torn += scenario.otherNode.versionCounts(group).size() == 1 ? 0 : 1;
          }
          return torn;
        });
    assertThat(Race.of(racers)).containsOnly(0);
  }

  private static DeviceState state(DeviceStates states, DeviceId device) {
    Map<DeviceId, DeviceState> found = states.states(List.of(device));
    assertThat(found).containsOnlyKeys(device);
    return found.values().iterator().next();
  }

  private static ExpectedState expected(
      Reporter reporter,
      Optional<String> version,
      Optional<Instant> since,
      Optional<String> coreVersion,
      Instant lastSeen) {
    return new ExpectedState(
        new DeviceState(
            reporter.id(),
            reporter.group(),
            version,
            since,
            coreVersion,
            lastSeen,
            Map.of(),
            OptionalLong.empty()));
  }
}
