package io.groupota;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What is known of a device from its own reports. All times are when a node heard the device, by
 * the repository's clock. Immutable.
 *
 * @param device the device
 * @param group the group that it was in at its last report
 * @param reportedVersion the version that it last reported, empty if it never did
 * @param versionSince since when it reports that version: all that is known to have been reported
 *     after this time is that version. With several nodes, the time when the last of them noticed.
 *     Empty if it never reported one, or nobody noticed when it began
 * @param coreVersion the version of its operating system
 * @param lastSeen when it last reported anything; refreshed at most once per configured interval
 *     while nothing changes
 * @param codes when it last sent each update code
 * @param freeSpace how many bytes a firmware may have to fit onto it, as it last said; empty if it
 *     never did
 */
public record DeviceState(
    DeviceId device,
    GroupId group,
    Optional<String> reportedVersion,
    Optional<Instant> versionSince,
    Optional<String> coreVersion,
    Instant lastSeen,
    Map<UpdateCode, Instant> codes,
    OptionalLong freeSpace) {
  /** How far a device is with an update. */
  public enum Progress {
    /** It reports the version: proven. */
    UPDATED,
    /** It runs another version and has not reacted since the update was deployed. */
    PENDING,
    /** It received the trigger. */
    TRIGGERED,
    /** It downloads, flashes or boots. */
    DOWNLOADING,
    /** It said that the update failed. */
    FAILED,
    /** It started but was not heard of in time. */
    TIMED_OUT
  }

  /** Copies the map. */
  public DeviceState {
    codes = Map.copyOf(codes);
  }

  /**
   * How far the device is with an update, from its version and its latest code since the deploy.
   * The time of a code is the repository's, that of a deploy its node's: as far as those two clocks
   * differ, a code near a deploy may be taken for one before or after it.
   *
   * @param update the update
   * @param now the present time
   * @param timeout how long after a code the next sign is due
   * @return the progress
   */
  public Progress progress(OtaUpdate update, Instant now, Duration timeout) {
    if (reportedVersion.filter(update.version()::equals).isPresent()) {
      return Progress.UPDATED;
    }
    return codes.entrySet().stream()
        .filter(entry -> !entry.getValue().isBefore(update.createdAt()))
        .max(
            Map.Entry.<UpdateCode, Instant>comparingByValue()
                .thenComparing(Map.Entry.comparingByKey()))
        .map(latest -> progress(latest.getKey(), latest.getValue().plus(timeout).isBefore(now)))
        .orElse(Progress.PENDING);
  }

  private static Progress progress(UpdateCode code, boolean late) {
    return switch (code) {
      case FAILED -> Progress.FAILED;
      case UP_TO_DATE -> Progress.PENDING;
      case TRIGGER_RECEIVED -> late ? Progress.TIMED_OUT : Progress.TRIGGERED;
      case DOWNLOAD_STARTED -> late ? Progress.TIMED_OUT : Progress.DOWNLOADING;
    };
  }
}
