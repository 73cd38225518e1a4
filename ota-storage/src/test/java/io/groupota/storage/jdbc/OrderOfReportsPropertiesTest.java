package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OwnerId;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.UpdateCode;
import io.groupota.VersionDiff;
import io.groupota.firmware.FirmwareSource;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.OtaRepository;
import io.groupota.testkit.SettableClock;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Group;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Two services hear the messages of a few devices, and save what they heard when they come to it,
 * some of it in vain or without learning that it went well. In the end it is known what each device
 * said last, and who is behind is told. The clocks of the nodes and of the storage differ.
 */
@SuppressWarnings("ClassCanBeStatic") // A group of jqwik is not.
class OrderOfReportsPropertiesTest {
  private static final OwnerId OWNER = Samples.OWNER;
  private static final Token TOKEN = Token.of(Samples.TOKEN);
  private static final String TARGET = "2.0.0";
  private static final int DEVICES = 3;
  private static final Duration MILLISECOND = Duration.ofMillis(1);
  private static final Duration STATUS_INTERVAL = Duration.ofSeconds(5);
  private static final Duration RETRIGGER_INTERVAL = Duration.ofMinutes(10);
  private static final Duration LAST_SEEN_INTERVAL = Duration.ofMinutes(1);
  private static final AtomicLong IDS = new AtomicLong(1L << 40);

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

  /** What can happen; the numbers say to whom. */
  enum What {
    STATUS,
    CODE,
    SAVE,
    SAVE_IN_VAIN,
    SAVE_WITHOUT_ANSWER
  }

  /** A step of a history: it happens to a node, or to both, some time after the one before. */
  record Step(What what, int device, int node, String version, UpdateCode code, int millis) {}

  abstract static class Properties {
    private final TwoNodes storage;

    Properties(TwoNodes storage) {
      this.storage = storage;
    }

    /** Nothing is taken for a repetition, so each message counts. */
    @Property
    void whatADeviceSaidLastIsKnownWhicheverNodeHeardIt(@ForAll("histories") List<Step> history) {
      try (Nodes nodes = new Nodes(storage, MILLISECOND)) {
        history.forEach(nodes::run);
        nodes.saveAll();
        nodes.assertKnown(Duration.ZERO);
        nodes.assertWhoIsBehindIsTold();
      }
    }

    @Property
    void allIsKnownAtOnceIfBothNodesHearEverything(@ForAll("histories") List<Step> history) {
      try (Nodes nodes = new Nodes(storage, LAST_SEEN_INTERVAL)) {
        history.forEach(step -> nodes.run(both(step)));
        nodes.saveAll();
        nodes.assertKnown(LAST_SEEN_INTERVAL);
        nodes.assertKnownSince();
        nodes.assertWhoIsBehindIsTold();
      }
    }

    private static Step both(Step step) {
      boolean message = step.what() == What.STATUS || step.what() == What.CODE;
      return new Step(
          step.what(),
          step.device(),
          message ? 2 : step.node(),
          step.version(),
          step.code(),
          step.millis());
    }

    @Property
    void aNodeThatKnowsNothingOfTheOtherIsRightWithinTheInterval(
        @ForAll("histories") List<Step> history, @ForAll boolean other) {
      try (Nodes nodes = new Nodes(storage, LAST_SEEN_INTERVAL)) {
        history.forEach(nodes::run);
        for (Duration passed = Duration.ZERO;
            passed.compareTo(LAST_SEEN_INTERVAL) <= 0;
            passed = passed.plus(STATUS_INTERVAL)) {
          nodes.repeat(other ? 1 : 0);
          nodes.saveAll();
        }
        nodes.assertKnown(LAST_SEEN_INTERVAL);
        nodes.assertWhoIsBehindIsTold();
      }
    }

