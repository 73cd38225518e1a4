/**
 * What a host can replace: storage, notification, group directory, entitlement and inspection of
 * firmware.
 */
@NullMarked
package io.groupota.spi;

import org.jspecify.annotations.NullMarked;
