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
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** More groups that are due at once than are claimed together. */
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
        GroupId group = new GroupId(String.format("%024x", i));
        registry.saveGroups(List.of(new Group(group, OWNER, Token.of("token"), "")));
        registry.saveDevices(
            List.of(
                new Device(
                    new DeviceId(group.value()),
                    Token.of("token"),
                    Optional.of(group),
                    "user",
                    Addressing.GROUP)));
        FirmwareSource firmware = FirmwareSource.bytes(new byte[] {1});
        service.deploy(DeployRequest.of(OWNER, group.value(), "token", "1.0.0", firmware));
      }
    }
    events.clear();
  }

  private GroupOta.Builder builder(OtaRepository on, UpdateNotifier notifier) {
    return GroupOta.builder()
        .repository(on)
        .blobStore(blobs)
        .groups(registry)
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
  void whileTheBrokerAnswersNothingNoFurtherBatchIsClaimed() {
    AtomicInteger calls = new AtomicInteger();
    OtaRepository counting = intercepting("claimDue", args -> calls.incrementAndGet());
    UpdateNotifier stuck = trigger -> new CompletableFuture<>();
    try (GroupOtaService service =
        builder(counting, stuck).triggerTimeout(Duration.ofMillis(50)).build()) {
      service.runOnce();
    }
    assertThat(calls).hasValue(1);
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

  private CompletableFuture<Void> send(UpdateTrigger trigger) {
    sent.incrementAndGet();
    return DONE;
  }

  private long triggered() {
    return events.stream().filter(Triggered.class::isInstance).count();
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
