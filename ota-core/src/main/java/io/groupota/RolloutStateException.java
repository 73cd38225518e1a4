package io.groupota;

import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutState;

/**
 * The rollout is in a state in which it cannot do what was asked; nothing has changed. Look at it
 * again: another person, another node or a stop rule may have been first.
 */
public final class RolloutStateException extends OtaException {
  private static final long serialVersionUID = 1L;

  /** The rollout. */
  private final transient RolloutId rollout;

  /** Its state. */
  private final RolloutState state;

  /**
   * Names the rollout, its state, and what cannot be done.
   *
   * @param rollout the rollout
   * @param state its state
   * @param problem what cannot be done and why, fit for an end user
   */
  public RolloutStateException(RolloutId rollout, RolloutState state, String problem) {
    super("Rollout " + rollout + " " + problem, null);
    this.rollout = rollout;
    this.state = state;
  }

  /**
   * The rollout.
   *
   * @return its id
   */
  public RolloutId rollout() {
    return rollout;
  }

  /**
   * What the rollout does.
   *
   * @return its state
   */
  public RolloutState state() {
    return state;
  }
}
