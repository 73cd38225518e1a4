/** A blob store in a folder of the host, local or mounted. */
@NullMarked
package io.groupota.storage.fs;

import org.jspecify.annotations.NullMarked;
