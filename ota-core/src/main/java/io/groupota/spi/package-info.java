/**
 * What a host can replace: storage, notification, group directory, entitlement and inspection of
 * firmware; and how it learns what happens.
 */
@NullMarked
package io.groupota.spi;

import org.jspecify.annotations.NullMarked;
