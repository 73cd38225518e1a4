package io.groupota.event;

import io.groupota.GroupId;
import io.groupota.UpdateId;
import io.groupota.spi.TriggerQueue;
import java.time.Instant;

/**
 * The devices of a group that need an update were told to check for it: every message was handed
 * over to the notifier, but for those that it refused ({@link io.groupota.TriggerRefusedException})
 * while it took others. Immutable.
 *
 * @param at when the last message was handed over
 * @param group the group
 * @param update the update that the group served then
 * @param version its version
 * @param reason why the group was due
 * @param messages how many messages were handed over, 0 if no device needed one any more; one
 *     message reaches all group-addressed devices of an MQTT user
 */
public record Triggered(
    Instant at,
    GroupId group,
    UpdateId update,
    String version,
    TriggerQueue.Reason reason,
    long messages)
    implements GroupEvent {}
