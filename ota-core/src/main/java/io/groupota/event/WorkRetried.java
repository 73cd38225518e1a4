package io.groupota.event;

import io.groupota.GroupId;
import io.groupota.UpdateId;
import java.time.Duration;
import java.time.Instant;

/**
 * Work for a group did not succeed and is due again: triggers that the notifier did not hand over,
 * to the group or, as {@link Work#ROLLOUTS}, to devices of a rollout. Immutable.
 *
 * @param at when it was given up for now
 * @param work the work
 * @param group the group
 * @param update the update that the group serves, or the one that the rollout brings
 * @param version its version
 * @param attempt which attempt this was, from 1; a newer deploy begins again at 1; of a rollout,
 *     how many times in a row this node could not trigger all that was due
 * @param delay after which the next attempt is due, unless a newer deploy made it due at once
 * @param cause what failed, for people
 */
public record WorkRetried(
    Instant at,
    Work work,
    GroupId group,
    UpdateId update,
    String version,
    int attempt,
    Duration delay,
    String cause)
    implements GroupEvent {}
