/**
 * What a host application imports: the entry point {@link io.groupota.GroupOta}, the service, its
 * requests, results and exceptions.
 */
@NullMarked
package io.groupota;

import org.jspecify.annotations.NullMarked;
