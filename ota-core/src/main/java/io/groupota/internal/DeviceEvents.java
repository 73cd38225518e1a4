package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.event.DeviceChanged;
import io.groupota.event.DeviceFellBack;
import io.groupota.event.DeviceProgressed;
import io.groupota.event.DeviceUpdated;
import io.groupota.event.OtaEvent;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates.NewCode;
import io.groupota.spi.DeviceStates.NewVersion;
import io.groupota.spi.DeviceStates.Saved;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.UpdateLog;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Tells what the saved reports of devices mean: that depends on what their groups serve. */
final class DeviceEvents {
  private final Events events;
  private final UpdateLog updates;
  private final RolloutAssignments assignments;

  DeviceEvents(Events events, UpdateLog updates, RolloutAssignments assignments) {
    this.events = events;
    this.updates = updates;
    this.assignments = assignments;
  }

  /**
   * What decides what the reports of devices mean.
   *
   * @param served what their groups serve, read anew: a cached answer could be that of before a
   *     deploy on another node, and a device that has the update would count as fallen back
   * @param targets the versions that rollouts bring to those of their groups that they hold, empty
   *     for one that was removed
   */
  record Groups(Map<GroupId, OtaUpdate> served, Map<GroupId, Optional<String>> targets) {
    static final Groups NONE = new Groups(Map.of(), Map.of());
  }

  /** Asked before reports are saved, so that nothing can fail between the save and its events. */
  Groups groups(Collection<Device> devices) {
    if (!events.areHeard()) {
      return Groups.NONE;
    }
    Set<GroupId> groups =
        devices.stream().map(device -> device.group().orElseThrow()).collect(Collectors.toSet());
    return groups.isEmpty()
        ? Groups.NONE
        : new Groups(updates.served(groups), assignments.targets(groups));
  }

  /** Tells of what was saved, in the order in which it was reported. */
  void tell(Saved saved, Groups groups, Collection<Sighting> sightings) {
    if (!events.areHeard()) {
      return;
    }
    Map<DeviceId, Sighting> heard = new HashMap<>();
    sightings.forEach(sighting -> heard.put(sighting.device().id(), sighting));
    Instant now = events.now();
    List<OtaEvent> told = new ArrayList<>();
    for (NewCode code : saved.codes()) {
      Duration age =
          sighting(heard, code.device()).codes().getOrDefault(code.code(), Duration.ZERO);
      told.add(new DeviceProgressed(now.minus(age), code.device(), code.group(), code.code()));
    }
    for (NewVersion change : saved.versions()) {
      Sighting sighting = sighting(heard, change.device());
      Duration age = sighting.versionBegan().orElse(sighting.age());
      event(change, groups, now.minus(age)).ifPresent(told::add);
    }
    told.sort(Comparator.comparing(OtaEvent::at));
    told.forEach(events::emit);
  }

  private static Sighting sighting(Map<DeviceId, Sighting> heard, DeviceId device) {
    return Objects.requireNonNull(heard.get(device), "a save changes what was sighted only");
  }

  /** A device of a rollout that has its target, or had it, is the rollout's to tell of. */
  private static Optional<OtaEvent> event(NewVersion change, Groups groups, Instant at) {
    DeviceId device = change.device();
    Optional<OtaUpdate> served = Optional.ofNullable(groups.served().get(change.group()));
    Optional<String> target = groups.targets().get(change.group());
    if (target != null) {
      boolean told =
          target
              .filter(
                  version ->
                      version.equals(change.version())
                          || change.previous().equals(Optional.of(version)))
              .isPresent();
      return told ? Optional.empty() : Optional.of(changed(change, served, at));
    }
    if (runs(Optional.of(change.version()), served)) {
      return Optional.of(new DeviceUpdated(at, device, change.previous(), served.orElseThrow()));
    }
    return Optional.of(
        runs(change.previous(), served)
            ? new DeviceFellBack(at, device, change.version(), served.orElseThrow())
            : changed(change, served, at));
  }

  private static OtaEvent changed(NewVersion change, Optional<OtaUpdate> served, Instant at) {
    return new DeviceChanged(
        at, change.device(), change.group(), change.previous(), change.version(), served);
  }

  private static boolean runs(Optional<String> version, Optional<OtaUpdate> served) {
    return served.isPresent() && version.equals(served.map(OtaUpdate::version));
  }
}
