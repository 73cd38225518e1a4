package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.InvalidRequestException;
import io.groupota.OwnerId;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.event.DeviceFellBack;
import io.groupota.event.DeviceUpdated;
import io.groupota.event.OtaEvent;
import io.groupota.event.RolloutDeviceChanged;
import io.groupota.event.Work;
import io.groupota.event.WorkRetried;
import io.groupota.firmware.FirmwareSource;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.Stage;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.OtaRepository;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What fails while a batch of devices of rollouts is moved. */
@Timeout(60)
class RolloutMembersTest {
  private static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");

  private final OtaRepository repository = new InMemoryOtaRepository(Clock.systemUTC());
  private final InMemoryBlobStore blobs = new InMemoryBlobStore();
  private final InMemoryGroupRegistry registry = new InMemoryGroupRegistry();
  private final List<OtaEvent> events = new ArrayList<>();

  /** Reads of an update, which fail once devices were moved while {@link #failing} is set. */
  private final AtomicInteger reads = new AtomicInteger();

  private final AtomicBoolean failing = new AtomicBoolean();
  private final AtomicBoolean moved = new AtomicBoolean();

  /** Devices that the directory fails to look up. */
  private final Set<DeviceId> malformed = new HashSet<>();

  private final AtomicInteger lookups = new AtomicInteger();

  private static GroupId group(int number) {
    return new GroupId(String.format("%024x", number));
  }

  private static DeviceId device(int number) {
    return new DeviceId(String.format("%024x", number));
  }

  private void register(int first, int devices, int group) {
    registry.saveGroups(List.of(new Group(group(group), OWNER, Token.of("token"), "")));
    for (int i = first; i < first + devices; i++) {
      registry.saveDevices(
          List.of(
              new Device(
                  device(i),
                  Token.of("token"),
                  Optional.of(group(group)),
                  "user",
                  Addressing.DEVICE)));
    }
  }

  private RolloutId deploy(GroupOtaService service, int group) {
    FirmwareSource firmware = FirmwareSource.bytes(new byte[] {1});
    DeployRequest request =
        DeployRequest.of(OWNER, group(group).value(), "token", "2.0.0", firmware);
    RolloutPlan plan = RolloutPlan.builder().stage(Stage.everyone()).build();
    return service.rollouts().deploy(request, Map.of(), plan).id();
  }

  private GroupOta.Builder builder(OtaRepository on) {
    return GroupOta.builder()
        .repository(on)
        .blobStore(blobs)
        .groups(directory())
        .notifier(trigger -> CompletableFuture.completedFuture(null))
        .listener(events::add);
  }

  /** The registry, which does not find some devices. */
  private GroupDirectory directory() {
    return (GroupDirectory)
        Proxy.newProxyInstance(
            GroupDirectory.class.getClassLoader(),
            new Class<?>[] {GroupDirectory.class},
            (proxy, method, args) -> {
              if (method.getName().equals("devices") && args[0] instanceof Collection<?> asked) {
                lookups.incrementAndGet();
                if (asked.stream().anyMatch(malformed::contains)) {
                  throw new InvalidRequestException("mqttUser", "mqttUser is malformed");
                }
              }
              try {
                return method.invoke(registry, args);
              } catch (InvocationTargetException e) {
                throw Optional.ofNullable(e.getCause()).orElse(e);
              }
            });
  }

  private OtaRepository failingAfterMoves() {
    return (OtaRepository)
        Proxy.newProxyInstance(
            OtaRepository.class.getClassLoader(),
            new Class<?>[] {OtaRepository.class},
            (proxy, method, args) -> {
              if (method.getName().equals("update")) {
                reads.incrementAndGet();
                if (failing.get() && moved.get()) {
                  throw new StorageException("away", null);
                }
              }
              try {
                Object result = method.invoke(repository, args);
                if (method.getName().equals("move")) {
                  moved.compareAndSet(false, !((Collection<?>) result).isEmpty());
                }
                return result;
              } catch (InvocationTargetException e) {
                throw Optional.ofNullable(e.getCause()).orElse(e);
              }
            });
  }

  private long heard(Class<? extends OtaEvent> kind) {
    return events.stream().filter(kind::isInstance).count();
  }

  private void reportAll(GroupOtaService service, int devices, String version) {
    for (int i = 0; i < devices; i++) {
      service.report(DeviceReport.version(device(i), version));
    }
    events.clear();
    moved.set(false);
    reads.set(0);
    service.runOnce();
  }

