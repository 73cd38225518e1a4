package io.groupota.firmware;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What was measured of a firmware file while it was stored. Immutable.
 *
 * @param size its length in bytes, at least 1
 * @param md5 the MD5 of all its bytes, 32 lower-case hexadecimal digits (the {@code x-MD5} header
 *     of a download)
 * @param sha256 the SHA-256 of all its bytes, 64 lower-case hexadecimal digits (the ETag of a
 *     download)
 * @param image what the inspector read, empty if it reads nothing
 */
public record Firmware(long size, String md5, String sha256, Optional<ImageInfo> image) {
  private static final Pattern MD5 = Pattern.compile("[0-9a-f]{32}");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the size is not positive or a digest is malformed
   */
  public Firmware {
    if (size < 1 || !MD5.matcher(md5).matches() || !SHA256.matcher(sha256).matches()) {
      throw new IllegalArgumentException("Malformed size or digest of a firmware");
    }
  }
}
