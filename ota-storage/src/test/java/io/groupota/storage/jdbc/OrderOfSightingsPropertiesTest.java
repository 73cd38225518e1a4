package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.Token;
import io.groupota.UpdateCode;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates.Heard;
import io.groupota.spi.DeviceStates.NewVersion;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.DeviceStates.Space;
import io.groupota.spi.DeviceStates.VersionCount;
import io.groupota.spi.OtaRepository;
import io.groupota.testkit.SettableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Group;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Whatever was heard of devices: in which order, in which batches, how often and by which node it
 * is saved does not matter.
 */
@SuppressWarnings("ClassCanBeStatic") // A group of jqwik is not.
class OrderOfSightingsPropertiesTest {
  private static final Instant START = Samples.NOON;
  private static final int SECONDS = 20;
  private static final AtomicLong IDS = new AtomicLong();

  @Group
  class InMemory extends Properties {
    InMemory() {
      super(TwoNodes.IN_MEMORY);
    }
  }

  @Group
  class OnH2 extends Properties {
    OnH2() {
      super(TwoNodes.onH2());
    }
  }

  @Group
  class OnPostgreSql extends Properties {
    OnPostgreSql() {
      super(TwoNodes.onPostgreSql());
    }
  }

  /** A sighting of a device, by numbers; times are seconds, so that some are the same. */
  record Seen(
      int device, int group, String user, Text version, int began, Text core, Codes codes, int at) {
    Addressing addressing() {
      return user.length() % 2 == 0 ? Addressing.DEVICE : Addressing.GROUP;
    }

    /** Said with the core version, whether that was said or not. */
    Optional<Long> space() {
      return began < 0 ? Optional.empty() : Optional.of((long) began);
    }
  }

  /** A text and how many seconds before the sighting it was heard. */
  record Text(Optional<String> text, int before) {}

  record Codes(Map<UpdateCode, Integer> before) {}

  abstract static class Properties {
    private final TwoNodes storage;

    Properties(TwoNodes storage) {
      this.storage = storage;
    }

    @Property
    void theSameIsSavedWhateverTheOrder(
        @ForAll("histories") List<Seen> heard, @ForAll long oneOrder, @ForAll long otherOrder) {
      SettableClock clock = SettableClock.at(START.plusSeconds(SECONDS));
      List<OtaRepository> nodes = storage.open(clock);
      Saving one = new Saving(nodes, clock);
      Saving other = new Saving(nodes, clock);
      one.save(heard, new Random(oneOrder));
      other.save(heard, new Random(otherOrder));
      Expected expected = new Expected(heard);
      one.assertSaved(expected);
      other.assertSaved(expected);
    }

    @Provide
    Arbitrary<List<Seen>> histories() {
      Arbitrary<Text> texts =
          Combinators.combine(
                  Arbitraries.of("1.0.0", "1.0.1", "1.0.1 ").optional(0.8),
                  Arbitraries.integers().between(0, 3))
              .as(Text::new);
      Arbitrary<Codes> codes =
          Arbitraries.maps(Arbitraries.of(UpdateCode.class), Arbitraries.integers().between(0, 3))
              .ofMaxSize(2)
              .map(Codes::new);
      return Combinators.combine(
              Arbitraries.integers().between(0, 2),
              Arbitraries.integers().between(0, 1),
              Arbitraries.of("alice", "bob", "carl"),
              texts,
              Arbitraries.integers().between(-1, 4),
              texts,
              codes,
              Arbitraries.integers().between(8, SECONDS))
          .as(Seen::new)
          .list()
          .ofMinSize(1)
          .ofMaxSize(10);
    }
  }

  /** Devices and groups of their own, and one way to save what is heard of them. */
  private static final class Saving {
    private final List<OtaRepository> nodes;
    private final SettableClock clock;
    private final List<GroupId> groups = List.of(new GroupId(id()), new GroupId(id()));
    private final List<DeviceId> devices =
        List.of(new DeviceId(id()), new DeviceId(id()), new DeviceId(id()));
    private final Map<DeviceId, Optional<String>> versions = new HashMap<>();

    Saving(List<OtaRepository> nodes, SettableClock clock) {
      this.nodes = nodes;
      this.clock = clock;
    }

    private static String id() {
      return Samples.id(IDS.incrementAndGet());
    }

    /** In a random order, some of it twice, in batches of random sizes, by random nodes. */
    void save(List<Seen> heard, Random random) {
      List<Seen> order = new ArrayList<>(heard);
      heard.stream().filter(seen -> random.nextInt(4) == 0).forEach(order::add);
      Collections.shuffle(order, random);
      List<Seen> batch = new ArrayList<>();
      for (Seen seen : order) {
        if (random.nextInt(3) == 0
            || batch.stream().anyMatch(other -> other.device() == seen.device())) {
          save(nodes.get(random.nextInt(2)), batch);
          batch.clear();
        }
        batch.add(seen);
      }
      save(nodes.get(random.nextInt(2)), batch);
    }

    private void save(OtaRepository node, List<Seen> batch) {
      for (NewVersion change : node.save(batch.stream().map(this::sighting).toList()).versions()) {
        assertThat(change.previous())
            .isEqualTo(versions.getOrDefault(change.device(), Optional.empty()));
        assertThat(change.previous()).isNotEqualTo(Optional.of(change.version()));
        versions.put(change.device(), Optional.of(change.version()));
      }
    }

