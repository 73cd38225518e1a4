package io.groupota.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.UpdateCode;
import io.groupota.spi.DeviceStates;
import io.groupota.spi.DeviceStates.NewCode;
import io.groupota.spi.DeviceStates.NewSpace;
import io.groupota.spi.DeviceStates.NewVersion;
import io.groupota.spi.DeviceStates.Saved;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.OtaRepository;
import io.groupota.testkit.Race;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * That every {@link DeviceStates} saves the same whatever the order in which nodes save what they
 * heard, and says what it changed; part of {@link OtaRepositoryContract}, which shows how to use
 * it.
 */
public interface SightingOrderContract extends OtaRepositoryFixture {
  /** Five sightings of one device have 120 orders; each is that of a device of its own. */
  @Test
  default void theOrderOfSightingsDoesNotMatter() {
    Scenario scenario = new Scenario(this);
    Instant start = scenario.anHourAgo();
    GroupId group = scenario.group();
    GroupId other = scenario.group();
    List<Function<Reporter, Sighting>> heard =
        List.of(
            device ->
                device.sighting(
                    Optional.of("1.2.6"),
                    Optional.of("5.0.0"),
                    Map.of(UpdateCode.TRIGGER_RECEIVED, start.plusSeconds(1)),
                    start.plusSeconds(2)),
            device -> device.beginsWith("1.2.7", start.plusSeconds(3)),
            device -> device.beginsWith("1.2.6", start.plusSeconds(4)),
            device ->
                device
                    .movedTo(other)
                    .connectedAs("other")
                    .addressedByItself()
                    .sighting(
                        Optional.empty(),
                        Optional.of("4.9.9"),
                        Map.of(UpdateCode.TRIGGER_RECEIVED, start.plusSeconds(5)),
                        start.plusSeconds(5)),
            device -> device.reports("1.2.6", start.plusSeconds(6)));
    List<List<Function<Reporter, Sighting>>> orders = permutations(heard);
    List<Reporter> devices = orders.stream().map(order -> scenario.reporter(group)).toList();
    for (int step = 0; step < heard.size(); step++) {
      List<Sighting> batch = new ArrayList<>();
      for (int i = 0; i < devices.size(); i++) {
        batch.add(orders.get(i).get(step).apply(devices.get(i)));
      }
      scenario.repository.save(batch);
      scenario.otherNode.save(batch);
    }
    assertThat(scenario.repository.states(devices.stream().map(Reporter::id).toList()))
        .hasSize(120)
        .allSatisfy(
            (id, state) ->
                assertThat(state)
                    .isEqualTo(
                        new DeviceState(
                            id,
                            group,
                            Optional.of("1.2.6"),
                            Optional.of(start.plusSeconds(4)),
                            Optional.of("4.9.9"),
                            start.plusSeconds(6),
                            Map.of(UpdateCode.TRIGGER_RECEIVED, start.plusSeconds(5)),
                            OptionalLong.empty())));
    assertThat(scenario.repository.versionCounts(group))
        .as("as what was heard last has it")
        .extracting(count -> count.mqttUser() + " " + count.addressing() + " " + count.devices())
        .containsExactly("Hcixd1Fx GROUP 120");
  }

  @Test
  default void ofWhatWasHeardAtTheSameTimeTheGreatestCounts() {
    Scenario scenario = new Scenario(this);
    Instant at = scenario.anHourAgo();
    GroupId group = scenario.group();
    for (List<String> order : permutations(List.of("1.2.6", "1.2.7", "1.2.7-A", "1.2.7-a"))) {
      Reporter device = scenario.reporter(group);
      for (String version : order) {
        Optional<String> text = Optional.of(version);
        scenario.repository.save(
            List.of(device.connectedAs(version).sighting(text, text, Map.of(), at)));
      }
      DeviceState state = state(scenario.otherNode, device);
      assertThat(state.reportedVersion()).contains("1.2.7-a");
      assertThat(state.coreVersion()).contains("1.2.7-a");
      assertThat(state.versionSince()).contains(at);
    }
    assertThat(scenario.repository.versionCounts(group))
        .extracting(count -> count.mqttUser())
        .containsExactly("1.2.7-a");
  }

