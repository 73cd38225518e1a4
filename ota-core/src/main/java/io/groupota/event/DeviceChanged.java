package io.groupota.event;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import java.time.Instant;
import java.util.Optional;

/**
 * A device reports another version than before, and neither of the two is the one that its group
 * serves: a device that was seen for the first time, one that was flashed by hand, or one that
 * finished an update that was overtaken by a deploy. Immutable.
 *
 * @param at when the report came in
 * @param device the device
 * @param group the group that the device is in
 * @param from the version that it reported before, empty if this is its first report of one
 * @param version the version that it reports now, any text
 * @param update the update that the group serves, empty if it serves none
 */
public record DeviceChanged(
    Instant at,
    DeviceId device,
    GroupId group,
    Optional<String> from,
    String version,
    Optional<OtaUpdate> update)
    implements GroupEvent {}
