package io.groupota.rollout;

import java.util.List;

/**
 * A page of the rollouts of an owner. Immutable.
 *
 * @param rollouts the rollouts of this page, in order
 * @param total the number of rollouts of the owner before the filter
 * @param filtered the number after the filter, before paging
 */
public record RolloutPage(List<Rollout> rollouts, long total, long filtered) {
  /** Copies the list. */
  public RolloutPage {
    rollouts = List.copyOf(rollouts);
  }
}
