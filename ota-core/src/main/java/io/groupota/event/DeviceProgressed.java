package io.groupota.event;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.UpdateCode;
import java.time.Instant;

/**
 * A device sent an update code. That is progress, never proof of success: see {@link
 * DeviceUpdated}. A code that a device repeats before it was saved is one event. Immutable.
 *
 * @param at when the code came in, the last time
 * @param device the device
 * @param group the group that the device is in
 * @param code the code
 */
public record DeviceProgressed(Instant at, DeviceId device, GroupId group, UpdateCode code)
    implements GroupEvent {}
