package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.FirmwareDownload;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.Token;
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
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Answers the checks and downloads of devices. Both ask the same memory what a group serves, so
 * they agree with each other; where a rollout decides for a device, a download gives what a check
 * said a moment before.
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
  private final Passages passages;
  private final RolloutAssignments assignments;
  private final Offers offers;

  ServedFirmware(
      Spis spis, ServedUpdates updates, RolloutAssignments assignments, Duration ttl, Clock clock) {
    this.directory = spis.groups();
    this.repository = spis.repository();
    this.blobs = spis.blobs();
    this.groups = new TtlCache<>(CACHE_CAPACITY, ttl, clock, directory::group);
    this.updates = updates;
    this.devices = new TtlCache<>(CACHE_CAPACITY, ttl, clock, this::loadDevice);
    this.passages = assignments.passages();
    this.assignments = assignments;
    this.offers = new Offers(repository);
  }

  Optional<OtaUpdate> served(GroupId group) {
    return updates.get(group);
  }

  /** The same of many groups, at most 1,000: of those that serve one. */
  Map<GroupId, OtaUpdate> served(Collection<GroupId> groups) {
    return updates.getAll(groups);
  }

  Optional<OtaUpdate> served(DeviceId id) {
    Optional<Device> device = devices.get(id);
    Optional<OtaUpdate> update = device.flatMap(this::served);
    device.flatMap(Device::group).ifPresent(group -> keepOffer(id, group, update));
    return update;
  }

  private void keepOffer(DeviceId device, GroupId group, Optional<OtaUpdate> update) {
    Optional<Hold> hold = assignments.hold(group);
    if (hold.isPresent()) {
      offers.keep(device, update, hold.get().target());
    } else if (assignments.offersOutlive(group)) {
      offers.withdraw(device);
    }
  }

  private Optional<OtaUpdate> served(Device device) {
    if (device.group().isEmpty()) {
      return Optional.empty();
    }
    GroupId group = device.group().get();
    Optional<Hold> hold = assignments.hold(group);
    Optional<OtaUpdate> update =
        hold.isEmpty()
            ? served(group)
            : assignments.update(hold.get(), device).flatMap(assignments::known);
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
        .filter(found -> found.token().equals(token))
        .flatMap(found -> updates.get(group))
        .map(update -> new Download(update, blobs));
  }

  Optional<FirmwareDownload> download(DeviceId id, Token token) {
    return devices
        .get(id)
        .filter(device -> device.token().equals(token))
        .flatMap(device -> offered(device).or(() -> served(device)))
        .map(update -> new Download(update, blobs));
  }

  /** What the device was told a moment ago, unless it has changed its group since. */
  private Optional<OtaUpdate> offered(Device device) {
    return offers
        .lately(device.id())
        .flatMap(assignments::known)
        .filter(update -> device.group().filter(update.group()::equals).isPresent());
  }

  void invalidate(GroupId group) {
    updates.invalidate(group);
    assignments.invalidate(group);
  }

  private Optional<Device> loadDevice(DeviceId id) {
    return Optional.ofNullable(directory.devices(List.of(id)).get(id));
  }
}
