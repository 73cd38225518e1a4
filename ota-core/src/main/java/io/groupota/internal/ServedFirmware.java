package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.FirmwareDownload;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.Token;
import io.groupota.UpdateId;
import io.groupota.spi.Addressing;
import io.groupota.spi.BlobStore;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutLog.Hold;
import java.io.InputStream;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * Answers the checks and downloads of devices. Both ask the same memory what a group serves, so
 * they agree with each other; where a rollout decides for a device, a download also gives what a
 * check said a moment before.
 */
final class ServedFirmware {
  private static final int CACHE_CAPACITY = 200_000;

  private record Download(OtaUpdate update, BlobStore blobs) implements FirmwareDownload {
    @Override
    public InputStream open(long offset, long length) {
      if (offset < 0 || length < 0 || offset > update.firmware().size() - length) {
        throw new IllegalArgumentException(
            "The firmware of update " + update.id() + " has no " + length + " bytes at " + offset);
      }
      return blobs.open(update.blob(), offset, length);
    }

    @Override
    public Optional<URI> presign(Duration validity) {
      return blobs.presign(update.blob(), validity);
    }
  }

  private final GroupDirectory directory;
  private final OtaRepository repository;
  private final BlobStore blobs;
  private final ServedUpdates updates;
  private final TtlCache<GroupId, Optional<Group>> groups;
  private final TtlCache<DeviceId, Optional<Device>> devices;
  private final TtlCache<GroupId, List<OtaUpdate>> passages;
  private final RolloutAssignments assignments;

  ServedFirmware(Spis spis, RolloutAssignments assignments, Duration ttl, Clock clock) {
    this.directory = spis.groups();
    this.repository = spis.repository();
    this.blobs = spis.blobs();
    this.groups = new TtlCache<>(CACHE_CAPACITY, ttl, clock, directory::group);
    this.updates = new ServedUpdates(directory, repository, ttl, clock);
    this.devices = new TtlCache<>(CACHE_CAPACITY, ttl, clock, this::loadDevice);
    this.passages = new TtlCache<>(CACHE_CAPACITY, ttl, clock, repository::mustPassThrough);
    this.assignments = assignments;
  }

  Optional<OtaUpdate> served(GroupId group) {
    return updates.get(group);
  }

  Optional<OtaUpdate> served(DeviceId device) {
    return devices.get(device).flatMap(present -> served(present, assignments::update));
  }

  /** What a device of a held group is to have, by whichever rule. */
  private interface Choice extends BiFunction<Hold, Device, Optional<UpdateId>> {}

  private Optional<OtaUpdate> served(Device device, Choice choice) {
    if (device.group().isEmpty()) {
      return Optional.empty();
    }
    GroupId group = device.group().get();
    Optional<Hold> hold = assignments.hold(group);
    Optional<OtaUpdate> update =
        hold.isEmpty()
            ? served(group)
            : choice.apply(hold.get(), device).flatMap(assignments::known);
    return update.map(target -> passage(device, group, target));
  }

  /** The update that the device must get before another one, or that one. */
  private OtaUpdate passage(Device device, GroupId group, OtaUpdate target) {
    List<OtaUpdate> all = passages.get(group);
    if (all.isEmpty() || device.addressing() != Addressing.DEVICE) {
      return target;
    }
    Optional<String> reported =
        Optional.ofNullable(repository.states(List.of(device.id())).get(device.id()))
            .flatMap(DeviceState::reportedVersion);
    return all.stream()
        .filter(passage -> MemberContexts.isBelow(passage.version(), target.version()))
        .filter(
            passage ->
                reported
                    .filter(version -> MemberContexts.isBelow(version, passage.version()))
                    .isPresent())
        .min(ServedFirmware::byPrecedence)
        .orElse(target);
  }

  private static int byPrecedence(OtaUpdate one, OtaUpdate other) {
    if (MemberContexts.isBelow(one.version(), other.version())) {
      return -1;
    }
    return MemberContexts.isBelow(other.version(), one.version()) ? 1 : 0;
  }

  Optional<FirmwareDownload> download(GroupId group, Token token) {
    return groups
        .get(group)
        .filter(found -> found.token().equals(token))
        .flatMap(found -> updates.get(group))
        .map(update -> new Download(update, blobs));
  }

  Optional<FirmwareDownload> download(DeviceId id, Token token) {
    return devices
        .get(id)
        .filter(device -> device.token().equals(token))
        .flatMap(device -> served(device, assignments::offered))
        .map(update -> new Download(update, blobs));
  }

  void invalidate(GroupId group) {
    updates.invalidate(group);
    passages.invalidate(group);
    assignments.invalidate(group);
  }

  private Optional<Device> loadDevice(DeviceId id) {
    return Optional.ofNullable(directory.devices(List.of(id)).get(id));
  }
}
