/** The quickstart: one deploy to simulated devices, everything in one process. */
@NullMarked
package io.groupota.examples.quickstart;

import org.jspecify.annotations.NullMarked;
