package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.UpdateCode;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates;
import io.groupota.spi.DeviceStates.Heard;
import io.groupota.spi.DeviceStates.Saved;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.DeviceStates.Space;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Decides what a report changes, and saves batches of them. What is saved of each device is
 * remembered, so that the repetitions of a device that says the same every five seconds end in
 * memory; and what each group serves, so that a device which is behind is noticed.
 */
final class ReportSaver {
  /** What a report does to the saved state, as far as memory can tell. */
  enum Verdict {
    /** It is not the device's own. */
    IGNORED,
    NOTHING_NEW,
    REFRESH,
    /** A code of an update, or the first report of a device. */
    NEWS,
    /** Another version, or another free space. */
    CHANGE
  }

  private final DeviceStates states;
  private final BehindWatch behindWatch;
  private final KnownDevices known;
  private final RolloutAssignments assignments;
  private final DeviceEvents events;
  private final ReportTally tally;
  private final ElapsedTime time;

  /** What it works with. */
  record Parts(
      KnownDevices known,
      BehindWatch behindWatch,
      RolloutAssignments assignments,
      DeviceEvents events,
      ReportTally tally) {}

  ReportSaver(DeviceStates states, Parts parts, Clock clock) {
    this.states = states;
    this.known = parts.known();
    this.behindWatch = parts.behindWatch();
    this.assignments = parts.assignments();
    this.events = parts.events();
    this.tally = parts.tally();
    this.time = new ElapsedTime(clock);
  }

  /** Never blocks: reads memory only. */
  Verdict judge(DeviceReport report) {
    KnownDevice device = known.get(report.device());
    if (device == null) {
      return Verdict.NEWS;
    }
    long now = known.now();
    boolean toBeChecked = known.isToBeChecked(device, now);
    if (!device.speaksFor(report.mqttUser())) {
      return toBeChecked ? Verdict.NEWS : Verdict.IGNORED;
    }
    if (device.isChangedBy(report)) {
      return Verdict.CHANGE;
    }
    if (report.code().isPresent()) {
      return Verdict.NEWS;
    }
    GroupId group = device.device().flatMap(Device::group).orElseThrow();
    return toBeChecked
            || known.isToBeSaved(device, now)
            || behindWatch.isWorthALook(group, report.version().or(device::version), now)
        ? Verdict.REFRESH
        : Verdict.NOTHING_NEW;
  }

  /** What a device itself reported, and what is remembered of it before and, once saved, after. */
  private record Own(PendingReport pending, KnownDevice device) {
    Own now(KnownDevice after) {
      return new Own(pending, after);
    }
  }

  /**
   * Saves a batch, as a whole or not at all.
   *
   * @return the versions that devices run, for {@link #look}
   */
  Map<Device, String> save(Collection<WaitingReports> batch) {
    Map<DeviceId, KnownDevice> devices =
        known.resolve(batch.stream().map(WaitingReports::device).toList());
    long now = known.now();
    List<Own> settled = new ArrayList<>();
    List<Own> toBeSaved = new ArrayList<>();
    for (WaitingReports waiting : batch) {
      KnownDevice device = devices.get(waiting.device());
      if (device != null) {
        waiting
            .of(device::speaksFor)
            .ifPresent(
                own -> {
                  boolean news = device.isChangedBy(own) || known.isToBeSaved(device, now);
                  (news ? toBeSaved : settled).add(new Own(own, device));
                });
      }
    }
    if (!toBeSaved.isEmpty()) {
      settled.addAll(save(toBeSaved, now));
    }
    return versions(settled);
  }

  private static Map<Device, String> versions(List<Own> settled) {
    Map<Device, String> versions = new HashMap<>();
    for (Own own : settled) {
      Device device = own.device().device().orElseThrow();
      own.device().version().ifPresent(version -> versions.put(device, version));
    }
    return versions;
  }

  /**
   * Notices devices that do not run what they are to run. If that fails, the next report of each of
   * them is worth a look again.
   */
  void look(Map<Device, String> reported) {
    behindWatch.look(notSettled(reported), known.now());
  }

  private List<Own> save(List<Own> toBeSaved, long now) {
    DeviceEvents.Groups groups =
        events.groups(toBeSaved.stream().map(own -> own.device().device().orElseThrow()).toList());
    // Last of all, since what is waited for after this makes a report look younger.
    long present = time.now();
    List<Sighting> sightings =
        toBeSaved.stream().map(own -> sighting(own.device(), own.pending(), present)).toList();
    Saved saved = states.save(sightings);
    tally.saved.add(toBeSaved.size());
    tally.versionChanges.add(saved.versions().size());
    List<Own> after =
        toBeSaved.stream()
            .map(
                own -> {
                  // It is as old as what was heard, however long that had to wait.
                  long waited = ElapsedTime.between(own.pending().heardAt(), present).toMillis();
                  return remember(own, saved, now - waited);
                })
            .toList();
    events.tell(saved, groups, sightings);
    return after;
  }

  /** Another node may have heard the device later than this one and saved it earlier. */
  private Own remember(Own own, Saved saved, long heardAt) {
    DeviceId id = own.pending().device();
    DeviceState overtaking = saved.overtaken().get(id);
    KnownDevice after =
        overtaking == null
            ? own.device().saved(own.pending(), heardAt)
            : own.device().saved(overtaking, heardAt);
    known.put(id, after);
    return own.now(after);
  }

  private static Sighting sighting(KnownDevice device, PendingReport pending, long present) {
    Map<UpdateCode, Duration> codes = new EnumMap<>(UpdateCode.class);
    pending.codes().forEach((code, at) -> codes.put(code, ElapsedTime.between(at, present)));
    return new Sighting(
        device.device().orElseThrow(),
        pending.version().map(run -> heard(run, present)),
        pending
            .version()
            .filter(run -> device.isNews(pending))
            .map(run -> ElapsedTime.between(run.first(), present)),
        pending.coreVersion().map(run -> heard(run, present)),
        codes,
        pending
            .freeSpace()
            .map(space -> new Space(space.bytes(), ElapsedTime.between(space.at(), present))),
        ElapsedTime.between(pending.heardAt(), present));
  }

  private static Heard heard(PendingReport.Run run, long present) {
    return new Heard(run.text(), ElapsedTime.between(run.last(), present));
  }

  /** The versions that the groups of devices may have to be triggered for. */
  private Map<GroupId, Set<String>> notSettled(Map<Device, String> reported) {
    Map<GroupId, Set<String>> versions = new HashMap<>();
    for (Device device : assignments.notSettled(reported)) {
      versions
          .computeIfAbsent(device.group().orElseThrow(), id -> new HashSet<>())
          .add(reported.getOrDefault(device, ""));
    }
    return versions;
  }
}
