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
 * Answers the checks and downloads of devices. Both read the same cached entry, so they agree with
 * each other; where a rollout decides for a device, a download also gives what a check said a
 * moment before.
 */
final class ServedFirmware {
  private static final int CACHE_CAPACITY = 200_000;

  private record Served(Group group, OtaUpdate update) {}

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
  private final TtlCache<GroupId, Optional<Served>> groups;
  private final TtlCache<DeviceId, Optional<Device>> devices;
  private final Passages passages;
  private final RolloutAssignments assignments;
  private final ToldVersions told;

  ServedFirmware(Spis spis, RolloutAssignments assignments, Duration ttl, Clock clock) {
    this.directory = spis.groups();
    this.repository = spis.repository();
    this.blobs = spis.blobs();
    this.groups = new TtlCache<>(CACHE_CAPACITY, ttl, clock, this::load);
    this.devices = new TtlCache<>(CACHE_CAPACITY, ttl, clock, this::loadDevice);
    this.passages = assignments.passages();
    this.assignments = assignments;
    this.told = new ToldVersions(clock);
  }

  Optional<OtaUpdate> served(GroupId group) {
    return groups.get(group).map(Served::update);
  }

  Optional<OtaUpdate> served(DeviceId id) {
    Optional<Device> device = devices.get(id);
    Optional<OtaUpdate> update = device.flatMap(present -> served(present, assignments::update));
    if (device.flatMap(Device::group).flatMap(assignments::hold).isPresent()) {
      told.remember(id, update);
    } else {
      told.forget(id);
    }
    return update;
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
    return update.map(target -> passage(device, group, hold, target));
  }

  /** The update that the device must get before another one, or waits at, or that one. */
  private OtaUpdate passage(Device device, GroupId group, Optional<Hold> hold, OtaUpdate update) {
    if (passages.areNone(group) || device.addressing() != Addressing.DEVICE) {
      return update;
    }
    String wanted = update.version();
    return Optional.ofNullable(repository.states(List.of(device.id())).get(device.id()))
        .flatMap(DeviceState::reportedVersion)
        .flatMap(
            reported ->
                passages
                    .before(group, reported, wanted)
                    .or(
                        () ->
                            hold.flatMap(assignments::target)
                                .flatMap(
                                    target -> passages.onTheWay(group, reported, wanted, target))))
        .orElse(update);
  }

  Optional<FirmwareDownload> download(GroupId group, Token token) {
    return groups
        .get(group)
        .filter(served -> served.group().token().equals(token))
        .map(served -> new Download(served.update(), blobs));
  }

  Optional<FirmwareDownload> download(DeviceId id, Token token) {
    return devices
        .get(id)
        .filter(device -> device.token().equals(token))
        .flatMap(device -> told.lately(id).or(() -> served(device, assignments::offered)))
        .map(update -> new Download(update, blobs));
  }

  void invalidate(GroupId group) {
    groups.invalidate(group);
    assignments.invalidate(group);
  }

  private Optional<Served> load(GroupId id) {
    return directory
        .group(id)
        .flatMap(group -> repository.served(id).map(update -> new Served(group, update)));
  }

  private Optional<Device> loadDevice(DeviceId id) {
    return Optional.ofNullable(directory.devices(List.of(id)).get(id));
  }
}
