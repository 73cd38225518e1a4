/** How a host embeds the library: small programs to copy from. */
@NullMarked
package io.groupota.examples.embedding;

import org.jspecify.annotations.NullMarked;