  @Test
  default void whatIsHeardLaterCountsEvenIfItIsSavedEarlier() {
    Scenario scenario = new Scenario(this);
    Reporter device = scenario.reporter(scenario.group());
    Instant start = scenario.anHourAgo();
    Sighting late = device.beginsWith("1.2.9", start.plusSeconds(1));
    scenario.repository.save(List.of(device.beginsWith("1.2.6", start.plusSeconds(2))));
    Saved saved = scenario.otherNode.save(List.of(late));
    DeviceState state = state(scenario.repository, device);
    assertThat(state.reportedVersion()).contains("1.2.6");
    assertThat(state.lastSeen()).isEqualTo(start.plusSeconds(2));
    assertThat(saved)
        .isEqualTo(new Saved(List.of(), List.of(), List.of(), Map.of(device.id(), state)));
  }

  @Test
  default void theFreeSpaceIsWhatWasHeardLast() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Reporter device = scenario.reporter(scenario.group());
    Instant start = scenario.anHourAgo();
    Saved first = states.save(List.of(device.hasSpace(1_310_720, start)));
    assertThat(first.spaces())
        .containsExactly(new NewSpace(device.id(), device.group(), 1_310_720));
    assertThat(state(scenario.otherNode, device).freeSpace()).hasValue(1_310_720);
    assertThat(state(states, device).reportedVersion()).isEmpty();

