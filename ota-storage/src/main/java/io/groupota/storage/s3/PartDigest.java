package io.groupota.storage.s3;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * Computes what the ETag of an object must be: the MD5 of its bytes, or for a multipart upload the
 * MD5 of the MD5s of its parts and their number. Used by one thread.
 */
final class PartDigest {
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{32}(-[0-9]+)?");

  private final MessageDigest part = md5();
  private final MessageDigest whole = md5();
  private final boolean multipart;
  private int inPart;
  private int parts;

  PartDigest(String etag) {
    this.multipart = etag.indexOf('-') >= 0;
  }

  /** Whether an ETag looks like a digest; with encryption it may look so and be none. */
  static boolean isDigest(String etag) {
    return DIGEST.matcher(etag).matches();
  }

  void update(byte[] bytes, int offset, int length) {
    int from = offset;
    int left = length;
    while (left > 0) {
      int piece = multipart ? Math.min(left, Upload.PART - inPart) : left;
      part.update(bytes, from, piece);
      inPart = multipart ? inPart + piece : 0;
      from += piece;
      left -= piece;
      if (inPart == Upload.PART) {
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
