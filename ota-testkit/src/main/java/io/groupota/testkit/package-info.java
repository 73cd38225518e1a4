/**
 * For tests of hosts and of SPI implementations: a settable clock, races, simulated devices and
 * generated firmware. The contracts that an SPI implementation must pass are in {@link
 * io.groupota.testkit.contract}.
 */
@NullMarked
package io.groupota.testkit;

import org.jspecify.annotations.NullMarked;
