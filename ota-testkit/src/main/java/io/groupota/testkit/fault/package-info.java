/** Breaks connections the way networks and servers do: for tests of what happens then. */
@NullMarked
package io.groupota.testkit.fault;

import org.jspecify.annotations.NullMarked;
