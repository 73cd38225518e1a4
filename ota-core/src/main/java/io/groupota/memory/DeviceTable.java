package io.groupota.memory;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.spi.Addressing;
import io.groupota.spi.DeviceStates.Saved;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.DeviceStates.VersionCount;
import io.groupota.spi.SavedDevice;
import io.groupota.spi.SightingMerge;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What devices reported, by device and by group. Not thread-safe. */
final class DeviceTable {
  private record Address(Addressing addressing, String mqttUser, Optional<String> version) {}

  /** The devices of one group, and how many have the same address and version. */
  private static final class Members {
    final NavigableMap<DeviceId, SavedDevice> byId = new TreeMap<>();
    final Map<Address, Long> counts = new HashMap<>();
  }

  private final Map<DeviceId, SavedDevice> rows = new HashMap<>();
  private final Map<GroupId, Members> members = new HashMap<>();

  Saved save(Collection<Sighting> sightings, Instant now) {
    SightingMerge merge = new SightingMerge(now);
    List<SavedDevice> merged = new ArrayList<>(sightings.size());
    for (Sighting sighting : sightings) {
      merged.add(merge.merge(rows.get(sighting.device().id()), sighting));
    }
    merged.forEach(this::put);
    return merge.result();
  }

  Map<DeviceId, DeviceState> states(Collection<DeviceId> devices) {
    Map<DeviceId, DeviceState> found = new HashMap<>();
    for (DeviceId device : devices) {
      SavedDevice row = rows.get(device);
      if (row != null) {
        found.put(device, row.state());
      }
    }
    return found;
  }

  List<VersionCount> versionCounts(GroupId group) {
    List<VersionCount> counts = new ArrayList<>();
    membersOf(group)
        .counts
        .forEach(
            (address, devices) ->
                counts.add(
                    new VersionCount(
                        address.addressing(), address.mqttUser(), address.version(), devices)));
    return counts;
  }

  List<DeviceState> reporting(
      GroupId group,
      Collection<String> versions,
      @Nullable Addressing addressing,
      @Nullable DeviceId after,
      int limit) {
    Set<String> wanted = new HashSet<>(versions);
    NavigableMap<DeviceId, SavedDevice> all = membersOf(group).byId;
    List<DeviceState> found = new ArrayList<>();
    // No stream: that of a part of a tree counts the part first.
    for (SavedDevice row : (after == null ? all : all.tailMap(after, false)).values()) {
      if (found.size() == limit) {
        break;
      }
      if ((addressing == null || row.addressing() == addressing)
          && row.state().reportedVersion().filter(wanted::contains).isPresent()) {
        found.add(row.state());
      }
    }
    return found;
  }

  void forget(Collection<DeviceId> devices) {
    devices.forEach(this::remove);
  }

  private Members membersOf(GroupId group) {
    Members found = members.get(group);
    return found == null ? new Members() : found;
  }

  private static Address addressOf(SavedDevice row) {
    return new Address(row.addressing(), row.mqttUser(), row.state().reportedVersion());
  }

  private void put(SavedDevice row) {
    DeviceId device = row.state().device();
    SavedDevice before = rows.get(device);
    if (before != null && !before.state().group().equals(row.state().group())) {
      remove(device);
      before = null;
    }
    rows.put(device, row);
    Members group = members.computeIfAbsent(row.state().group(), any -> new Members());
    group.byId.put(device, row);
    if (before == null || !addressOf(before).equals(addressOf(row))) {
      if (before != null) {
        uncount(group, before);
      }
      group.counts.merge(addressOf(row), 1L, Long::sum);
    }
  }

  private static void uncount(Members group, SavedDevice row) {
    group.counts.computeIfPresent(
        addressOf(row), (address, count) -> count == 1 ? null : count - 1);
  }

  private void remove(DeviceId device) {
    SavedDevice row = rows.remove(device);
    if (row == null) {
      return;
    }
    Members group = membersOf(row.state().group());
    group.byId.remove(device);
    uncount(group, row);
    if (group.byId.isEmpty()) {
      members.remove(row.state().group());
    }
  }
}
