package io.groupota.event;

import java.time.Instant;

/**
 * A run of background work failed as a whole, because a storage is away for example. Nothing is
 * lost: the next run, within the interval of the work, does what this one did not. Immutable.
 *
 * @param at when
 * @param work the work
 * @param failures how many runs failed in a row, this one included: 1 when an outage begins
 * @param cause what failed, for people
 */
public record WorkFailed(Instant at, Work work, int failures, String cause) implements OtaEvent {}
