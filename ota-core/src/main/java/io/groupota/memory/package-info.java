/**
 * The SPIs in memory: for unit tests of a host, for simulators and for trying things out. Nothing
 * survives the process.
 */
@NullMarked
package io.groupota.memory;

import org.jspecify.annotations.NullMarked;
