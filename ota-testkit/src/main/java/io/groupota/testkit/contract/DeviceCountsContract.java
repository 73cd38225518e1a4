package io.groupota.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.UpdateCode;
import io.groupota.spi.Addressing;
import io.groupota.spi.DeviceStates;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.DeviceStates.VersionCount;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * How every {@link DeviceStates} counts and lists the devices of a group; part of {@link
 * OtaRepositoryContract}, which shows how to use it.
 */
public interface DeviceCountsContract extends OtaRepositoryFixture {
  @Test
  default void devicesAreCountedByVersionAndAddress() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Instant now = scenario.anHourAgo();
    GroupId group = scenario.group();
    List<Sighting> sightings = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Reporter reporter = scenario.reporter(group);
      sightings.add(reporter.reports(i < 4 ? "1.2.6" : "1.2.7", now));
    }
    Reporter otherUser = scenario.reporter(group).connectedAs("it's 100%_\\");
    sightings.add(otherUser.reports("1.2.6", now));
    Reporter longUser = scenario.reporter(group).connectedAs("🚀".repeat(64));
    sightings.add(longUser.reports("1.2.6", now));
    Reporter alone = scenario.reporter(group).addressedByItself();
    sightings.add(alone.reports("1.2.6", now));
    Reporter codesOnly = scenario.reporter(group);
    sightings.add(codesOnly.sends(UpdateCode.TRIGGER_RECEIVED, now));
    sightings.add(scenario.reporter(scenario.group()).reports("1.2.6", now));
    states.save(sightings);
    assertThat(scenario.otherNode.versionCounts(group))
        .containsExactlyInAnyOrder(
            count("Hcixd1Fx", "1.2.6", 4),
            count("Hcixd1Fx", "1.2.7", 2),
            count("it's 100%_\\", "1.2.6", 1),
            count("🚀".repeat(64), "1.2.6", 1),
            new VersionCount(Addressing.DEVICE, "Hcixd1Fx", Optional.of("1.2.6"), 1),
            new VersionCount(Addressing.GROUP, "Hcixd1Fx", Optional.empty(), 1));
    assertThat(states.versionCounts(scenario.group())).isEmpty();
  }

  @Test
  default void theCountsFollowTheVersionsTheAddressesAndTheGroups() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Instant now = scenario.anHourAgo();
    GroupId group = scenario.group();
    GroupId other = scenario.group();
    Reporter mover = scenario.reporter(group);
    Reporter stayer = scenario.reporter(group);
    states.save(List.of(mover.sends(UpdateCode.FAILED, now), stayer.reports("1.2.6", now)));
    states.save(List.of(mover.reports("1.2.6", now.plusSeconds(1))));
    assertThat(states.versionCounts(group)).containsExactly(count("Hcixd1Fx", "1.2.6", 2));
    states.save(List.of(mover.reports("1.2.7", now.plusSeconds(2))));
    assertThat(states.versionCounts(group))
        .containsExactlyInAnyOrder(count("Hcixd1Fx", "1.2.6", 1), count("Hcixd1Fx", "1.2.7", 1));

    // A sighting without a version moves the device with the version that it has.
    Reporter moved = mover.movedTo(other).connectedAs("other");
    states.save(List.of(moved.sends(UpdateCode.UP_TO_DATE, now.plusSeconds(3))));
    assertThat(states.versionCounts(group)).containsExactly(count("Hcixd1Fx", "1.2.6", 1));
    assertThat(states.versionCounts(other)).containsExactly(count("other", "1.2.7", 1));
    assertThat(reporting(states, group, Set.of("1.2.7"), null)).isEmpty();
    assertThat(reporting(states, other, Set.of("1.2.7"), null)).containsExactly(mover.id());

    states.save(List.of(moved.addressedByItself().reports("1.2.7", now.plusSeconds(4))));
    assertThat(states.versionCounts(other))
        .containsExactly(new VersionCount(Addressing.DEVICE, "other", Optional.of("1.2.7"), 1));
    states.forgetDevices(List.of(mover.id()));
    assertThat(states.versionCounts(other)).isEmpty();
    assertThat(reporting(states, other, Set.of("1.2.7"), null)).isEmpty();
    assertThat(states.versionCounts(group)).containsExactly(count("Hcixd1Fx", "1.2.6", 1));
  }

  @Test
  default void devicesOfSomeVersionsAreListedByAddressing() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Instant now = scenario.anHourAgo();
    GroupId group = scenario.group();
    Reporter old = scenario.reporter(group);
    Reporter oldAlone = scenario.reporter(group).addressedByItself();
    Reporter current = scenario.reporter(group).connectedAs("other");
    Reporter upper = scenario.reporter(group);
    Reporter codesOnly = scenario.reporter(group);
    Reporter elsewhere = scenario.reporter(scenario.group());
    states.save(
        List.of(
            old.reports("1.2.6-a", now),
            oldAlone.reports("1.2.6-a", now),
            current.reports("1.2.7", now),
            upper.reports("1.2.6-A", now),
            codesOnly.sends(UpdateCode.FAILED, now),
            elsewhere.reports("1.2.6-a", now)));
    assertThat(reporting(states, group, Set.of("1.2.6-a"), null))
        .containsExactlyInAnyOrder(old.id(), oldAlone.id());
    assertThat(reporting(states, group, Set.of("1.2.6-a"), Addressing.GROUP))
        .containsExactly(old.id());
    assertThat(reporting(states, group, Set.of("1.2.6-a"), Addressing.DEVICE))
        .containsExactly(oldAlone.id());
    assertThat(reporting(states, group, List.of("1.2.7", "1.2.6-A", "9.9.9"), null))
        .containsExactlyInAnyOrder(current.id(), upper.id());
    assertThat(reporting(states, group, Set.of("1.2.6"), null)).isEmpty();
    assertThat(reporting(states, group, Set.of(), null)).isEmpty();
    assertThat(reporting(states, scenario.group(), Set.of("1.2.7"), null)).isEmpty();
    assertThat(states.reporting(group, Set.of("1.2.7"), null, null, 10))
        .containsExactlyElementsOf(states.states(List.of(current.id())).values());
  }

  @Test
  default void devicesAreListedInTheOrderOfTheirIdsPageByPage() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Instant now = scenario.anHourAgo();
    GroupId group = scenario.group();
    List<Sighting> sightings = new ArrayList<>();
    List<DeviceId> expected = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      Reporter reporter = scenario.reporter(group);
      // Every third is passed over, also where a page would begin or end.
      sightings.add(reporter.reports("1.2." + i % 3, now));
      if (i % 3 != 2) {
        expected.add(reporter.id());
      }
    }
    states.save(sightings);
    expected.sort(null);
    List<String> versions = List.of("1.2.0", "1.2.1");
    for (int limit : new int[] {1, 7, 10, 20, 21}) {
      List<DeviceId> joined = new ArrayList<>();
      List<DeviceState> page;
      do {
        DeviceId after = joined.isEmpty() ? null : joined.get(joined.size() - 1);
        page = states.reporting(group, versions, null, after, limit);
        assertThat(page).hasSize(Math.min(limit, expected.size() - joined.size()));
        page.forEach(state -> joined.add(state.device()));
      } while (!page.isEmpty());
      assertThat(joined).containsExactlyElementsOf(expected);
    }
    DeviceId unknown = new DeviceId("0".repeat(24));
    assertThat(states.reporting(group, versions, null, unknown, 1))
        .extracting(DeviceState::device)
        .containsExactly(expected.get(0));
    assertThat(states.reporting(group, versions, null, new DeviceId("f".repeat(24)), 1)).isEmpty();
  }

  private static List<DeviceId> reporting(
      DeviceStates states,
      GroupId group,
      Collection<String> versions,
      @Nullable Addressing addressing) {
    return states.reporting(group, versions, addressing, null, 100).stream()
        .map(DeviceState::device)
        .toList();
  }

  private static VersionCount count(String mqttUser, String version, long devices) {
    return new VersionCount(Addressing.GROUP, mqttUser, Optional.of(version), devices);
  }
}
