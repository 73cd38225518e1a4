package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates;
import io.groupota.spi.GroupDirectory;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a report changes, and saves batches of them. Remembers what is saved of each device,
 * so that the repetitions of a device that says the same every five seconds end in memory; and what
 * each group serves, so that a device which is behind is noticed.
 */
final class ReportSaver {
  /** What a report does to the saved state, as far as memory can tell. */
  enum Verdict {
    NOTHING_NEW,
    REFRESH,
    CHANGE
  }

  private final DeviceStates states;
  private final GroupDirectory directory;
  private final BehindWatch behindWatch;
  private final RolloutAssignments assignments;
  private final DeviceEvents events;
  private final Clock clock;
  private final long lastSeenMillis;
  private final BoundedCache<DeviceId, KnownDevice> known;

  ReportSaver(
      Spis spis,
      BehindWatch behindWatch,
      RolloutAssignments assignments,
      DeviceEvents events,
      Settings.Reports settings,
      Clock clock) {
    this.states = spis.repository();
    this.directory = spis.groups();
    this.behindWatch = behindWatch;
    this.assignments = assignments;
    this.events = events;
    this.clock = clock;
    this.lastSeenMillis = settings.lastSeenInterval().toMillis();
    // Twice, since a bounded cache is sure to hold only half of its capacity.
    this.known = new BoundedCache<>(2 * settings.capacity());
  }

  /** Never blocks: reads memory only. */
  Verdict judge(DeviceReport report) {
    KnownDevice device = known.get(report.device());
    long now = clock.millis();
    if (device == null || isOld(device.checkedAt(), now)) {
      return device != null && !report.code().isPresent() && !changes(device, report)
          ? Verdict.REFRESH
          : Verdict.CHANGE;
    }
    if (!device.speaksFor(report)) {
      return Verdict.NOTHING_NEW;
    }
    if (report.code().isPresent() || changes(device, report)) {
      return Verdict.CHANGE;
    }
    GroupId group = device.device().flatMap(Device::group).orElseThrow();
    return isOld(device.savedAt(), now)
            || behindWatch.isWorthALook(group, version(device, report), now)
        ? Verdict.REFRESH
        : Verdict.NOTHING_NEW;
  }

  void save(List<PendingReport> batch) {
    long now = clock.millis();
    Map<DeviceId, KnownDevice> devices = resolve(batch, now);
    List<DeviceStates.Sighting> sightings = new ArrayList<>();
    List<KnownDevice> saved = new ArrayList<>();
    Map<Device, String> versions = new HashMap<>();
    for (PendingReport pending : batch) {
      DeviceReport report = pending.latest();
      KnownDevice device = devices.get(report.device());
      if (device == null || !device.speaksFor(report)) {
        continue;
      }
      Device member = device.device().orElseThrow();
      if (!pending.codes().isEmpty() || changes(device, report) || isOld(device.savedAt(), now)) {
        sightings.add(sighting(member, pending));
        saved.add(saved(device, report, now));
      }
      version(device, report).ifPresent(version -> versions.put(member, version));
    }
    if (!sightings.isEmpty()) {
      save(sightings, saved);
    }
    behindWatch.look(byGroup(versions), now);
  }

  /** The versions that the groups of devices may have to be triggered for. */
  private Map<GroupId, Set<String>> byGroup(Map<Device, String> versions) {
    Map<GroupId, Set<String>> byGroup = new HashMap<>();
    for (Device device : assignments.notSettled(versions)) {
      byGroup
          .computeIfAbsent(device.group().orElseThrow(), id -> new HashSet<>())
          .add(versions.getOrDefault(device, ""));
    }
    return byGroup;
  }

  private void save(List<DeviceStates.Sighting> sightings, List<KnownDevice> saved) {
    Map<GroupId, OtaUpdate> served = events.served(sightings);
    states.save(sightings);
    List<DeviceEvents.Change> changes = changes(sightings);
    saved.forEach(device -> known.put(device.device().orElseThrow().id(), device));
    events.tell(sightings, changes, served);
  }

