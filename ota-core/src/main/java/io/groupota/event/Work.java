package io.groupota.event;

/** The work that a service does in the background. Minor releases add kinds. */
public enum Work {
  /** Sending the triggers that are due, by the thread {@code ota-dispatcher}. */
  TRIGGERS,
  /** Saving what devices reported, by the thread {@code ota-reports}. */
  REPORTS,
  /** Driving rollouts, by the thread {@code ota-rollouts}. */
  ROLLOUTS,
  /** Removing what is not kept, by the thread {@code ota-sweeper}. */
  SWEEP
}
