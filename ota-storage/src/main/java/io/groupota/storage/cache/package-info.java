/** A cache on the disk in front of a blob store that is far away. */
@NullMarked
package io.groupota.storage.cache;

import org.jspecify.annotations.NullMarked;
