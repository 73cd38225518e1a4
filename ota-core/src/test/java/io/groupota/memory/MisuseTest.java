package io.groupota.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.BlobKey;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.UpdateCode;
import io.groupota.UpdateId;
import io.groupota.firmware.Firmware;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates.Heard;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.DeviceStates.Space;
import io.groupota.spi.UpdateLog.Entry;
import io.groupota.spi.UpdateLog.Outcome;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What the SPIs leave open, these implementations refuse; their contracts are in the testkit. */
class MisuseTest {
  private static final Instant NOW = Instant.parse("2020-01-17T17:38:59.983Z");
  private static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  private static final BlobKey KEY = new BlobKey("some/key");

  private final InMemoryBlobStore blobs = new InMemoryBlobStore();
  private final InMemoryOtaRepository repository =
      new InMemoryOtaRepository(Clock.fixed(NOW, ZoneOffset.UTC));

  @Test
  void aFileIsNeverOverwritten() throws IOException {
    blobs.put(KEY, new ByteArrayInputStream(new byte[] {1, 2, 3}));
    assertThatThrownBy(() -> blobs.put(KEY, new ByteArrayInputStream(new byte[] {4})))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("some/key");
    assertThat(blobs.open(KEY, 0, 3).readAllBytes()).containsExactly(1, 2, 3);
  }

  @Test
  void aRangeOutsideTheFileIsRefused() {
    blobs.put(KEY, new ByteArrayInputStream(new byte[3]));
    long[][] ranges = {{0, 4}, {3, 1}, {4, 0}, {-1, 1}, {1, -1}, {1, Long.MAX_VALUE}};
    for (long[] range : ranges) {
      assertThatThrownBy(() -> blobs.open(KEY, range[0], range[1]))
          .isInstanceOf(StorageException.class);
    }
  }

  @Test
  void aKeyIsReservedOnce() {
    repository.reserve(KEY);
    assertThatThrownBy(() -> repository.reserve(KEY)).isInstanceOf(StorageException.class);
    repository.abandon(KEY);
    assertThatThrownBy(() -> repository.reserve(KEY)).isInstanceOf(StorageException.class);
    assertThat(repository.claimAbandoned(Duration.ZERO, 10)).containsExactly(KEY);
    assertThatThrownBy(() -> repository.reserve(KEY)).isInstanceOf(StorageException.class);
    BlobKey served = new BlobKey("served");
    repository.reserve(served);
    assertThat(repository.record(entry("1.0.0", served)).outcome()).isEqualTo(Outcome.RECORDED);
    assertThatThrownBy(() -> repository.reserve(served)).isInstanceOf(StorageException.class);
  }

  @Test
  void anUpdateIsRecordedOnce() {
    repository.reserve(KEY);
    Entry entry = entry("1.0.0", KEY);
    assertThat(repository.record(entry).outcome()).isEqualTo(Outcome.RECORDED);
    assertThatThrownBy(() -> repository.record(entry("2.0.0", KEY)))
        .isInstanceOf(StorageException.class);
    assertThat(repository.served(GROUP)).contains(entry.update());
    assertThat(repository.history(GROUP, 0, 10).total()).isEqualTo(1);
  }

  @Test
  void aDeviceInNoGroupIsRefusedWithItsWholeBatch() {
    Device member = device("5e1b5774afd4e404d68aebd6", Optional.of(GROUP));
    Device lost = device("5e1b5774afd4e404d68aebd7", Optional.empty());
    assertThatThrownBy(() -> repository.save(List.of(sighting(member), sighting(lost))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(lost.id().value());
    assertThat(repository.states(List.of(member.id(), lost.id()))).isEmpty();
    assertThat(repository.versionCounts(GROUP)).isEmpty();
  }

  @Test
  void aSightingHasNoImpossibleAges() {
    Device device = device("5e1b5774afd4e404d68aebd6", Optional.of(GROUP));
    Duration future = Duration.ofNanos(-1);
    Optional<Heard> version = Optional.of(new Heard("1.2.6", Duration.ofSeconds(2)));
    List<ThrowingCallable> impossible =
        List.of(
            () -> new Heard("1.2.6", future),
            () -> new Space(1, future),
            () -> sighting(device, version, Optional.empty(), future),
            () -> sighting(device, version, Optional.of(Duration.ofSeconds(1)), Duration.ZERO),
            () -> sighting(device, Optional.empty(), Optional.of(Duration.ZERO), Duration.ZERO),
            () ->
                new Sighting(
                    device,
                    version,
                    Optional.empty(),
                    version,
                    Map.of(UpdateCode.FAILED, future),
                    Optional.empty(),
                    Duration.ZERO));
    assertThat(impossible)
        .allSatisfy(
            making -> assertThatThrownBy(making).isInstanceOf(IllegalArgumentException.class));
  }

  private static Sighting sighting(
      Device device, Optional<Heard> version, Optional<Duration> began, Duration age) {
    return new Sighting(device, version, began, Optional.empty(), Map.of(), Optional.empty(), age);
  }

  private static Device device(String id, Optional<GroupId> group) {
    return new Device(
        new DeviceId(id), Token.of("iIP2C3D4B07O"), group, "Hcixd1Fx", Addressing.GROUP);
  }

  private static Sighting sighting(Device device) {
    return new Sighting(
        device,
        Optional.of(new Heard("1.2.6", Duration.ZERO)),
        Optional.of(Duration.ZERO),
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        Duration.ZERO);
  }

  private static Entry entry(String version, BlobKey blob) {
    OtaUpdate update =
        new OtaUpdate(
            new UpdateId("5e1bc21cdfa10030ab7ea213"),
            GROUP,
            new OwnerId("5e10fc5e77ba18070312e171"),
            version,
            new Firmware(1, "0f".repeat(16), "a1".repeat(32), Optional.empty()),
            blob,
            Optional.empty(),
            false,
            NOW);
    return new Entry(update, "5e1bc21cdfa10030ab7ea212", "path", Optional.empty());
  }
}
