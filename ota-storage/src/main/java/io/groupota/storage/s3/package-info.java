/** Firmware files in an S3-compatible object store. */
@NullMarked
package io.groupota.storage.s3;

import org.jspecify.annotations.NullMarked;
