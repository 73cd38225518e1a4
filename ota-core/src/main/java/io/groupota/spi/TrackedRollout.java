package io.groupota.spi;

import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutCounts;
import java.time.Instant;

/**
 * A rollout as the engine sees it, as of one moment. Immutable.
 *
 * @param rollout what everybody may see
 * @param progress where it is
 * @param deviceAddressed the counts of the devices that are addressed by themselves alone
 * @param revision changes with every {@link RolloutQueue#advance}
 * @param wakes changes whenever something wakes the rollout: its devices move or join late, one of
 *     its groups is released
 * @param now the repository's time
 */
public record TrackedRollout(
    Rollout rollout,
    RolloutProgress progress,
    RolloutCounts deviceAddressed,
    long revision,
    long wakes,
    Instant now) {}
