package io.groupota;

import io.groupota.rollout.RolloutId;

/**
 * There is no such rollout, or it is another owner's: deliberately one exception. Nothing has
 * changed.
 */
public final class NoSuchRolloutException extends OtaException {
  private static final long serialVersionUID = 1L;

  /** The rollout that was asked for. */
  private final transient RolloutId rollout;

  /**
   * Names the rollout.
   *
   * @param rollout the rollout that was asked for
   */
  public NoSuchRolloutException(RolloutId rollout) {
    super("No such rollout: " + rollout, null);
    this.rollout = rollout;
  }

  /**
   * The rollout that was asked for.
   *
   * @return its id
   */
  public RolloutId rollout() {
    return rollout;
  }
}
