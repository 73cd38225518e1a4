package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates;
import io.groupota.spi.GroupDirectory;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a node: what is saved of the devices that report to it, as far as it can know.
 * Other nodes save too, so what is remembered is believed for a while only.
 */
final class KnownDevices {
  private final DeviceStates states;
  private final GroupDirectory directory;
  private final Clock clock;
  private final long lastSeenMillis;
  private final BoundedCache<DeviceId, KnownDevice> known;

  KnownDevices(Spis spis, Settings.Reports settings, Clock clock) {
    this.states = spis.repository();
    this.directory = spis.groups();
    this.clock = clock;
    this.lastSeenMillis = settings.lastSeenInterval().toMillis();
    // Twice, since a bounded cache is sure to hold only half of its capacity.
    this.known = new BoundedCache<>(2 * settings.capacity());
  }

  @Nullable KnownDevice get(DeviceId device) {
    return known.get(device);
  }

  void put(DeviceId device, KnownDevice now) {
    known.put(device, now);
  }

  void forget(Collection<DeviceId> devices) {
    devices.forEach(known::remove);
  }

  long now() {
    return clock.millis();
  }

  /** Whether the directory is to be asked again. */
  boolean isToBeChecked(KnownDevice device, long now) {
    return isOld(device.checkedAt(), now, lastSeenMillis);
  }

  /** Whether the time of its last report is to be saved again. */
  boolean isToBeSaved(KnownDevice device, long now) {
    return isOld(device.savedAt(), now, lastSeenMillis);
  }

  /**
   * Whether what is remembered is no longer believed: the device did not report to this node for so
   * long that another one may have saved anything.
   */
  private boolean isToBeRead(KnownDevice device, long now) {
    return isOld(device.savedAt(), now, 2 * lastSeenMillis);
  }

  private static boolean isOld(long time, long now, long limit) {
    return time == KnownDevice.NEVER || now < time || now - time >= limit;
  }

  /** What is known of the devices of a batch; asks the storages about those of which it is not. */
  Map<DeviceId, KnownDevice> resolve(Collection<DeviceId> batch) {
    long now = now();
    Map<DeviceId, KnownDevice> resolved = new HashMap<>();
    List<DeviceId> unchecked = new ArrayList<>();
    List<DeviceId> unread = new ArrayList<>();
    for (DeviceId id : batch) {
      KnownDevice device = known.get(id);
      if (device == null || isToBeRead(device, now)) {
        unread.add(id);
      }
      if (device == null || isToBeChecked(device, now)) {
        unchecked.add(id);
      }
      if (device != null) {
        resolved.put(id, device);
      }
    }
    if (!unchecked.isEmpty()) {
      check(unchecked, resolved, now);
    }
    if (!unread.isEmpty()) {
      read(unread, resolved);
    }
    return resolved;
  }

  /**
   * A device that moved to another group or MQTT user since it was saved must be saved again: its
   * time is set back.
   */
  private void check(List<DeviceId> devices, Map<DeviceId, KnownDevice> resolved, long now) {
    Map<DeviceId, Device> members = directory.devices(devices);
    for (DeviceId id : devices) {
      Optional<Device> member =
          Optional.ofNullable(members.get(id)).filter(device -> device.group().isPresent());
      KnownDevice before = resolved.get(id);
      KnownDevice checked =
          before == null
              ? new KnownDevice(
                  member,
                  Optional.empty(),
                  Optional.empty(),
                  OptionalLong.empty(),
                  KnownDevice.NEVER,
                  now)
              : new KnownDevice(
                  member,
                  before.version(),
                  before.coreVersion(),
                  before.freeSpace(),
                  before.device().equals(member) ? before.savedAt() : KnownDevice.NEVER,
                  now);
      resolved.put(id, checked);
      known.put(id, checked);
    }
  }

  /**
   * Whether the address is the saved one cannot be told from a state, so the first report after a
   * start is saved.
   */
  private void read(List<DeviceId> devices, Map<DeviceId, KnownDevice> resolved) {
    Map<DeviceId, DeviceState> found = states.states(devices);
    for (DeviceId id : devices) {
      Optional<DeviceState> state = Optional.ofNullable(found.get(id));
      resolved.computeIfPresent(
          id,
          (same, device) ->
              new KnownDevice(
                  device.device(),
                  state.flatMap(DeviceState::reportedVersion),
                  state.flatMap(DeviceState::coreVersion),
                  state.map(DeviceState::freeSpace).orElse(OptionalLong.empty()),
                  KnownDevice.NEVER,
                  device.checkedAt()));
    }
  }
}
