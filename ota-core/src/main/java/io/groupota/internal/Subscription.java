package io.groupota.internal;

import io.groupota.spi.OtaListener;
import java.util.OptionalInt;

/**
 * A listener of the host.
 *
 * @param listener the listener
 * @param queue how many events may wait for it, empty if it is called by the thread of the work
 */
public record Subscription(OtaListener listener, OptionalInt queue) {}