    private Sighting sighting(Seen seen) {
      Device device =
          new Device(
              devices.get(seen.device()),
              Token.of("token"),
              Optional.of(groups.get(seen.group())),
              seen.user(),
              seen.addressing());
      Map<UpdateCode, Duration> codes = new EnumMap<>(UpdateCode.class);
      seen.codes().before().forEach((code, before) -> codes.put(code, age(seen.at() - before)));
      return new Sighting(
          device,
          heard(seen, seen.version()),
          began(seen).map(this::age),
          heard(seen, seen.core()),
          codes,
          seen.space().map(bytes -> new Space(bytes, age(seen.at() - seen.core().before()))),
          age(seen.at()));
    }

    private Optional<Heard> heard(Seen seen, Text text) {
      return text.text().map(value -> new Heard(value, age(seen.at() - text.before())));
    }

    private Duration age(int second) {
      return Duration.between(START.plusSeconds(second), clock.instant());
    }

    void assertSaved(Expected expected) {
      Map<DeviceId, DeviceState> states = nodes.get(1).states(devices);
      for (int i = 0; i < devices.size(); i++) {
        DeviceId id = devices.get(i);
        assertThat(Optional.ofNullable(states.get(id))).isEqualTo(expected.state(i, id, groups));
        assertThat(versions.getOrDefault(id, Optional.empty()))
            .as("the end of the chain of changes")
            .isEqualTo(Optional.ofNullable(states.get(id)).flatMap(DeviceState::reportedVersion));
      }
      for (int i = 0; i < groups.size(); i++) {
        assertThat(nodes.get(0).versionCounts(groups.get(i)))
            .containsExactlyInAnyOrderElementsOf(expected.counts(i));
      }
    }
  }

  private static Optional<Integer> began(Seen seen) {
    return seen.began() < 0
        ? Optional.empty()
        : seen.version().text().map(any -> seen.at() - seen.version().before() - seen.began());
  }

  /** What must be saved, worked out from all that was heard at once. */
  private record Expected(List<Seen> heard) {
    private record Said(String text, int at, Optional<Integer> began) {}

    Optional<DeviceState> state(int device, DeviceId id, List<GroupId> groups) {
      return last(device)
          .map(
              last ->
                  new DeviceState(
                      id,
                      groups.get(last.group()),
                      latest(device, Seen::version).map(Said::text),
                      since(device).map(START::plusSeconds),
                      latest(device, Seen::core).map(Said::text),
                      START.plusSeconds(last.at()),
                      codes(device),
                      space(device)));
    }

    private Stream<Seen> of(int device) {
      return heard.stream().filter(seen -> seen.device() == device);
    }

    private Optional<Seen> last(int device) {
      return of(device)
          .max(
              Comparator.comparing(Seen::at)
                  .thenComparing(Seen::group)
                  .thenComparing(Seen::user)
                  .thenComparing(Seen::addressing));
    }

    private Stream<Said> all(int device, Function<Seen, Text> field) {
      return of(device)
          .filter(seen -> field.apply(seen).text().isPresent())
          .map(
              seen ->
                  new Said(
                      field.apply(seen).text().orElseThrow(),
                      seen.at() - field.apply(seen).before(),
                      began(seen)));
    }

    private Optional<Said> latest(int device, Function<Seen, Text> field) {
      return all(device, field).max(Comparator.comparing(Said::at).thenComparing(Said::text));
    }

    private Optional<Integer> since(int device) {
      Optional<String> version = latest(device, Seen::version).map(Said::text);
      return all(device, Seen::version)
          .flatMap(
              said ->
                  version.equals(Optional.of(said.text()))
                      ? said.began().stream()
                      : Stream.of(said.at()))
          .max(Comparator.naturalOrder());
    }

    private OptionalLong space(int device) {
      return of(device)
          .filter(seen -> seen.space().isPresent())
          .max(
              Comparator.<Seen>comparingInt(seen -> seen.at() - seen.core().before())
                  .thenComparing(seen -> seen.space().orElseThrow()))
          .map(seen -> OptionalLong.of(seen.space().orElseThrow()))
          .orElse(OptionalLong.empty());
    }

    private Map<UpdateCode, Instant> codes(int device) {
      Map<UpdateCode, Instant> codes = new EnumMap<>(UpdateCode.class);
      of(device)
          .forEach(
              seen ->
                  seen.codes()
                      .before()
                      .forEach(
                          (code, before) ->
                              codes.merge(
                                  code,
                                  START.plusSeconds(seen.at() - before),
                                  (one, other) -> one.isAfter(other) ? one : other)));
      return codes;
    }

    List<VersionCount> counts(int group) {
      Map<VersionCount, Long> counts =
          Stream.of(0, 1, 2)
              .filter(device -> last(device).filter(last -> last.group() == group).isPresent())
              .map(
                  device ->
                      new VersionCount(
                          last(device).orElseThrow().addressing(),
                          last(device).orElseThrow().user(),
                          latest(device, Seen::version).map(Said::text),
                          1))
              .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
      return counts.entrySet().stream()
          .map(
              entry ->
                  new VersionCount(
                      entry.getKey().addressing(),
                      entry.getKey().mqttUser(),
                      entry.getKey().version(),
                      entry.getValue()))
          .toList();
    }
  }
}