  private List<DeviceEvents.Change> changes(List<DeviceStates.Sighting> sightings) {
    List<DeviceEvents.Change> changes = new ArrayList<>();
    for (DeviceStates.Sighting sighting : sightings) {
      DeviceId device = sighting.device().id();
      Optional<String> before =
          Optional.ofNullable(known.get(device)).flatMap(KnownDevice::version);
      if (sighting.version().isPresent() && !sighting.version().equals(before)) {
        changes.add(
            new DeviceEvents.Change(
                device,
                sighting.device().group().orElseThrow(),
                before,
                sighting.version().get(),
                sighting.seenAt()));
      }
    }
    return changes;
  }

  void forget(Collection<DeviceId> devices) {
    devices.forEach(known::remove);
  }

  private static DeviceStates.Sighting sighting(Device device, PendingReport pending) {
    return new DeviceStates.Sighting(
        device,
        pending.latest().version(),
        pending.latest().coreVersion(),
        pending.codes(),
        pending.seenAt());
  }

  private static KnownDevice saved(KnownDevice device, DeviceReport report, long now) {
    return new KnownDevice(
        device.device(),
        version(device, report),
        report.coreVersion().or(device::coreVersion),
        now,
        device.checkedAt());
  }

  private static Optional<String> version(KnownDevice device, DeviceReport report) {
    return report.version().or(device::version);
  }

  private static boolean changes(KnownDevice device, DeviceReport report) {
    return device.changes(report.version(), report.coreVersion());
  }

  /**
   * What is known of the devices of a batch; asks the storages about those that are new or were not
   * checked for long.
   */
  private Map<DeviceId, KnownDevice> resolve(List<PendingReport> batch, long now) {
    Map<DeviceId, KnownDevice> resolved = new HashMap<>();
    List<DeviceId> unchecked = new ArrayList<>();
    List<DeviceId> unread = new ArrayList<>();
    for (PendingReport pending : batch) {
      DeviceId id = pending.latest().device();
      KnownDevice device = known.get(id);
      if (device == null) {
        unread.add(id);
      } else {
        resolved.put(id, device);
      }
      if (device == null || isOld(device.checkedAt(), now)) {
        unchecked.add(id);
      }
    }
    if (unchecked.isEmpty()) {
      return resolved;
    }
    Map<DeviceId, DeviceState> read = unread.isEmpty() ? Map.of() : states.states(unread);
    Map<DeviceId, Device> members = directory.devices(unchecked);
    for (DeviceId id : unchecked) {
      Optional<Device> member =
          Optional.ofNullable(members.get(id)).filter(device -> device.group().isPresent());
      KnownDevice device = refreshed(resolved.get(id), member, read.get(id), now);
      resolved.put(id, device);
      known.put(id, device);
    }
    return resolved;
  }

  /**
   * A device that moved to another group or MQTT user since it was saved must be saved again: its
   * time is set back.
   */
  private static KnownDevice refreshed(
      @Nullable KnownDevice before,
      Optional<Device> member,
      @Nullable DeviceState state,
      long now) {
    if (before != null) {
      long savedAt = before.device().equals(member) ? before.savedAt() : Long.MIN_VALUE;
      return new KnownDevice(member, before.version(), before.coreVersion(), savedAt, now);
    }
    return state == null
        ? new KnownDevice(member, Optional.empty(), Optional.empty(), Long.MIN_VALUE, now)
        // Whether its address is the saved one cannot be told from here, so the first report after
        // a start is saved.
        : new KnownDevice(
            member, state.reportedVersion(), state.coreVersion(), Long.MIN_VALUE, now);
  }

  private boolean isOld(long time, long now) {
    return time == Long.MIN_VALUE || now < time || now - time >= lastSeenMillis;
  }
}