    assertThat(states.save(List.of(device.hasSpace(1_310_720, start.plusSeconds(2)))))
        .as("the same again")
        .isEqualTo(Saved.NOTHING);
    Saved late = scenario.otherNode.save(List.of(device.hasSpace(0, start.plusSeconds(1))));
    assertThat(late.spaces()).isEmpty();
    assertThat(late.overtaken()).containsOnlyKeys(device.id());
    states.save(List.of(device.beginsWith("1.2.6", start.plusSeconds(3))));
    assertThat(state(states, device).freeSpace()).as("left out").hasValue(1_310_720);
    Saved less = scenario.otherNode.save(List.of(device.hasSpace(0, start.plusSeconds(4))));
    assertThat(less.spaces()).containsExactly(new NewSpace(device.id(), device.group(), 0));
    assertThat(state(states, device).freeSpace()).hasValue(0);
  }

  @Test
  default void anAgeEndsAtTheTimeOfTheRepository() {
    Scenario scenario = new Scenario(this);
    Reporter device = scenario.reporter(scenario.group());
    Instant start = scenario.clock.instant();
    Sighting now = device.beginsWith("1.2.6", start);
    Sighting before = device.beginsWith("1.2.7", start.minusSeconds(2));
    scenario.repository.save(List.of(now));
    scenario.clock.advance(Duration.ofSeconds(1));
    scenario.repository.save(List.of(before));
    assertThat(state(scenario.repository, device).reportedVersion()).contains("1.2.6");
    scenario.clock.advance(Duration.ofSeconds(2));
    scenario.repository.save(List.of(before));
    DeviceState state = state(scenario.repository, device);
    assertThat(state.reportedVersion()).contains("1.2.7");
    assertThat(state.versionSince()).contains(start.plusSeconds(1));
    assertThat(state.lastSeen()).isEqualTo(start.plusSeconds(1));
  }

  @Test
  default void aVersionIsReportedSinceNothingElseIs() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Reporter device = scenario.reporter(scenario.group());
    Instant start = scenario.anHourAgo();
    states.save(List.of(device.beginsWith("1.2.6", start)));
    states.save(List.of(device.heard("1.2.7", at(start, 10), start.plusSeconds(20))));
    assertThat(since(states, device)).isEqualTo(at(start, 10));
    states.save(List.of(device.reports("1.2.7", start.plusSeconds(30))));
    assertThat(since(states, device)).as("not by a repetition").isEqualTo(at(start, 10));
    states.save(List.of(device.beginsWith("1.2.6", start.plusSeconds(5))));
    assertThat(since(states, device)).as("another one before it").isEqualTo(at(start, 10));
    states.save(List.of(device.heard("1.2.7", at(start, 12), start.plusSeconds(15))));
    assertThat(since(states, device)).as("a node that noticed later").isEqualTo(at(start, 12));
    states.save(List.of(device.heard("1.2.7", at(start, 11), start.plusSeconds(40))));
    assertThat(since(states, device)).as("never back").isEqualTo(at(start, 12));
    states.save(List.of(device.beginsWith("1.2.8", start.plusSeconds(25))));
    assertThat(since(states, device)).as("another one in between").isEqualTo(at(start, 25));
    states.save(List.of(device.reports("1.2.6", start.plusSeconds(50))));
    assertThat(since(states, device)).as("since the last other one").isEqualTo(at(start, 40));
  }

  private static Optional<Instant> since(DeviceStates states, Reporter device) {
    return state(states, device).versionSince();
  }

  private static Optional<Instant> at(Instant start, int seconds) {
    return Optional.of(start.plusSeconds(seconds));
  }

  @Test
  default void aClockThatWasSetBackHoldsNothingUp() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Reporter device = scenario.reporter(scenario.group());
    Instant wrong = scenario.clock.instant();
    Map<UpdateCode, Instant> code = Map.of(UpdateCode.FAILED, wrong);
    states.save(List.of(device.sighting(Optional.of("2"), Optional.of("2"), code, wrong)));

    scenario.clock.set(wrong.minusSeconds(60));
    states.save(List.of(device.beginsWith("1", scenario.clock.instant())));
    assertThat(state(states, device).reportedVersion())
        .as("a transaction may be that much younger than another one that it waits for")
        .contains("2");

    Instant right = wrong.minusSeconds(61);
    scenario.clock.set(right);
    Map<UpdateCode, Instant> again = Map.of(UpdateCode.FAILED, right);
    states.save(
        List.of(
            device
                .connectedAs("other")
                .sighting(Optional.of("1"), Optional.of("1"), again, right)));
    assertThat(state(states, device))
        .isEqualTo(
            new DeviceState(
                device.id(),
                device.group(),
                Optional.of("1"),
                Optional.of(right),
                Optional.of("1"),
                right,
                again,
                OptionalLong.empty()));
    assertThat(states.versionCounts(device.group()))
        .extracting(count -> count.mqttUser())
        .containsExactly("other");
  }

  @Test
  default void aSaveSaysWhatItChanged() {
    Scenario scenario = new Scenario(this);
    DeviceStates states = scenario.repository;
    Instant start = scenario.anHourAgo();
    Reporter one = scenario.reporter(scenario.group());
    Reporter two = scenario.reporter(one.group());
    Map<UpdateCode, Instant> code = Map.of(UpdateCode.DOWNLOAD_STARTED, start);
    Saved first =
        states.save(
            List.of(
                one.sighting(Optional.of("1.2.6"), Optional.of("5.0.0"), code, start),
                two.sends(UpdateCode.FAILED, start)));
    assertThat(first.versions())
        .containsExactly(changed(one, Optional.empty(), "1.2.6", at(start, 0)));
    assertThat(first.codes())
        .containsExactlyInAnyOrder(
            new NewCode(one.id(), one.group(), UpdateCode.DOWNLOAD_STARTED, start),
            new NewCode(two.id(), two.group(), UpdateCode.FAILED, start));
    assertThat(first.overtaken()).isEmpty();

    Reporter moved = one.movedTo(scenario.group());
    Sighting next = moved.beginsWith("1.2.7", start.plusSeconds(1));
    Sighting earlier = two.sends(UpdateCode.FAILED, start.minusSeconds(1));
    Saved second = scenario.otherNode.save(List.of(next, earlier));
    assertThat(second)
        .isEqualTo(
            new Saved(
                List.of(changed(moved, Optional.of("1.2.6"), "1.2.7", at(start, 1))),
                List.of(),
                List.of(),
                Map.of()));
    assertThat(states.save(List.of(next))).as("a repetition").isEqualTo(Saved.NOTHING);
    assertThat(states.save(List.of())).isEqualTo(Saved.NOTHING);

    Saved back = states.save(List.of(one.reports("1.2.6", start.plusSeconds(2))));
    assertThat(back.versions())
        .containsExactly(changed(one, Optional.of("1.2.7"), "1.2.6", at(start, 1)));
    Saved core = states.save(List.of(core(one, "4.0.0", start.minusSeconds(9))));
    assertThat(core.overtaken()).containsOnlyKeys(one.id());
  }

  private static Sighting core(Reporter device, String version, Instant at) {
    return device.sighting(Optional.empty(), Optional.of(version), Map.of(), at);
  }

  private static NewVersion changed(
      Reporter device, Optional<String> previous, String version, Optional<Instant> since) {
    return new NewVersion(device.id(), device.group(), previous, version, since);
  }

  /** Each version is reported once, so the changes of a device are links of one chain. */
  @Test
  default void everyChangeOfAVersionIsReturnedOnceByAllNodesTogether() throws Exception {
    Scenario scenario = new Scenario(this);
    Instant start = scenario.anHourAgo();
    GroupId group = scenario.group();
    List<Reporter> devices = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      devices.add(scenario.reporter(group));
    }
    int nodes = 6;
    int rounds = 25;
    List<Callable<List<NewVersion>>> racers = new ArrayList<>();
    for (int i = 0; i < nodes; i++) {
      int racer = i;
      OtaRepository node = i % 2 == 0 ? scenario.repository : scenario.otherNode;
      racers.add(
          () -> {
            List<NewVersion> changes = new ArrayList<>();
            for (int round = 0; round < rounds; round++) {
              // Some are late, and some of these win nonetheless.
              Instant at = start.plusSeconds(round * 2L - racer);
              String version = round + "." + racer;
              changes.addAll(
                  node.save(devices.stream().map(d -> d.beginsWith(version, at)).toList())
                      .versions());
            }
            return changes;
          });
    }
    List<NewVersion> changes = Race.of(racers).stream().flatMap(List::stream).toList();
    for (Reporter device : devices) {
      Map<Optional<String>, NewVersion> byPrevious = new HashMap<>();
      for (NewVersion change : changes) {
        if (change.device().equals(device.id())) {
          assertThat(byPrevious.put(change.previous(), change)).as("two after one").isNull();
        }
      }
      Optional<String> last = Optional.empty();
      Set<Optional<String>> passed = new HashSet<>();
      while (byPrevious.containsKey(last) && passed.add(last)) {
        last = Optional.of(byPrevious.get(last).version());
      }
      assertThat(passed).as("one chain").hasSameSizeAs(byPrevious.keySet());
      assertThat(last).isEqualTo(state(scenario.repository, device).reportedVersion());
      assertThat(last).contains((rounds - 1) + ".0");
    }
  }

  private static DeviceState state(DeviceStates states, Reporter device) {
    Map<DeviceId, DeviceState> found = states.states(List.of(device.id()));
    assertThat(found).containsOnlyKeys(device.id());
    return found.values().iterator().next();
  }

  private static <T> List<List<T>> permutations(List<T> all) {
    if (all.isEmpty()) {
      return List.of(List.of());
    }
    List<List<T>> permutations = new ArrayList<>();
    for (T first : all) {
      List<T> rest = new ArrayList<>(all);
      rest.remove(first);
      for (List<T> tail : permutations(rest)) {
        List<T> permutation = new ArrayList<>();
        permutation.add(first);
        permutation.addAll(tail);
        permutations.add(permutation);
      }
    }
    return permutations;
  }
}
