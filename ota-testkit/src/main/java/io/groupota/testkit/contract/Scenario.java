package io.groupota.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.BlobKey;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.UpdateId;
import io.groupota.firmware.Firmware;
import io.groupota.spi.Addressing;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.TriggerQueue.Claim;
import io.groupota.spi.UpdateLog.Entry;
import io.groupota.spi.UpdateLog.Outcome;
import io.groupota.testkit.SettableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/** One test of a repository: an empty one, its clock, two nodes, and updates to fill it with. */
final class Scenario {
  static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");
  static final Duration LEASE = Duration.ofSeconds(30);
  static final Duration GRACE = Duration.ofHours(1);
  static final Duration MILLISECOND = Duration.ofMillis(1);

  /** More than any test needs. */
  static final int ALL = 1000;

  final SettableClock clock = SettableClock.at(Instant.parse("2020-01-17T17:38:59.983Z"));
  final OtaRepository repository;
  final OtaRepository otherNode;

  private final AtomicLong ids = new AtomicLong();

  Scenario(OtaRepositoryFixture fixture) {
    repository = fixture.repository(clock);
    otherNode = fixture.anotherNode(repository, clock);
  }

  /** An id that no other has. */
  String hexId() {
    // Multiplied by an odd number, so that ids are unique but in no order.
    return String.format("5e1bc21c%016x", ids.incrementAndGet() * 0x9E3779B97F4A7C15L);
  }

  GroupId group() {
    return new GroupId(hexId());
  }

  List<GroupId> groups(int count) {
    return IntStream.range(0, count).mapToObj(i -> group()).toList();
  }

  DeviceId device() {
    return new DeviceId(hexId());
  }

  /** A new group-addressed device. */
  Reporter reporter(GroupId group) {
    return new Reporter(clock, device(), group, "Hcixd1Fx", Addressing.GROUP);
  }

  /** A time with room for others between it and the clock. */
  Instant anHourAgo() {
    return clock.instant().minus(Duration.ofHours(1));
  }

  /** A key that is reserved already. */
  BlobKey reservedBlob() {
    BlobKey key = newBlob();
    repository.reserve(key);
    return key;
  }

  BlobKey newBlob() {
    return new BlobKey("blobs/" + hexId());
  }

  /** An update, deployed now, with a blob of its own that is reserved. */
  OtaUpdate update(GroupId group, String version) {
    return update(group, version, reservedBlob());
  }

  OtaUpdate update(GroupId group, String version, BlobKey blob) {
    return new OtaUpdate(
        new UpdateId(hexId()),
        group,
        OWNER,
        version,
        new Firmware(1_048_576, "0f".repeat(16), "a1".repeat(32), Optional.empty()),
        blob,
        Optional.empty(),
        false,
        clock.instant());
  }

  OtaUpdate ownedBy(OwnerId owner, OtaUpdate update) {
    return new OtaUpdate(
        update.id(),
        update.group(),
        owner,
        update.version(),
        update.firmware(),
        update.blob(),
        update.redeployOf(),
        update.mustPassThrough(),
        update.createdAt());
  }

  /** The same update, which older devices must pass through. */
  static OtaUpdate mustPass(OtaUpdate update) {
    return new OtaUpdate(
        update.id(),
        update.group(),
        update.owner(),
        update.version(),
        update.firmware(),
        update.blob(),
        update.redeployOf(),
        true,
        update.createdAt());
  }

  OtaUpdate createdAt(Instant time, OtaUpdate update) {
    return new OtaUpdate(
        update.id(),
        update.group(),
        update.owner(),
        update.version(),
        update.firmware(),
        update.blob(),
        update.redeployOf(),
        update.mustPassThrough(),
        time);
  }

  /** An entry that replaces whatever is served. */
  Entry entry(OtaUpdate update) {
    return new Entry(update, hexId(), path(update.group()), Optional.empty());
  }

  /** An entry that is recorded only if the group serves a certain update, or none. */
  Entry guarded(OtaUpdate update, Optional<UpdateId> replaces) {
    return new Entry(update, hexId(), path(update.group()), Optional.of(replaces));
  }

  static String path(GroupId group) {
    return "ota/group/" + group + "AATluvfLURijoH9d/firmware.bin";
  }

  OtaUpdate record(OtaUpdate update) {
    assertThat(repository.record(entry(update)).outcome()).isEqualTo(Outcome.RECORDED);
    return update;
  }

  OtaUpdate deploy(GroupId group, String version) {
    return record(update(group, version));
  }

  /** Deploys to a group and completes its trigger, so that nothing is due. */
  OtaUpdate deployAndTrigger(GroupId group, String version) {
    OtaUpdate update = deploy(group, version);
    assertThat(repository.complete(claimOnly(group))).isTrue();
    return update;
  }

  List<Claim> claimAll() {
    return repository.claimDue(LEASE, ALL);
  }

  /** Claims the trigger of a group, the only one that is due. */
  Claim claimOnly(GroupId group) {
    List<Claim> claims = claimAll();
    assertThat(claims).extracting(Claim::group).containsExactly(group);
    return claims.get(0);
  }

  void assertNothingDue() {
    assertThat(claimAll()).isEmpty();
  }
}
