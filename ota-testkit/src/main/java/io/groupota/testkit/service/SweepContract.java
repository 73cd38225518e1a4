package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.BlobKey;
import io.groupota.DeployRequest;
import io.groupota.GroupOtaService;
import io.groupota.NoSuchUpdateException;
import io.groupota.OtaUpdate;
import io.groupota.Retention;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.firmware.FirmwareSource;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.Stage;
import io.groupota.spi.Addressing;
import io.groupota.spi.BlobStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the service removes: old updates, with their files, and nothing that is needed. */
public abstract class SweepContract extends ServiceContract {
  private static final Retention TWO = new Retention(2, Duration.ofHours(1));
  private static final Duration LONG = Duration.ofDays(2);

  /** How often the store of {@link #failingStore} was swept. */
  private final AtomicInteger storeSweeps = new AtomicInteger();

  private GroupOtaService sweeping;

  /** For subclasses. */
  @SuppressWarnings("NullAway.Init")
  protected SweepContract() {}

  @BeforeEach
  final void keepTwo() {
    sweeping = build(builder().retention(TWO));
  }

  @Test
  void oldUpdatesGoWithTheirFiles() {
    List<OtaUpdate> updates = deploys(5);
    sweeping.runOnce();
    assertThat(history()).as("young").hasSize(5);
    clock.advance(LONG);
    sweeping.runOnce();
    assertThat(history()).containsExactly(updates.get(4), updates.get(3));
    for (OtaUpdate gone : updates.subList(0, 3)) {
      assertThat(blobs.size(gone.blob())).isEmpty();
      assertThatThrownBy(() -> service.redeploy(OWNER, GROUP, gone.id()))
          .isInstanceOf(NoSuchUpdateException.class);
    }
    assertThat(servedBytes()).isEqualTo(firmware("1.0.4"));
    service.redeploy(OWNER, GROUP, updates.get(3).id());
    assertThat(servedBytes()).isEqualTo(firmware("1.0.3"));
  }

  @Test
  void aFileOfAnOldUpdateThatIsServedAgainStays() {
    List<OtaUpdate> updates = deploys(2);
    service.redeploy(OWNER, GROUP, updates.get(0).id());
    clock.advance(LONG);
    sweeping.runOnce();
    clock.advance(LONG);
    sweeping.runOnce();
    assertThat(history()).hasSize(2).doesNotContain(updates.get(0));
    assertThat(servedBytes()).isEqualTo(firmware("1.0.0"));
  }

  @Test
  void nothingGoesWhenEverythingIsKept() {
    List<OtaUpdate> updates = deploys(12);
    clock.advance(Duration.ofDays(10_000));
    build(builder().retention(Retention.EVERYTHING)).runOnce();
    assertThat(history()).hasSize(12);
    assertThat(updates).allMatch(update -> blobs.size(update.blob()).isPresent());
  }

  @Test
  void aDownloadThatHasBegunEndsWhole() throws IOException {
    OtaUpdate old = deploy("1.0.0");
    try (InputStream begun =
        service.download(GROUP, Token.of(TOKEN)).orElseThrow().open(0, old.firmware().size())) {
      byte[] whole = new byte[(int) old.firmware().size()];
      assertThat(begun.readNBytes(whole, 0, 10)).isEqualTo(10);
      deploy("1.0.1");
      deploy("1.0.2");
      clock.advance(LONG);
      sweeping.runOnce();
      assertThat(blobs.size(old.blob())).isEmpty();
      assertThat(begun.readNBytes(whole, 10, whole.length - 10)).isEqualTo(whole.length - 10);
      assertThat(whole).isEqualTo(firmware("1.0.0"));
    }
  }

  @Test
  void aFileThatCannotBeDeletedHoldsUpNoOther() {
    List<OtaUpdate> updates = deploys(6);
    BlobKey stuck = updates.get(0).blob();
    boolean[] fails = {true};
    GroupOtaService failing = failing(key -> fails[0] && key.equals(stuck));
    clock.advance(LONG);
    assertThatThrownBy(failing::runOnce).isInstanceOf(StorageException.class);
    assertThat(updates.subList(1, 4)).allMatch(update -> blobs.size(update.blob()).isEmpty());
    assertThat(blobs.size(stuck)).isPresent();
    fails[0] = false;
    failing.runOnce();
    assertThat(blobs.size(stuck)).isEmpty();
    assertThat(repository.claimAbandoned(Duration.ZERO, 10)).isEmpty();
  }

  /** As many as a sweep puts up with, and older than all others. */
  @Test
  void filesThatCanNeverBeDeletedHoldUpNoOther() {
    List<OtaUpdate> updates = deploys(8);
    List<BlobKey> stuck = blobs(updates.subList(0, 3));
    GroupOtaService failing = failing(stuck::contains);
    clock.advance(LONG);
    assertThatThrownBy(failing::runOnce).isInstanceOf(StorageException.class);
    updates.addAll(deploys(8));
    List<BlobKey> others = blobs(updates.subList(3, 14));
    clock.advance(LONG);
    // One comes before the last of three in three of four sweeps.
    for (int sweep = 0; sweep < 40 && there(others) > 0; sweep++) {
      assertThatThrownBy(failing::runOnce).isInstanceOf(StorageException.class);
      clock.advance(Duration.ofSeconds(1));
    }
    assertThat(there(others)).isZero();
    assertThat(there(stuck)).isEqualTo(3);
  }

  @Test
  void aStoreIsSweptAlthoughAFileCannotBeDeleted() {
    deploys(3);
    GroupOtaService failing = failing(key -> true);
    clock.advance(LONG);
    assertThatThrownBy(failing::runOnce).isInstanceOf(StorageException.class);
    assertThat(storeSweeps).hasValue(1);
  }

