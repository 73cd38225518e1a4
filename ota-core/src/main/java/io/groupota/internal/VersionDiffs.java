package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DevicePage;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.VersionChange;
import io.groupota.VersionChange.Direction;
import io.groupota.VersionDiff;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates;
import io.groupota.spi.GroupDirectory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Compares what devices report with a target, by distinct version. */
final class VersionDiffs {
  private static final Comparator<VersionDiff.Line> MOST_FIRST =
      Comparator.comparingLong(VersionDiff.Line::devices)
          .reversed()
          .thenComparing(line -> line.reported().orElse(""));

  private final DeviceStates states;
  private final GroupDirectory directory;

  VersionDiffs(DeviceStates states, GroupDirectory directory) {
    this.states = states;
    this.directory = directory;
  }

  VersionDiff diff(GroupId group, String target) {
    Map<Optional<String>, Long> counts = new HashMap<>();
    long reporting = 0;
    for (DeviceStates.VersionCount count : states.versionCounts(group)) {
      counts.merge(count.version(), count.devices(), Long::sum);
      reporting += count.devices();
    }
    long silent = directory.members(group).devices() - reporting;
    if (silent > 0) {
      counts.merge(Optional.empty(), silent, Long::sum);
    }
    List<VersionDiff.Line> lines = new ArrayList<>();
    counts.forEach(
        (version, devices) ->
            lines.add(new VersionDiff.Line(version, change(version, target), devices)));
    lines.sort(MOST_FIRST);
    return new VersionDiff(group, target, lines);
  }

  DevicePage devices(
      GroupId group, String target, Direction direction, @Nullable DeviceId after, int limit) {
    return direction == Direction.UNKNOWN
        ? unknownDevices(group, target, after, limit)
        : knownDevices(group, target, direction, after, limit);
  }

  private DevicePage knownDevices(
      GroupId group, String target, Direction direction, @Nullable DeviceId after, int limit) {
    List<String> versions =
        states.versionCounts(group).stream()
            .flatMap(count -> count.version().stream())
            .distinct()
            .filter(version -> VersionChange.between(version, target).direction() == direction)
            .toList();
    List<DeviceState> page =
        versions.isEmpty() ? List.of() : states.reporting(group, versions, null, after, limit);
    return new DevicePage(
        page.stream().map(state -> entry(state.device(), state.reportedVersion(), target)).toList(),
        page.size() < limit ? Optional.empty() : Optional.of(page.get(limit - 1).device()));
  }

  /**
   * Devices that never reported are known to the directory alone, so its pages are read and
   * filtered.
   */
  private DevicePage unknownDevices(
      GroupId group, String target, @Nullable DeviceId after, int limit) {
    List<DeviceId> page =
        directory.devices(group, null, after, limit).stream().map(Device::id).toList();
    Map<DeviceId, DeviceState> known = page.isEmpty() ? Map.of() : states.states(page);
    List<DevicePage.Entry> entries =
        page.stream()
            .map(id -> entry(id, reported(known.get(id), group), target))
            .filter(entry -> entry.change().direction() == Direction.UNKNOWN)
            .toList();
    return new DevicePage(
        entries, page.size() < limit ? Optional.empty() : Optional.of(page.get(limit - 1)));
  }

  /**
   * As the counts have it: what a device reported as a member of another group does not count here.
   */
  private static Optional<String> reported(@Nullable DeviceState state, GroupId group) {
    return state == null || !state.group().equals(group)
        ? Optional.empty()
        : state.reportedVersion();
  }

  private static DevicePage.Entry entry(DeviceId id, Optional<String> reported, String target) {
    return new DevicePage.Entry(id, reported, change(reported, target));
  }

  private static VersionChange change(Optional<String> reported, String target) {
    return VersionChange.between(reported.orElse(null), target);
  }
}
