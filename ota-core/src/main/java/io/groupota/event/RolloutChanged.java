package io.groupota.event;

import io.groupota.OwnerId;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutReason;
import io.groupota.rollout.RolloutState;
import java.time.Instant;
import java.util.Optional;

/**
 * A rollout as a whole went on, or somebody did something to it. Immutable.
 *
 * @param at when
 * @param rollout the rollout
 * @param owner who owns it
 * @param version its target version
 * @param change what happened
 * @param state what it does since then
 * @param stage its stage since then, from 0
 * @param reason why, if the state does not say all
 * @param actor who did it, empty for what the service does by itself
 */
public record RolloutChanged(
    Instant at,
    RolloutId rollout,
    OwnerId owner,
    String version,
    Change change,
    RolloutState state,
    int stage,
    Optional<RolloutReason> reason,
    Optional<OwnerId> actor)
    implements OtaEvent {
  /** What can happen to a rollout. Minor releases add kinds. */
  public enum Change {
    /** It was made. */
    OPENED,
    /** All of its devices are taken in. */
    ENROLLED,
    /** It runs for the first time. */
    STARTED,
    /** The next stage began. */
    STAGE_BEGUN,
    /** The gate is met, somebody has to approve the next stage. */
    APPROVAL_NEEDED,
    /** Somebody approved. */
    APPROVED,
    /** It pauses. */
    PAUSED,
    /** It goes on. */
    RESUMED,
    /** Its pace was changed. */
    PACE_CHANGED,
    /** It is done. */
    COMPLETED,
    /** It was ended. */
    CANCELED,
    /** It was rolled back. */
    ROLLED_BACK,
    /** Its deadline came. */
    EXPIRED,
    /** Its groups were deployed to in another way. */
    SUPERSEDED
  }
}
