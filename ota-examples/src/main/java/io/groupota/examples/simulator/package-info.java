/** A fleet on a virtual clock, for planning a rollout: the real engine, simulated devices. */
@NullMarked
package io.groupota.examples.simulator;

import org.jspecify.annotations.NullMarked;