    @Provide
    Arbitrary<List<Step>> histories() {
      return Combinators.combine(
              Arbitraries.of(
                  What.STATUS,
                  What.STATUS,
                  What.STATUS,
                  What.CODE,
                  What.SAVE,
                  What.SAVE,
                  What.SAVE_IN_VAIN,
                  What.SAVE_WITHOUT_ANSWER),
              Arbitraries.integers().between(0, DEVICES - 1),
              Arbitraries.integers().between(0, 2),
              Arbitraries.of("1.0.0", TARGET, "3.0.0-rc"),
              Arbitraries.of(UpdateCode.class),
              Arbitraries.of(1, 7, 500, 5_000, 70_000, 130_000))
          .as(Step::new)
          .list()
          .ofMaxSize(25);
    }
  }

  /** What a device has said, worked out as it says it. */
  private static final class Said {
    Optional<String> version = Optional.empty();
    Instant since = Instant.EPOCH;
    Instant lastStatus = Instant.EPOCH;
    Instant last = Instant.EPOCH;
    final Map<UpdateCode, Instant> codes = new EnumMap<>(UpdateCode.class);

    /** When it last said another version. */
    Instant otherUntil = Instant.EPOCH;

    void status(String text, Instant now) {
      if (!version.equals(Optional.of(text))) {
        otherUntil = lastStatus;
        version = Optional.of(text);
        since = now;
      }
      lastStatus = now;
      last = now;
    }

    void code(UpdateCode code, Instant now) {
      codes.put(code, now);
      last = now;
    }
  }

  /** Two services on one storage, a group of devices, and what these have said. */
  private static final class Nodes implements AutoCloseable {
    private final SettableClock clock = SettableClock.at(Samples.NOON);
    private final List<SettableClock> clocks = new ArrayList<>(List.of(clock));
    private final List<GroupOtaService> services = new ArrayList<>();
    private final OtaRepository repository;
    private final GroupId group = new GroupId(Samples.id(IDS.incrementAndGet()));
    private final List<DeviceId> devices = new ArrayList<>();
    private final List<Said> said = new ArrayList<>();
    private final List<DeviceId> told = new ArrayList<>();
    private What fault = What.SAVE;

    Nodes(TwoNodes storage, Duration lastSeenInterval) {
      InMemoryGroupRegistry registry = new InMemoryGroupRegistry();
      registry.saveGroups(
          List.of(new io.groupota.spi.Group(group, OWNER, TOKEN, "of one history")));
      for (int i = 0; i < DEVICES; i++) {
        DeviceId id = new DeviceId(Samples.id(IDS.incrementAndGet()));
        devices.add(id);
        said.add(new Said());
        registry.saveDevices(
            List.of(new Device(id, TOKEN, Optional.of(group), "alice", Addressing.DEVICE)));
      }
      List<OtaRepository> repositories = storage.open(clock);
      repository = repositories.get(0);
      InMemoryBlobStore blobs = new InMemoryBlobStore();
      for (int i = 0; i < 2; i++) {
        SettableClock clockOfNode =
            SettableClock.at(clock.instant().plus(Duration.ofHours(i == 0 ? -7 : 12)));
        clocks.add(clockOfNode);
        services.add(
            GroupOta.builder()
                .repository(faulty(repositories.get(i)))
                .blobStore(blobs)
                .groups(registry)
                .notifier(
                    trigger -> {
                      told.add(trigger.device().orElseThrow());
                      return CompletableFuture.completedFuture(null);
                    })
                .clock(clockOfNode)
                .lastSeenInterval(lastSeenInterval)
                .retriggerInterval(RETRIGGER_INTERVAL)
                .build());
      }
      services
          .get(0)
          .deploy(
              DeployRequest.of(
                  OWNER,
                  group.value(),
                  TOKEN.value(),
                  TARGET,
                  FirmwareSource.bytes(new byte[] {1, 2, 3})));
    }

