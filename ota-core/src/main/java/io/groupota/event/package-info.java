/**
 * What happened: one immutable record per change of state, given to every {@link
 * io.groupota.spi.OtaListener}. No event holds a token, a path or a URL, so each may be written as
 * it is.
 */
@NullMarked
package io.groupota.event;

import org.jspecify.annotations.NullMarked;
