package io.groupota.event;

import java.time.Instant;

/**
 * A run of background work succeeded after runs that failed ({@link WorkFailed}). Immutable.
 *
 * @param at when
 * @param work the work
 * @param failures how many runs had failed in a row
 */
public record WorkRecovered(Instant at, Work work, int failures) implements OtaEvent {}