    /** Fails a save before it is tried, or after it has succeeded. */
    private OtaRepository faulty(OtaRepository sound) {
      return (OtaRepository)
          Proxy.newProxyInstance(
              OtaRepository.class.getClassLoader(),
              new Class<?>[] {OtaRepository.class},
              (proxy, method, arguments) -> {
                boolean save = method.getName().equals("save");
                if (save && fault == What.SAVE_IN_VAIN) {
                  throw new StorageException("in vain", null);
                }
                try {
                  Object result = method.invoke(sound, arguments);
                  if (save && fault == What.SAVE_WITHOUT_ANSWER) {
                    throw new StorageException("no answer", null);
                  }
                  return result;
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    }

    void run(Step step) {
      pass(Duration.ofMillis(step.millis()));
      switch (step.what()) {
        case STATUS -> status(step.device(), step.node(), step.version());
        case CODE -> {
          hear(step.node(), DeviceReport.code(devices.get(step.device()), step.code()));
          said.get(step.device()).code(step.code(), clock.instant());
        }
        default -> save(step.what(), step.node());
      }
    }

    private void pass(Duration time) {
      clocks.forEach(each -> each.advance(time));
    }

    private void status(int device, int node, String version) {
      hear(node, DeviceReport.version(devices.get(device), version));
      said.get(device).status(version, clock.instant());
    }

    private void hear(int node, DeviceReport report) {
      for (int i = 0; i < 2; i++) {
        if (node == 2 || node == i) {
          assertThat(services.get(i).report(report)).isTrue();
        }
      }
    }

    private void save(What how, int node) {
      for (int i = 0; i < 2; i++) {
        if (node == 2 || node == i) {
          fault = how;
          try {
            services.get(i).runOnce();
          } catch (StorageException e) {
            assertThat(how).as("fault").isNotEqualTo(What.SAVE);
          } finally {
            fault = What.SAVE;
          }
        }
      }
    }

    void saveAll() {
      pass(MILLISECOND);
      save(What.SAVE, 2);
    }

    /** Every device that has a version says it again, to one node. */
    void repeat(int node) {
      pass(STATUS_INTERVAL);
      for (int i = 0; i < DEVICES; i++) {
        int device = i;
        said.get(i).version.ifPresent(version -> status(device, node, version));
      }
    }

    /**
     * The last word of each device is known.
     *
     * @param within how much older than a message its time may be
     */
    void assertKnown(Duration within) {
      Map<DeviceId, DeviceState> states = repository.states(devices);
      Map<Optional<String>, Long> versions = new HashMap<>();
      for (int i = 0; i < DEVICES; i++) {
        Said expected = said.get(i);
        versions.merge(expected.version, 1L, Long::sum);
        DeviceState state = states.get(devices.get(i));
        if (expected.last.equals(Instant.EPOCH)) {
          assertThat(state).isNull();
        } else {
          assertThat(state.reportedVersion()).isEqualTo(expected.version);
          assertThat(state.codes()).isEqualTo(expected.codes);
          assertThat(state.lastSeen()).isBetween(expected.last.minus(within), expected.last);
          assertThat(state.versionSince().isPresent()).isEqualTo(expected.version.isPresent());
          state
              .versionSince()
              .ifPresent(
                  since ->
                      assertThat(since)
                          .isBetween(expected.otherUntil.minus(within), expected.lastStatus));
        }
      }
      VersionDiff diff = services.get(1).diff(OWNER, group, TARGET);
      Map<Optional<String>, Long> lines = new HashMap<>();
      diff.lines().forEach(line -> lines.put(line.reported(), line.devices()));
      assertThat(lines).isEqualTo(versions);
    }

    /** Since when each device has its version is known, to the message. */
    void assertKnownSince() {
      Map<DeviceId, DeviceState> states = repository.states(devices);
      for (int i = 0; i < DEVICES; i++) {
        if (said.get(i).version.isPresent()) {
          assertThat(states.get(devices.get(i)).versionSince()).contains(said.get(i).since);
        }
      }
    }

    /** At the next status of a device that is behind, all that are get a trigger, each one. */
    void assertWhoIsBehindIsTold() {
      List<DeviceId> behind = new ArrayList<>();
      for (int i = 0; i < DEVICES; i++) {
        if (said.get(i).version.filter(version -> !version.equals(TARGET)).isPresent()) {
          behind.add(devices.get(i));
        }
      }
      told.clear();
      pass(RETRIGGER_INTERVAL);
      repeat(1);
      saveAll();
      assertThat(told).containsExactlyInAnyOrderElementsOf(behind);
    }

    @Override
    public void close() {
      services.forEach(GroupOtaService::close);
    }
  }
}
