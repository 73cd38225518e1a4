package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.event.DeviceChanged;
import io.groupota.event.DeviceFellBack;
import io.groupota.event.DeviceProgressed;
import io.groupota.event.DeviceUpdated;
import io.groupota.event.OtaEvent;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.UpdateLog;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Tells what the saved reports of devices mean: that depends on what their groups serve. */
final class DeviceEvents {
  private final Events events;
  private final UpdateLog updates;

  DeviceEvents(Events events, UpdateLog updates) {
    this.events = events;
    this.updates = updates;
  }

  /** A version that was saved over another one. */
  record Change(DeviceId device, GroupId group, Optional<String> from, String to, Instant at) {}

  /**
   * What the groups of sightings serve, read anew: a cached answer could be that of before a deploy
   * on another node, and a device that has the update would count as fallen back. Asked before the
   * sightings are saved, so that nothing can fail between the save and its events.
   */
  Map<GroupId, OtaUpdate> served(Collection<Sighting> sightings) {
    if (!events.areHeard()) {
      return Map.of();
    }
    Set<GroupId> groups =
        sightings.stream()
            .filter(sighting -> sighting.version().isPresent())
            .map(sighting -> sighting.device().group().orElseThrow())
            .collect(Collectors.toSet());
    return groups.isEmpty() ? Map.of() : updates.served(groups);
  }

  /** Tells of what was saved, in the order in which it was reported. */
  void tell(Collection<Sighting> sightings, List<Change> changes, Map<GroupId, OtaUpdate> served) {
    if (!events.areHeard()) {
      return;
    }
    List<OtaEvent> told = new ArrayList<>();
    for (Sighting sighting : sightings) {
      DeviceId device = sighting.device().id();
      GroupId group = sighting.device().group().orElseThrow();
      sighting
          .codes()
          .forEach((code, at) -> told.add(new DeviceProgressed(at, device, group, code)));
    }
    for (Change change : changes) {
      told.add(event(change, Optional.ofNullable(served.get(change.group()))));
    }
    told.sort(Comparator.comparing(OtaEvent::at));
    told.forEach(events::emit);
  }

  private static OtaEvent event(Change change, Optional<OtaUpdate> served) {
    if (runs(Optional.of(change.to()), served)) {
      return new DeviceUpdated(change.at(), change.device(), change.from(), served.orElseThrow());
    }
    return runs(change.from(), served)
        ? new DeviceFellBack(change.at(), change.device(), change.to(), served.orElseThrow())
        : new DeviceChanged(
            change.at(), change.device(), change.group(), change.from(), change.to(), served);
  }

  private static boolean runs(Optional<String> version, Optional<OtaUpdate> served) {
    return served.isPresent() && version.equals(served.map(OtaUpdate::version));
  }
}
