package io.groupota.rollout;

import io.groupota.OwnerId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A rollout as of one moment. Immutable.
 *
 * @param id its identity
 * @param owner who owns its groups
 * @param version the target version
 * @param groups its groups
 * @param plan its plan; its pace is the present one
 * @param state what it does
 * @param reason why it is paused or over; empty if the state says all
 * @param stage the present stage, from 0
 * @param enrolled whether all devices are taken in; before that nothing starts and the counts grow
 * @param counts its devices by stage and state
 * @param createdAt when it was made
 * @param startedAt when it first ran
 * @param endedAt when it was over
 */
public record Rollout(
    RolloutId id,
    OwnerId owner,
    String version,
    List<RolloutGroup> groups,
    RolloutPlan plan,
    RolloutState state,
    Optional<RolloutReason> reason,
    int stage,
    boolean enrolled,
    RolloutCounts counts,
    Instant createdAt,
    Optional<Instant> startedAt,
    Optional<Instant> endedAt) {
  /** Copies the list. */
  public Rollout {
    groups = List.copyOf(groups);
  }
}
