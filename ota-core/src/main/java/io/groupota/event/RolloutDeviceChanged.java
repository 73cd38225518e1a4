package io.groupota.event;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import java.time.Instant;

/**
 * A device of a rollout came into another state by itself. Devices that come into it by the
 * hundred, when they are let through or canceled, are told in {@link RolloutChanged} and in the
 * counts of the rollout only. Immutable.
 *
 * @param at when
 * @param rollout the rollout
 * @param device the device
 * @param group its group
 * @param from where it was
 * @param to where it is
 */
public record RolloutDeviceChanged(
    Instant at,
    RolloutId rollout,
    DeviceId device,
    GroupId group,
    RolloutDeviceState from,
    RolloutDeviceState to)
    implements GroupEvent {}
