package io.groupota.examples.simulator;

import io.groupota.rollout.RolloutPlan;
import java.time.Duration;
import java.time.Instant;

/**
 * What is simulated. Immutable.
 *
 * @param fleet the devices
 * @param target the version that is deployed
 * @param plan how it reaches the devices
 * @param start what the virtual clock shows at the start
 * @param steps how the clock goes
 */
record Scenario(FleetModel fleet, String target, RolloutPlan plan, Instant start, Steps steps) {
  /**
   * How the clock goes.
   *
   * @param tick how often the service looks for what is due
   * @param longest after which virtual time the simulation ends, whatever the rollout does
   * @param approval how long somebody takes to approve a stage
   */
  record Steps(Duration tick, Duration longest, Duration approval) {}

  Duration tick() {
    return steps.tick();
  }

  Duration longest() {
    return steps.longest();
  }

  Duration approval() {
    return steps.approval();
  }
}
