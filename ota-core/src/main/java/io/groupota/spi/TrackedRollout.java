package io.groupota.spi;

import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDeviceState;
import java.time.Instant;
import java.util.Map;

/**
 * A rollout as the engine sees it, as of one moment. Immutable.
 *
 * @param rollout what everybody may see
 * @param progress where it is
 * @param queued how many devices that are addressed by themselves are {@link
 *     RolloutDeviceState#QUEUED}, by stage; stages without may be missing
 * @param groupQueued the same for devices that are addressed by their group
 * @param revision changes with every {@link RolloutQueue#advance}
 * @param wakes changes whenever something happened to its devices since it was claimed
 * @param now the repository's time
 */
public record TrackedRollout(
    Rollout rollout,
    RolloutProgress progress,
    Map<Integer, Long> queued,
    Map<Integer, Long> groupQueued,
    long revision,
    long wakes,
    Instant now) {
  /** Copies the maps. */
  public TrackedRollout {
    queued = Map.copyOf(queued);
    groupQueued = Map.copyOf(groupQueued);
  }
}
