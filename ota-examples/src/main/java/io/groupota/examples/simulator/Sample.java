package io.groupota.examples.simulator;

import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutState;
import java.time.Duration;
import java.util.Map;

/**
 * A rollout at one moment. Immutable.
 *
 * @param at the virtual time since the start
 * @param state what it does
 * @param stage the present stage, from 0
 * @param counts its devices by state
 */
record Sample(Duration at, RolloutState state, int stage, Map<RolloutDeviceState, Long> counts) {
  static Sample of(Duration at, Rollout rollout) {
    return new Sample(at, rollout.state(), rollout.stage(), rollout.counts().byState());
  }

  long in(RolloutDeviceState state) {
    return counts.getOrDefault(state, 0L);
  }

  long devices() {
    return counts.values().stream().mapToLong(n -> n).sum();
  }

  /** How many devices are in another state than before, at the least. */
  long distance(Sample before) {
    long changed = 0;
    for (RolloutDeviceState state : RolloutDeviceState.values()) {
      changed += Math.abs(in(state) - before.in(state));
    }
    return changed / 2;
  }

  boolean isTurn(Sample before) {
    return state != before.state || stage != before.stage;
  }
}
