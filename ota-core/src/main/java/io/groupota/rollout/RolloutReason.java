package io.groupota.rollout;

/** Why a rollout is paused or over, where its state alone does not say. */
public enum RolloutReason {
  /** Its owner asked for it. */
  OWNER,
  /** A stop rule of the plan fired. */
  STOP_RULE,
  /**
   * All devices of the stage are done, and too few are proven for the gate. Approve the next stage
   * all the same, or cancel.
   */
  GATE_NOT_MET,
  /**
   * A guard keeps out a device that is addressed by its group, so that a group cannot be deployed
   * to. Approve it all the same, or cancel.
   */
  GROUP_BLOCKED,
  /** A stop rule asks for a rollback, but a group served nothing before, or not any more. */
  NOTHING_TO_ROLL_BACK_TO
}
