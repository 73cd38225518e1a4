package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OwnerId;
import io.groupota.Token;
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
import io.groupota.spi.OtaRepository;
import io.groupota.spi.UpdateNotifier;
import io.groupota.spi.UpdateTrigger;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A group whose devices are told one by one. */
@Timeout(120)
class TriggersByDeviceTest {
  private static final int DEVICES = 3_000;
  private static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");
  private static final GroupId GROUP = new GroupId("5e10fc5e77ba18070312e172");
  private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

  private final OtaRepository repository = new InMemoryOtaRepository(Clock.systemUTC());
  private final InMemoryBlobStore blobs = new InMemoryBlobStore();
  private final InMemoryGroupRegistry registry = new InMemoryGroupRegistry();

  @BeforeEach
  void register() {
    registry.saveGroups(List.of(new Group(GROUP, OWNER, Token.of("token"), "")));
    registry.saveDevices(
        IntStream.range(0, DEVICES).mapToObj(TriggersByDeviceTest::member).toList());
  }

  private static Device member(int number) {
    return new Device(
        device(number), Token.of("token"), Optional.of(GROUP), "user", Addressing.DEVICE);
  }

  private static DeviceId device(int number) {
    return new DeviceId(String.format("%024x", number));
  }

  private GroupOta.Builder node(UpdateNotifier notifier) {
    return GroupOta.builder()
        .repository(repository)
        .blobStore(blobs)
        .groups(registry)
        .notifier(notifier);
  }

  private static DeployRequest firmware(String version) {
    FirmwareSource bytes = FirmwareSource.bytes(new byte[] {1});
    return DeployRequest.of(OWNER, GROUP.value(), "token", version, bytes);
  }

  @Test
  void aStopIsNotedInTheMiddleOfAGroupAndTheRestIsSentByAnotherNode() {
    AtomicInteger sent = new AtomicInteger();
    AtomicReference<GroupOtaService> running = new AtomicReference<>();
    UpdateNotifier stopping =
        trigger -> {
          if (sent.incrementAndGet() == 100) {
            running.get().close();
          }
          return DONE;
        };
    running.set(node(stopping).build());
    running.get().deploy(firmware("1.0.0"));
    running.get().runOnce();
    assertThat(sent).hasValue(100);
    List<DeviceId> told = new ArrayList<>();
    try (GroupOtaService next = node(trigger -> tell(told, trigger)).build()) {
      await(next, told, DEVICES);
    }
  }

  /** The claim was given back with a delay. */
  private static void await(GroupOtaService service, List<DeviceId> told, int count) {
    while (told.size() < count) {
      service.runOnce();
      Thread.onSpinWait();
    }
    assertThat(told).hasSize(count).doesNotHaveDuplicates();
  }

  private static CompletableFuture<Void> tell(List<DeviceId> told, UpdateTrigger trigger) {
    told.add(trigger.device().orElseThrow());
    return DONE;
  }

  private static void drive(
      GroupOtaService service, RolloutId rollout, RolloutDeviceState state, int devices) {
    while (service.rollouts().get(OWNER, rollout).counts().in(state) < devices) {
      service.runOnce();
    }
  }

  @Test
  void aRolloutThatWasTakenBackMomentsAgoKeepsNobodyFromItsTrigger() {
    List<DeviceId> told = new ArrayList<>();
    try (GroupOtaService other = node(trigger -> DONE).build();
        GroupOtaService node =
            node(trigger -> tell(told, trigger)).cacheTtl(Duration.ofHours(1)).build()) {
      other.deploy(firmware("1.0.0"));
      other.runOnce();
      RolloutPlan plan = RolloutPlan.builder().stage(Stage.everyone()).build();
      RolloutId rollout = other.rollouts().deploy(firmware("2.0.0"), Map.of(), plan).id();
      drive(other, rollout, RolloutDeviceState.TRIGGERED, DEVICES);
      // All but one, so that it is not over.
      IntStream.range(1, DEVICES)
          .forEach(number -> other.report(DeviceReport.version(device(number), "2.0.0")));
      drive(other, rollout, RolloutDeviceState.UPDATED, DEVICES - 1);
      // It remembers for an hour that the rollout has a say.
      node.served(device(0));
      other.rollouts().rollBack(OWNER, rollout, Optional.empty());
      node.runOnce();
      assertThat(told).hasSize(DEVICES);
    }
  }
}
