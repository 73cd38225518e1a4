package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OwnerId;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.event.OtaEvent;
import io.groupota.event.Triggered;
import io.groupota.event.WorkRetried;
import io.groupota.firmware.FirmwareSource;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.Stage;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.UpdateNotifier;
import io.groupota.spi.UpdateTrigger;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** More groups that are due at once than are claimed together. */
@Timeout(120)
class TriggerBatchesTest {
  private static final int BATCH = 2_000;
  private static final int GROUPS = 2 * BATCH + 1;
  private static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");
  private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

  private final OtaRepository repository = new InMemoryOtaRepository(Clock.systemUTC());
  private final InMemoryBlobStore blobs = new InMemoryBlobStore();
  private final InMemoryGroupRegistry registry = new InMemoryGroupRegistry();
  private final List<OtaEvent> events = new ArrayList<>();
  private final AtomicInteger sent = new AtomicInteger();

  @BeforeEach
  void deploy() {
    try (GroupOtaService service = builder(repository, trigger -> DONE).build()) {
      for (int i = 0; i < GROUPS; i++) {
        registry.saveGroups(List.of(new Group(group(i), OWNER, Token.of("token"), "")));
        register(i, Addressing.GROUP, group(i));
        FirmwareSource firmware = FirmwareSource.bytes(new byte[] {1});
        service.deploy(DeployRequest.of(OWNER, group(i).value(), "token", "1.0.0", firmware));
      }
    }
    events.clear();
  }

  private static GroupId group(int number) {
    return new GroupId(String.format("%024x", number));
  }

  private void register(int number, Addressing addressing, GroupId group) {
    registry.saveDevices(
        List.of(
            new Device(
                new DeviceId(String.format("%024x", number)),
                Token.of("token"),
                Optional.of(group),
                "user",
                addressing)));
  }

  private GroupOta.Builder builder(OtaRepository on, UpdateNotifier notifier) {
    return GroupOta.builder()
        .repository(on)
        .blobStore(blobs)
        .groups(asking1000AtOnce())
        .notifier(notifier)
        .listener(events::add);
  }

  @Test
  void theLastMessagesOfABatchAreNotWaitedForBeforeTheNextIsSent() {
    CompletableFuture<Void> last = new CompletableFuture<>();
    UpdateNotifier lazy =
        trigger -> {
          int number = sent.incrementAndGet();
          if (number > BATCH) {
            last.complete(null);
          }
          return number == BATCH ? last : DONE;
        };
    try (GroupOtaService service = builder(repository, lazy).build()) {
      service.runOnce();
    }
    assertThat(sent).hasValue(GROUPS);
    assertThat(triggered()).isEqualTo(GROUPS);
  }

  @Test
  void whatWasSentIsEndedThoughTheNextBatchCannotBeClaimed() {
    AtomicInteger calls = new AtomicInteger();
    OtaRepository failing =
        intercepting(
            "claimDue",
            args -> {
              if (calls.incrementAndGet() == 2) {
                throw new StorageException("away", null);
              }
            });
    try (GroupOtaService service = builder(failing, this::send).build()) {
      assertThatThrownBy(service::runOnce).hasMessage("away");
      assertThat(triggered()).isEqualTo(BATCH);
      service.runOnce();
    }
    assertThat(sent).hasValue(GROUPS);
    assertThat(triggered()).isEqualTo(GROUPS);
  }

  @Test
  void theNextBatchIsClaimedWhileThisOneIsSent() {
    CountDownLatch claims = new CountDownLatch(2);
    OtaRepository counting = intercepting("claimDue", args -> claims.countDown());
    List<Boolean> claimed = new ArrayList<>();
    UpdateNotifier waiting =
        trigger -> {
          if (sent.incrementAndGet() == BATCH) {
            claimed.add(reachesZero(claims));
          }
          return DONE;
        };
    try (GroupOtaService service = builder(counting, waiting).build()) {
      service.runOnce();
    }
    assertThat(claimed).containsExactly(true);
    assertThat(triggered()).isEqualTo(GROUPS);
  }

