package io.groupota.internal;

import io.groupota.DeviceReport;
import io.groupota.DeviceState;
import io.groupota.spi.Device;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What this node remembers of a device, so that a report which says nothing new costs no storage.
 *
 * @param device the device, empty if the directory has none of that id or it is in no group
 * @param version the version that is saved
 * @param coreVersion the version of the operating system that is saved
 * @param freeSpace the free space that is saved
 * @param savedAt when this node heard what it last saved, in epoch milliseconds
 * @param checkedAt when the directory was last asked, in epoch milliseconds
 */
record KnownDevice(
    Optional<Device> device,
    Optional<String> version,
    Optional<String> coreVersion,
    OptionalLong freeSpace,
    long savedAt,
    long checkedAt) {
  /** For {@link #savedAt}: it must be saved again, whatever is reported. */
  static final long NEVER = Long.MIN_VALUE;

  /** A device reports as itself if the host vouches for it or it came in with its own MQTT user. */
  boolean speaksFor(Optional<String> mqttUser) {
    return device.isPresent()
        && (mqttUser.isEmpty() || mqttUser.get().equals(device.get().mqttUser()));
  }

  /** Whether a report says what is not saved. */
  boolean isChangedBy(DeviceReport report) {
    return isOther(report.version(), version)
        || isOther(report.coreVersion(), coreVersion)
        || (report.freeSpace().isPresent() && !report.freeSpace().equals(freeSpace));
  }

  /** Whether something must be saved for reports that wait, but for their time. */
  boolean isChangedBy(PendingReport pending) {
    return !pending.codes().isEmpty()
        || isNews(pending)
        || isOther(pending.coreVersion().map(PendingReport.Run::text), coreVersion)
        || !freeSpace(pending).equals(freeSpace);
  }

  /** Whether the device began with the version that it reports after the saved one was reported. */
  boolean isNews(PendingReport pending) {
    return pending
        .version()
        .filter(run -> run.interrupts() || !version.equals(Optional.of(run.text())))
        .isPresent();
  }

  /** What to remember when all that waited is saved. */
  KnownDevice saved(PendingReport pending, long heardAt) {
    return new KnownDevice(
        device,
        pending.version().map(PendingReport.Run::text).or(() -> version),
        pending.coreVersion().map(PendingReport.Run::text).or(() -> coreVersion),
        freeSpace(pending),
        heardAt,
        checkedAt);
  }

  private OptionalLong freeSpace(PendingReport pending) {
    return pending.freeSpace().map(space -> OptionalLong.of(space.bytes())).orElse(freeSpace);
  }

  /** What to remember when something else is saved. */
  KnownDevice saved(DeviceState state, long heardAt) {
    return new KnownDevice(
        device,
        state.reportedVersion(),
        state.coreVersion(),
        state.freeSpace(),
        heardAt,
        checkedAt);
  }

  private static boolean isOther(Optional<String> reported, Optional<String> saved) {
    return reported.isPresent() && !reported.equals(saved);
  }
}
