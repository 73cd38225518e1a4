package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.FirmwareDownload;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.Token;
import io.groupota.spi.BlobStore;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.OtaRepository;
import java.io.InputStream;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Answers the checks and downloads of devices. Both read the same cached entry, so they agree with
 * each other.
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

  ServedFirmware(Spis spis, Duration ttl, Clock clock) {
    this.directory = spis.groups();
    this.repository = spis.repository();
    this.blobs = spis.blobs();
    this.groups = new TtlCache<>(CACHE_CAPACITY, ttl, clock, this::load);
    this.devices = new TtlCache<>(CACHE_CAPACITY, ttl, clock, this::loadDevice);
  }

  Optional<OtaUpdate> served(GroupId group) {
    return groups.get(group).map(Served::update);
  }

  Optional<OtaUpdate> served(DeviceId device) {
    return devices.get(device).flatMap(Device::group).flatMap(this::served);
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
        .flatMap(Device::group)
        .flatMap(this::served)
        .map(update -> new Download(update, blobs));
  }

  void invalidate(GroupId group) {
    groups.invalidate(group);
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