  private static boolean reachesZero(CountDownLatch latch) {
    try {
      return latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void nothingIsClaimedWhileDevicesAreToldOneByOne() {
    for (int i = 0; i < GROUPS; i++) {
      register(i, Addressing.DEVICE, group(i));
    }
    List<Thread> claiming = new ArrayList<>();
    OtaRepository noting = intercepting("claimDue", args -> claiming.add(Thread.currentThread()));
    try (GroupOtaService service = builder(noting, this::send).build()) {
      service.runOnce();
    }
    assertThat(claiming).hasSize(3).containsOnly(Thread.currentThread());
    assertThat(triggered()).isEqualTo(GROUPS);
  }

  @Test
  void whatWasClaimedForLaterIsGivenBackWhenTheStorageFails() {
    OtaRepository failing =
        intercepting(
            "complete",
            args -> {
              throw new StorageException("away", null);
            });
    try (GroupOtaService service = builder(failing, this::send).build()) {
      assertThatThrownBy(service::runOnce).hasMessage("away");
    }
    assertThat(sent).hasValue(2 * BATCH);
    assertThat(repository.claimDue(Duration.ofMinutes(1), GROUPS))
        .hasSize(GROUPS - 2 * BATCH)
        .allMatch(claim -> claim.attempts() == 0);
  }

  @Test
  void whileTheBrokerAnswersNothingNoFurtherBatchIsTried() {
    UpdateNotifier stuck = trigger -> new CompletableFuture<>();
    try (GroupOtaService service =
        builder(repository, stuck).triggerTimeout(Duration.ofMillis(50)).build()) {
      service.runOnce();
    }
    assertThat(events).hasSize(BATCH).allMatch(WorkRetried.class::isInstance);
    assertThat(repository.claimDue(Duration.ofMinutes(1), GROUPS))
        .filteredOn(claim -> claim.attempts() == 0)
        .hasSize(GROUPS - BATCH);
  }

  @Test
  void whatWaitsForItsEndIsKeptWhileTheNextBatchIsSent() {
    Duration lease = Duration.ofMillis(1_500);
    List<Collection<?>> extended = new ArrayList<>();
    OtaRepository listening =
        intercepting("extend", args -> extended.add(List.copyOf((Collection<?>) args[0])));
    UpdateNotifier slow =
        trigger -> {
          if (sent.incrementAndGet() == BATCH + 1) {
            long end = System.nanoTime() + lease.dividedBy(2).toNanos();
            while (System.nanoTime() < end) {
              Thread.onSpinWait();
            }
          }
          return DONE;
        };
    try (GroupOtaService service = builder(listening, slow).triggerLease(lease).build()) {
      service.runOnce();
    }
    assertThat(extended).anyMatch(claims -> claims.size() > BATCH);
    assertThat(triggered()).isEqualTo(GROUPS);
  }

  @Test
  void groupsWhoseDevicesAreToldOneByOneAreNotWaitedForOneByOne() {
    for (int i = 0; i < GROUPS; i++) {
      register(i, Addressing.DEVICE, group(i));
    }
    CompletableFuture<Void> first = new CompletableFuture<>();
    UpdateNotifier lazy =
        trigger -> {
          int number = sent.incrementAndGet();
          if (number == BATCH) {
            first.complete(null);
          }
          return number == 1 ? first : DONE;
        };
    try (GroupOtaService service = builder(repository, lazy).build()) {
      service.runOnce();
    }
    assertThat(sent).hasValue(GROUPS);
    assertThat(triggered()).isEqualTo(GROUPS);
  }

  @Test
  void devicesOfARolloutAreLookedUpInParts() {
    for (int i = 0; i < GROUPS; i++) {
      register(i, Addressing.DEVICE, group(0));
    }
    RolloutPlan plan = RolloutPlan.builder().stage(Stage.everyone()).build();
    UpdateNotifier counting = trigger -> trigger.version().equals("2.0.0") ? send(trigger) : DONE;
    try (GroupOtaService service = builder(repository, counting).build()) {
      FirmwareSource firmware = FirmwareSource.bytes(new byte[] {1});
      service
          .rollouts()
          .deploy(
              DeployRequest.of(OWNER, group(0).value(), "token", "2.0.0", firmware),
              Map.of(),
              plan);
      for (int i = 0; i < 20 && sent.get() < GROUPS; i++) {
        service.runOnce();
      }
    }
    assertThat(sent).hasValue(GROUPS);
  }

  private CompletableFuture<Void> send(UpdateTrigger trigger) {
    sent.incrementAndGet();
    return DONE;
  }

  private long triggered() {
    return events.stream().filter(Triggered.class::isInstance).count();
  }

  /** The directory of a host whose database takes so many keys and no more. */
  private GroupDirectory asking1000AtOnce() {
    return (GroupDirectory)
        Proxy.newProxyInstance(
            GroupDirectory.class.getClassLoader(),
            new Class<?>[] {GroupDirectory.class},
            (proxy, method, args) -> {
              if (args[0] instanceof Collection<?> keys && keys.size() > 1_000) {
                throw new StorageException(keys.size() + " keys", null);
              }
              return method.invoke(registry, args);
            });
  }

  /** The repository, with something done before each call of one method. */
  private OtaRepository intercepting(String name, Consumer<Object[]> before) {
    return (OtaRepository)
        Proxy.newProxyInstance(
            OtaRepository.class.getClassLoader(),
            new Class<?>[] {OtaRepository.class},
            (proxy, method, args) -> {
              if (method.getName().equals(name)) {
                before.accept(args);
              }
              try {
                return method.invoke(repository, args);
              } catch (InvocationTargetException e) {
                throw Optional.ofNullable(e.getCause()).orElse(e);
              }
            });
  }
}
