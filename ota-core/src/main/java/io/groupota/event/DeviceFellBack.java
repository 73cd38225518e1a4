package io.groupota.event;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import java.time.Instant;

/**
 * A device that reported the version that its group serves, or that a rollout brings it, reports
 * another one: it no longer has the update, and is triggered again. If it is addressed by itself
 * and a rollout is not completed yet, that counts it as a failure and leaves it at what it ran
 * before. Immutable.
 *
 * @param at when the report came in
 * @param device the device
 * @param version the version that it reports now, any text
 * @param update the update that it had
 */
public record DeviceFellBack(Instant at, DeviceId device, String version, OtaUpdate update)
    implements GroupEvent {
  @Override
  public GroupId group() {
    return update.group();
  }

  /**
   * The version that the device reported before.
   *
   * @return the version of the update
   */
  public String from() {
    return update.version();
  }
}
