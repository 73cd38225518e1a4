package io.groupota.event;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import java.time.Instant;
import java.util.Optional;

/**
 * A device that reported another version, or none, reports the one that its group serves: the proof
 * that it has the update. Immutable.
 *
 * @param at when the report came in
 * @param device the device
 * @param from the version that it reported before, empty if this is its first report of one, and if
 *     a rollout updated the device, whose version before is not kept
 * @param update the update that the group serves
 */
public record DeviceUpdated(Instant at, DeviceId device, Optional<String> from, OtaUpdate update)
    implements GroupEvent {
  @Override
  public GroupId group() {
    return update.group();
  }

  /**
   * The version that the device reports.
   *
   * @return the version of the update
   */
  public String version() {
    return update.version();
  }
}
