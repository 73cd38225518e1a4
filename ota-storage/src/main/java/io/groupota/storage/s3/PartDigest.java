package io.groupota.storage.s3;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Computes what the ETag of an object must be: the MD5 of its bytes, or for a multipart upload the
 * MD5 of the MD5s of its parts and their number. Used by one thread.
 */
final class PartDigest {
  private final MessageDigest part = md5();
  private final MessageDigest whole = md5();
  private final boolean multipart;
  private final long partSize;
  private long inPart;
  private int parts;

  private PartDigest(boolean multipart, long partSize) {
    this.multipart = multipart;
    this.partSize = partSize;
  }

  static PartDigest ofWhole() {
    return new PartDigest(false, Long.MAX_VALUE);
  }

  static PartDigest ofParts(long partSize) {
    return new PartDigest(true, partSize);
  }

  void update(byte[] bytes, int offset, int length) {
    int from = offset;
    int left = length;
    while (left > 0) {
      int piece = (int) Math.min(left, partSize - inPart);
      part.update(bytes, from, piece);
      inPart += piece;
      from += piece;
      left -= piece;
      if (inPart == partSize) {
        endPart();
      }
    }
  }

  private void endPart() {
    whole.update(part.digest());
    parts++;
    inPart = 0;
  }

  String etag() {
    if (!multipart) {
      return HexFormat.of().formatHex(part.digest());
    }
    if (inPart > 0) {
      endPart();
    }
    return HexFormat.of().formatHex(whole.digest()) + "-" + parts;
  }

  static MessageDigest md5() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has MD5", e);
    }
  }
}
