package io.groupota.rollout;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.spi.Addressing;
import java.time.Instant;
import java.util.Optional;

/**
 * A device of a rollout. Immutable.
 *
 * @param device the device
 * @param group the group that it was in when it was taken in
 * @param addressing how it is addressed
 * @param stage the first stage that takes it, from 0
 * @param state where it is
 * @param attempts how often it was let through
 * @param since when it came into this state
 * @param due when the rollout looks at it next by itself: a deadline, the end of a wait; empty if
 *     only a report of the device can change anything
 */
public record RolloutDevice(
    DeviceId device,
    GroupId group,
    Addressing addressing,
    int stage,
    RolloutDeviceState state,
    int attempts,
    Instant since,
    Optional<Instant> due) {}
