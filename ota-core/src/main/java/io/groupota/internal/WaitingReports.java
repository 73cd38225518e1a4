package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What was reported of one device since the last save. Whether a report is the device's own is
 * sometimes known only when it is saved, so the reports of each MQTT user are kept apart until
 * then: a stranger cannot take away what the device said. Immutable.
 *
 * @param byUser one for each user, and one for those that the host vouches for; the one that was
 *     heard last comes last
 */
record WaitingReports(List<PendingReport> byUser) {
  /** Nobody but a stranger reports under so many names at once. */
  static final int USERS = 4;

  static WaitingReports of(PendingReport report) {
    return new WaitingReports(List.of(report));
  }

  DeviceId device() {
    return byUser.get(0).device();
  }

  /** With a report that comes after these; if there are too many users, the oldest name goes. */
  WaitingReports with(PendingReport report) {
    PendingReport first = byUser.get(0);
    if (byUser.size() == 1 && first.mqttUser().equals(report.mqttUser())) {
      return of(report.after(first));
    }
    List<PendingReport> all = new ArrayList<>(byUser);
    PendingReport last = report;
    for (PendingReport earlier : byUser) {
      if (earlier.mqttUser().equals(report.mqttUser())) {
        all.remove(earlier);
        last = report.after(earlier);
      }
    }
    if (all.size() == USERS) {
      all.remove(all.get(0).mqttUser().isPresent() ? 0 : 1);
    }
    all.add(last);
    return new WaitingReports(List.copyOf(all));
  }

  /** These, coming after others of the same device. */
  WaitingReports after(WaitingReports earlier) {
    WaitingReports all = earlier;
    for (PendingReport report : byUser) {
      all = all.with(report);
    }
    return all;
  }

  /** Whether all they do is refresh the time of what is saved, as far as memory can tell. */
  boolean refresh() {
    return byUser.stream().allMatch(PendingReport::refresh);
  }

  /** Whether a report says only what these say, and nobody else says anything. */
  boolean says(DeviceReport report) {
    return byUser.size() == 1 && byUser.get(0).says(report);
  }

  /** What the users that speak for the device said, the later word winning. */
  Optional<PendingReport> of(Predicate<Optional<String>> speaksFor) {
    return byUser.stream()
        .filter(report -> speaksFor.test(report.mqttUser()))
        .reduce((earlier, later) -> later.after(earlier));
  }
}
