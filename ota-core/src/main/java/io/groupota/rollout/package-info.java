/**
 * Staged rollouts: the plan that a deploy can carry, and what is known of a rollout and its
 * devices. {@link io.groupota.rollout.Rollouts} is where they are started and controlled.
 */
@NullMarked
package io.groupota.rollout;

import org.jspecify.annotations.NullMarked;
