package io.groupota.rollout;

import java.util.EnumSet;
import java.util.Set;

/** What a rollout as a whole does. */
public enum RolloutState {
  /** It waits for its start time, or for somebody to start it. */
  SCHEDULED,
  /** It lets devices through as its stages, its pace and its windows allow. */
  RUNNING,
  /**
   * Somebody, a stop rule, a gate that cannot be met or a blocked group has paused it ({@link
   * RolloutReason} says which): nothing new starts, what is in flight goes on.
   */
  PAUSED,
  /** The gate of the stage is met; somebody has to approve the next stage. */
  AWAITING_APPROVAL,
  /**
   * Every device of every stage is done, one way or the other, and every group serves the target.
   */
  COMPLETED,
  /**
   * Somebody has ended it: devices that were let through keep the target, the others their base.
   */
  CANCELED,
  /**
   * Its groups serve what they served before, or the named update, and so do all of its devices.
   */
  ROLLED_BACK,
  /** Its deadline came first; otherwise like {@link #CANCELED}. */
  EXPIRED,
  /** All of its groups were deployed to in another way. */
  SUPERSEDED;

  /**
   * The states that may follow this one.
   *
   * @return the states, none for one that is final
   */
  public Set<RolloutState> next() {
    return switch (this) {
      case SCHEDULED -> EnumSet.of(RUNNING, PAUSED, CANCELED, ROLLED_BACK, EXPIRED, SUPERSEDED);
      case RUNNING ->
          EnumSet.of(
              PAUSED, AWAITING_APPROVAL, COMPLETED, CANCELED, ROLLED_BACK, EXPIRED, SUPERSEDED);
      // It can be paused for another reason, and resumed to wait for its start.
      case PAUSED ->
          EnumSet.of(SCHEDULED, RUNNING, PAUSED, CANCELED, ROLLED_BACK, EXPIRED, SUPERSEDED);
      case AWAITING_APPROVAL ->
          EnumSet.of(RUNNING, PAUSED, CANCELED, ROLLED_BACK, EXPIRED, SUPERSEDED);
      // What is over stays over, but a firmware can prove bad later.
      case COMPLETED, CANCELED, EXPIRED -> EnumSet.of(ROLLED_BACK);
      case ROLLED_BACK, SUPERSEDED -> EnumSet.noneOf(RolloutState.class);
    };
  }

  /**
   * Whether nothing starts any more.
   *
   * @return true for completed, canceled, rolled back, expired and superseded rollouts
   */
  public boolean isOver() {
    return switch (this) {
      case SCHEDULED, RUNNING, PAUSED, AWAITING_APPROVAL -> false;
      case COMPLETED, CANCELED, ROLLED_BACK, EXPIRED, SUPERSEDED -> true;
    };
  }
}