  @Test
  void filesGoAlthoughUpdatesCannotBeRemoved() {
    List<OtaUpdate> updates = deploys(5);
    removeOld();
    GroupOtaService failing =
        build(builder().repository(failing("prune", () -> true)).retention(TWO));
    assertThatThrownBy(failing::runOnce).hasMessage("prune fails").hasNoSuppressedExceptions();
    assertThat(there(blobs(updates))).isEqualTo(2);
  }

  @Test
  void whateverFailsInASweepIsTold() {
    deploys(3);
    removeOld();
    BlobStore store = failingStore(key -> true, () -> true);
    GroupOtaService failing =
        build(builder().repository(failing("prune", () -> true)).blobStore(store).retention(TWO));
    assertThatThrownBy(failing::runOnce)
        .hasMessage("prune fails")
        .satisfies(
            failure ->
                assertThat(failure.getSuppressed())
                    .extracting(Throwable::getMessage)
                    .containsExactly("delete fails", "sweep fails"));
  }

  @Test
  void filesThatCannotBeDeletedAreToldAlthoughTheOthersCannotBeForgotten() {
    deploys(3);
    removeOld();
    BlobStore store = failingStore(key -> true, () -> false);
    GroupOtaService failing =
        build(builder().repository(failing("forget", () -> true)).blobStore(store));
    assertThatThrownBy(failing::runOnce)
        .hasMessage("delete fails")
        .satisfies(
            failure ->
                assertThat(failure.getSuppressed())
                    .extracting(Throwable::getMessage)
                    .containsExactly("forget fails"));
  }

  @Test
  void aStoreThatIsAwayIsNotAskedForEveryFile() {
    deploys(20);
    AtomicInteger asked = new AtomicInteger();
    GroupOtaService failing = failing(key -> asked.incrementAndGet() > 0);
    clock.advance(LONG);
    assertThatThrownBy(failing::runOnce).isInstanceOf(StorageException.class);
    assertThat(asked).hasValue(3);
    sweeping.runOnce();
    assertThat(repository.claimAbandoned(Duration.ZERO, 100)).isEmpty();
  }

  @Test
  void aDeployThatIsSweptWhileItsFileIsWrittenLeavesNoFile() {
    assertLeavesNoFile(GroupOtaService::deploy);
  }

  @Test
  void aRolloutThatIsSweptWhileItsFileIsWrittenLeavesNoFile() {
    addDevice(1, "u1", Addressing.DEVICE);
    RolloutPlan plan = RolloutPlan.builder().stage(Stage.everyone()).build();
    assertLeavesNoFile((node, request) -> node.rollouts().deploy(request, Map.of(), plan));
  }

  private void assertLeavesNoFile(BiConsumer<GroupOtaService, DeployRequest> deploy) {
    List<BlobKey> keys = new ArrayList<>();
    Interceptor remember =
        (reserve, args) -> {
          ((Collection<?>) args[0]).forEach(key -> keys.add((BlobKey) key));
          return reserve.call();
        };
    GroupOtaService slow = build(builder().repository(intercepting("reserve", remember)));
    FirmwareSource source =
        () -> {
          clock.advance(LONG);
          sweeping.runOnce();
          return new ByteArrayInputStream(firmware("1.0.0"));
        };
    DeployRequest request = DeployRequest.of(OWNER, GROUP.value(), TOKEN, "1.0.0", source);

    assertThatThrownBy(() -> deploy.accept(slow, request))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("swept");
    assertThat(keys).hasSize(1).allMatch(key -> blobs.size(key).isPresent());
    sweeping.runOnce();
    assertThat(keys).allMatch(key -> blobs.size(key).isEmpty());
    assertThat(repository.claimAbandoned(Duration.ZERO, 10)).isEmpty();
  }

  private List<OtaUpdate> deploys(int count) {
    List<OtaUpdate> updates = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      updates.add(deploy("1.0." + i));
      clock.advance(Duration.ofSeconds(1));
    }
    return updates;
  }

  /** Leaves the files of the updates that are not kept behind. */
  private void removeOld() {
    clock.advance(LONG);
    assertThat(repository.prune(TWO)).isPresent();
  }

  private static List<BlobKey> blobs(List<OtaUpdate> updates) {
    return updates.stream().map(OtaUpdate::blob).toList();
  }

  /** How many of these files there are. */
  private long there(List<BlobKey> keys) {
    return keys.stream().filter(key -> blobs.size(key).isPresent()).count();
  }

  private List<OtaUpdate> history() {
    return service.history(OWNER, GROUP, 0, OptionalInt.empty()).updates();
  }

  /** With a store that cannot delete some files. */
  private GroupOtaService failing(Predicate<BlobKey> fails) {
    return build(builder().blobStore(failingStore(fails, () -> false)).retention(TWO));
  }

  /** Counts how often it is swept. */
  private BlobStore failingStore(Predicate<BlobKey> deleteFails, BooleanSupplier sweepFails) {
    return (BlobStore)
        Proxy.newProxyInstance(
            BlobStore.class.getClassLoader(),
            new Class<?>[] {BlobStore.class},
            (proxy, method, args) -> {
              if (method.getName().equals("delete") && deleteFails.test((BlobKey) args[0])) {
                throw new StorageException("delete fails", null);
              }
              if (method.getName().equals("sweep")) {
                storeSweeps.incrementAndGet();
                if (sweepFails.getAsBoolean()) {
                  throw new StorageException("sweep fails", null);
                }
              }
              try {
                return method.invoke(blobs, args);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
