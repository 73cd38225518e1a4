package io.groupota.memory;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.UpdateCode;
import io.groupota.spi.Addressing;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.DeviceStates.VersionCount;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
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

  private record Row(DeviceState state, Addressing addressing, String mqttUser) {
    Address address() {
      return new Address(addressing, mqttUser, state.reportedVersion());
    }
  }

  /** The devices of one group, and how many have the same address and version. */
  private static final class Members {
    final NavigableMap<DeviceId, Row> byId = new TreeMap<>();
    final Map<Address, Long> counts = new HashMap<>();
  }

  private final Map<DeviceId, Row> rows = new HashMap<>();
  private final Map<GroupId, Members> members = new HashMap<>();

  void save(Collection<Sighting> sightings) {
    List<Row> merged = new ArrayList<>(sightings.size());
    for (Sighting sighting : sightings) {
      merged.add(merge(rows.get(sighting.device().id()), sighting));
    }
    merged.forEach(this::put);
  }

  Map<DeviceId, DeviceState> states(Collection<DeviceId> devices) {
    Map<DeviceId, DeviceState> found = new HashMap<>();
    for (DeviceId device : devices) {
      Row row = rows.get(device);
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
    NavigableMap<DeviceId, Row> all = membersOf(group).byId;
    List<DeviceState> found = new ArrayList<>();
    // No stream: that of a part of a tree counts the part first.
    for (Row row : (after == null ? all : all.tailMap(after, false)).values()) {
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

  private static Row merge(@Nullable Row before, Sighting sighting) {
    GroupId group =
        sighting
            .device()
            .group()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "Device " + sighting.device().id() + " is in no group"));
    DeviceState state =
        before == null
            ? new DeviceState(
                sighting.device().id(),
                group,
                sighting.version(),
                sighting.version().map(any -> sighting.seenAt()),
                sighting.coreVersion(),
                sighting.seenAt(),
                sighting.codes())
            : merge(before.state(), group, sighting);
    return new Row(state, sighting.device().addressing(), sighting.device().mqttUser());
  }

  private static DeviceState merge(DeviceState before, GroupId group, Sighting sighting) {
    boolean otherVersion =
        sighting.version().isPresent() && !sighting.version().equals(before.reportedVersion());
    Map<UpdateCode, Instant> codes = new EnumMap<>(UpdateCode.class);
    codes.putAll(before.codes());
    // Batches of several nodes may arrive out of order: the latest time counts.
    sighting.codes().forEach((code, time) -> codes.merge(code, time, DeviceTable::later));
    return new DeviceState(
        before.device(),
        group,
        sighting.version().or(before::reportedVersion),
        otherVersion ? Optional.of(sighting.seenAt()) : before.versionSince(),
        sighting.coreVersion().or(before::coreVersion),
        later(before.lastSeen(), sighting.seenAt()),
        codes);
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  private Members membersOf(GroupId group) {
    Members found = members.get(group);
    return found == null ? new Members() : found;
  }

  private void put(Row row) {
    DeviceId device = row.state().device();
    Row before = rows.get(device);
    if (before != null && !before.state().group().equals(row.state().group())) {
      remove(device);
      before = null;
    }
    rows.put(device, row);
    Members group = members.computeIfAbsent(row.state().group(), any -> new Members());
    group.byId.put(device, row);
    if (before == null || !before.address().equals(row.address())) {
      if (before != null) {
        uncount(group, before);
      }
      group.counts.merge(row.address(), 1L, Long::sum);
    }
  }

  private static void uncount(Members group, Row row) {
    group.counts.computeIfPresent(row.address(), (address, count) -> count == 1 ? null : count - 1);
  }

  private void remove(DeviceId device) {
    Row row = rows.remove(device);
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