  @Test
  void whatHappenedToDevicesIsToldThoughNothingCanBeReadAfterwards() {
    register(0, 50, 0);
    try (GroupOtaService service = builder(failingAfterMoves()).build()) {
      deploy(service, 0);
      service.runOnce();
      failing.set(true);
      reportAll(service, 50, "2.0.0");
      assertThat(heard(RolloutDeviceChanged.class)).isEqualTo(50);
      assertThat(heard(DeviceUpdated.class)).isEqualTo(50);
      failing.set(false);
    }
  }

  @Test
  void theUpdateOfAGroupIsReadOnceForAllOfItsDevices() {
    register(0, 50, 0);
    try (GroupOtaService service = builder(failingAfterMoves()).build()) {
      RolloutId id = deploy(service, 0);
      service.runOnce();
      // So that the group is not reached, which reads updates, too.
      service.rollouts().pause(OWNER, id);
      reportAll(service, 50, "2.0.0");
      assertThat(heard(DeviceUpdated.class)).isEqualTo(50);
      assertThat(reads).hasValueLessThan(10);
      reportAll(service, 50, "1.9.0");
      assertThat(heard(DeviceFellBack.class)).isEqualTo(50);
      assertThat(reads).hasValueLessThan(10);
    }
  }

  private static Map<RolloutDeviceState, Long> counts(GroupOtaService service, RolloutId id) {
    return service.rollouts().get(OWNER, id).counts().byState();
  }

  @Test
  void aDeviceThatCannotBeLookedUpHoldsUpNoOther() {
    register(0, 100, 0);
    register(100, 2, 1);
    try (GroupOtaService service = builder(repository).build()) {
      RolloutId good = deploy(service, 0);
      RolloutId bad = deploy(service, 1);
      malformed.add(device(100));
      service.runOnce();
      assertThat(counts(service, good)).isEqualTo(Map.of(RolloutDeviceState.TRIGGERED, 100L));
      assertThat(counts(service, bad))
          .isEqualTo(Map.of(RolloutDeviceState.TRIGGERED, 1L, RolloutDeviceState.ADMITTED, 1L));
      assertThat(events)
          .filteredOn(WorkRetried.class::isInstance)
          .map(WorkRetried.class::cast)
          .singleElement()
          .satisfies(
              retried -> {
                assertThat(retried.work()).isEqualTo(Work.ROLLOUTS);
                assertThat(retried.group()).isEqualTo(group(1));
                assertThat(retried.cause()).contains("mqttUser is malformed");
              });
    }
  }

  @Test
  void aDeviceThatCouldNotBeLookedUpIsLookedUpAgainLaterAndNotBefore() {
    AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    InstantSource clock = now::get;
    OtaRepository timed = new InMemoryOtaRepository(clock.withZone(ZoneOffset.UTC));
    register(0, 3, 0);
    try (GroupOtaService service = builder(timed).clock(clock.withZone(ZoneOffset.UTC)).build()) {
      RolloutId id = deploy(service, 0);
      malformed.add(device(1));
      service.runOnce();
      lookups.set(0);
      malformed.clear();
      now.set(now.get().plusSeconds(9));
      service.runOnce();
      assertThat(lookups).hasValue(0);
      now.set(now.get().plusSeconds(1));
      service.runOnce();
      assertThat(counts(service, id)).isEqualTo(Map.of(RolloutDeviceState.TRIGGERED, 3L));
    }
  }

  @Test
  void whatNeedsNoLookupIsMovedThoughTheDirectoryIsAway() {
    register(0, 50, 0);
    register(100, 50, 1);
    try (GroupOtaService service = builder(repository).build()) {
      RolloutId first = deploy(service, 0);
      service.runOnce();
      deploy(service, 1);
      for (int i = 0; i < 50; i++) {
        service.report(DeviceReport.version(device(i), "2.0.0"));
        malformed.add(device(100 + i));
      }
      lookups.set(0);
      assertThatThrownBy(service::runOnce).hasMessageContaining("mqttUser is malformed");
      assertThat(lookups).hasValueLessThan(10);
      assertThat(counts(service, first)).isEqualTo(Map.of(RolloutDeviceState.UPDATED, 50L));
      assertThat(heard(DeviceUpdated.class)).isEqualTo(50);
    }
  }
}
