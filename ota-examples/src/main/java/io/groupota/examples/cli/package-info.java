/** Command lines, read strictly. */
@NullMarked
package io.groupota.examples.cli;

import org.jspecify.annotations.NullMarked;
