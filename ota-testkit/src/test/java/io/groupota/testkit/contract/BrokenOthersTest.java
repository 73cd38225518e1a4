package io.groupota.testkit.contract;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeviceId;
import io.groupota.FirmwareRejectedException;
import io.groupota.GroupId;
import io.groupota.firmware.ImageInfo;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.spi.Device;
import io.groupota.spi.FirmwareInspector;
import io.groupota.spi.GroupMembers;
import io.groupota.spi.GroupRegistry;
import io.groupota.spi.UpdateTrigger;
import io.groupota.testkit.contract.UpdateNotifierContract.Delivery;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * The contracts of registries, notifiers and inspectors catch the mistakes that are easy to make.
 */
class BrokenOthersTest {
  @Test
  void aSoundImplementationIsNotCaught() {
    FirmwareInspectorContract sound = contractOf(new MagicInspector());
    assertThatThrownBy(() -> Proof.catches(sound, "theBufferIsOnlyReadAndNotKept"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("failure of theBufferIsOnlyReadAndNotKept");
  }

  @Test
  void aRegistryThatIgnoresAnArgumentIsCaught() throws Exception {
    GroupRegistryContract unfiltered =
        brokenList(
            sound ->
                arguments ->
                    arguments.length == 1
                        ? sound.devices(ids(arguments[0]))
                        : sound.devices((GroupId) arguments[0], null, null, (int) arguments[3]));
    Proof.catches(unfiltered, "theDevicesOfAGroupAreListedByAddressing");
  }

  @Test
  void aRegistryThatKeepsTheDevicesOfARemovedGroupIsCaught() throws Exception {
    GroupRegistryContract contract =
        broken(
            "removeGroup",
            sound ->
                arguments -> {
                  List<Device> devices = sound.devices((GroupId) arguments[0], null, null, 1000);
                  sound.removeGroup((GroupId) arguments[0]);
                  sound.saveDevices(devices);
                  return null;
                });
    Proof.catches(contract, "theDevicesOfARemovedGroupAreInNoGroup");
  }

  @Test
  void aRegistryThatSavesOneByOneIsCaught() throws Exception {
    GroupRegistryContract contract =
        () -> {
          GroupRegistry sound = new InMemoryGroupRegistry();
          AtomicLong reads = new AtomicLong();
          AtomicBoolean filled = new AtomicBoolean();
          Proof.Fault save =
              arguments -> {
                List<Device> devices = List.copyOf(devices(arguments[0]));
                sound.saveDevices(devices.subList(0, 5));
                if (filled.getAndSet(true)) {
                  // A read that was counted may have begun before; the one after it has not.
                  long before = reads.get();
                  Proof.await(() -> reads.get() >= before + 2);
                }
                sound.saveDevices(devices.subList(5, 10));
                return null;
              };
          Proof.Fault read =
              arguments -> {
                GroupMembers members = sound.members((GroupId) arguments[0]);
                reads.incrementAndGet();
                return members;
              };
          return Proof.breaking(
              GroupRegistry.class, sound, Map.of("saveDevices", save, "members", read));
        };
    Proof.catches(contract, "nobodySeesHalfAChange");
  }

  @Test
  void aRegistryThatCountsTheUsersOfDeviceAddressedDevicesIsCaught() throws Exception {
    GroupRegistryContract contract =
        broken(
            "members",
            sound ->
                arguments -> {
                  long all = sound.members((GroupId) arguments[0]).devices();
                  return new GroupMembers(all == 0 ? Map.of() : Map.of(Fleet.USER, all), 0);
                });
    Proof.catches(contract, "theDevicesOfAGroupAreCountedByTheWayTheyAreReached");
  }

  @Test
  void aRetainedTriggerIsCaught() throws Exception {
    UpdateNotifierContract contract =
        () ->
            new LoopbackLink() {
              @Override
              public List<Delivery> retained() {
                return List.of(
                    new Delivery(Fleet.USER, Optional.of(Fleet.groupId(1)), Optional.empty()));
              }
            };
    Proof.catches(contract, "noTriggerIsRetained");
  }

  @Test
  void aTriggerThatIsSentToTheWholeGroupIsCaught() throws Exception {
    UpdateNotifierContract contract =
        () ->
            new LoopbackLink() {
              @Override
              CompletionStage<?> trigger(UpdateTrigger trigger) {
                return super.trigger(
                    new UpdateTrigger(
                        trigger.mqttUser(), trigger.group(), Optional.empty(), trigger.version()));
              }
            };
    Proof.catches(contract, "aTriggerReachesTheDevicesThatItIsFor");
  }

  @Test
  void aNotifierThatQueuesWithoutLimitOrPretendsIsCaught() throws Exception {
    UpdateNotifierContract pretending =
        () ->
            new LoopbackLink() {
              @Override
              CompletionStage<?> trigger(UpdateTrigger trigger) {
                return cut ? CompletableFuture.completedFuture(null) : super.trigger(trigger);
              }
            };
    Proof.catches(pretending, "withoutALinkTriggersFailInsteadOfPilingUp");
  }

  @Test
  void anInspectorThatTrustsTheChunksIsCaught() throws Exception {
    // Looks for the magic in the first chunk only if that has at least four bytes.
    Proof.catches(
        contractOf(
            () ->
                new Passing(new MagicInspector().start()) {
                  private boolean small;

                  @Override
                  public void accept(byte[] buffer, int offset, int length) {
                    small |= length < 4;
                    if (!small) {
                      super.accept(buffer, offset, length);
                    }
                  }
                }),
        "theVerdictIsTheSameInEveryChunking");
  }

  @Test
  void anInspectorThatKeepsOrChangesTheBufferIsCaught() throws Exception {
    FirmwareInspectorContract keeping =
        contractOf(
            () ->
                new Passing(new MagicInspector().start()) {
                  private byte[] last = {};

                  @Override
                  public void accept(byte[] buffer, int offset, int length) {
                    last = buffer;
                    super.accept(buffer, offset, length);
                  }

                  @Override
                  public Optional<ImageInfo> finish() {
                    ImageInfo info = super.finish().orElseThrow();
                    String tail = Integer.toString(Arrays.hashCode(last));
                    return Optional.of(
                        new ImageInfo(info.chip(), tail, info.version(), "", info.sha256()));
                  }
                });
    Proof.catches(keeping, "theBufferIsOnlyReadAndNotKept");
    FirmwareInspectorContract changing =
        contractOf(
            () ->
                new Passing(new MagicInspector().start()) {
                  @Override
                  public void accept(byte[] buffer, int offset, int length) {
                    super.accept(buffer, offset, length);
                    buffer[offset]++;
                  }
                });
    Proof.catches(changing, "theBufferIsOnlyReadAndNotKept");
  }

  @Test
  void anInspectorWithOneInspectionForAllIsCaught() throws Exception {
    FirmwareInspector.Inspection shared = new MagicInspector().start();
    Proof.catches(contractOf(() -> shared), "goodFilesAreAcceptedAndBadOnesRefused");
  }

  @Test
  void anInspectorThatRefusesOrAcceptsTooMuchIsCaught() throws Exception {
    String test = "goodFilesAreAcceptedAndBadOnesRefused";
    Proof.catches(contractOf(FirmwareInspector.anyFile()), test);
    FirmwareInspector none =
        () -> {
          throw new FirmwareRejectedException("nothing is good enough", 0);
        };
    Proof.catches(contractOf(none), test);
  }

  private static GroupRegistryContract broken(
      String method, Function<GroupRegistry, Proof.Fault> fault) {
    return () -> {
      GroupRegistry sound = new InMemoryGroupRegistry();
      return Proof.breaking(GroupRegistry.class, sound, Map.of(method, fault.apply(sound)));
    };
  }

  private static GroupRegistryContract brokenList(Function<GroupRegistry, Proof.Fault> fault) {
    return broken("devices", fault);
  }

  private static FirmwareInspectorContract contractOf(FirmwareInspector inspector) {
    return new Inspected(inspector);
  }

  @SuppressWarnings("unchecked")
  private static Collection<Device> devices(Object argument) {
    return (Collection<Device>) argument;
  }

  @SuppressWarnings("unchecked")
  private static Collection<DeviceId> ids(Object argument) {
    return (Collection<DeviceId>) argument;
  }

  /** A sound inspection to change one method of. */
  private static class Passing implements FirmwareInspector.Inspection {
    private final FirmwareInspector.Inspection sound;

    Passing(FirmwareInspector.Inspection sound) {
      this.sound = sound;
    }

    @Override
    public void accept(byte[] buffer, int offset, int length) {
      sound.accept(buffer, offset, length);
    }

    @Override
    public Optional<ImageInfo> finish() {
      return sound.finish();
    }
  }
}
