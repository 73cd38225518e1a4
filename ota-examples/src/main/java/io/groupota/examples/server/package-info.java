/** The example server. */
@NullMarked
package io.groupota.examples.server;

import org.jspecify.annotations.NullMarked;
