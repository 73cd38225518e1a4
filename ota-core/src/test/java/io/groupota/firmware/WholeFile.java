package io.groupota.firmware;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The rules of an application image once more, looked up in a file that is there as a whole: what
 * the inspection, which sees it byte by byte, is compared with.
 */
final class WholeFile {
  private static final Set<Integer> CHIPS = Set.of(0, 2, 5, 9, 12, 13, 16, 18);
  private static final int SECTOR = 4096;

  private final byte[] bytes;
  private final ByteBuffer fields;

  WholeFile(byte[] bytes) {
    this.bytes = bytes;
    this.fields = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Whether it is an application image that no device would refuse. */
  boolean isImage() {
    OptionalInt end = endOfChecksum();
    if (end.isEmpty() || !isPadded(end.getAsInt())) {
      return false;
    }
    int afterChecksum = end.getAsInt();
    if (bytes[afterChecksum - 1] != checksum()) {
      return false;
    }
    if (bytes[23] == 0) {
      return isTail(afterChecksum);
    }
    return afterChecksum + 32 <= bytes.length
        && Arrays.equals(digest(afterChecksum), 0, 32, bytes, afterChecksum, afterChecksum + 32)
        && isTail(afterChecksum + 32);
  }

  /** Writes the checksum and the digest that the bytes call for, if there are segments at all. */
  void repair() {
    OptionalInt end = endOfChecksum();
    if (end.isPresent()) {
      int afterChecksum = end.getAsInt();
      bytes[afterChecksum - 1] = checksum();
      if (bytes[23] == 1 && afterChecksum + 32 <= bytes.length) {
        System.arraycopy(digest(afterChecksum), 0, bytes, afterChecksum, 32);
      }
    }
  }

  /** Where the checksum ends, empty if the headers are not those of an image. */
  private OptionalInt endOfChecksum() {
    if (bytes.length < 24 || (bytes[0] & 0xFF) != 0xE9 || bytes[1] < 1 || bytes[1] > 16) {
      return OptionalInt.empty();
    }
    if (!CHIPS.contains((int) fields.getShort(12)) || bytes[23] < 0 || bytes[23] > 1) {
      return OptionalInt.empty();
    }
    int at = 24;
    for (int segment = 0; segment < bytes[1]; segment++) {
      if (!isSegment(at, segment == 0)) {
        return OptionalInt.empty();
      }
      at += 8 + fields.getInt(at + 4);
    }
    int end = (at | 15) + 1;
    return end <= bytes.length ? OptionalInt.of(end) : OptionalInt.empty();
  }

  private boolean isSegment(int at, boolean first) {
    if (at + 8 > bytes.length) {
      return false;
    }
    long address = fields.getInt(at) & 0xFFFFFFFFL;
    long length = fields.getInt(at + 4) & 0xFFFFFFFFL;
    return length % 4 == 0
        && length < 16 << 20
        && address + length <= 1L << 32
        && at + 8 + length <= bytes.length
        && (!first || (length >= 256 && fields.getInt(at + 8) == TestImage.MAGIC_OF_DESCRIPTOR));
  }

  private byte checksum() {
    byte checksum = (byte) 0xEF;
    int at = 24;
    for (int segment = 0; segment < bytes[1]; segment++) {
      int end = at + 8 + fields.getInt(at + 4);
      for (int i = at + 8; i < end; i++) {
        checksum ^= bytes[i];
      }
      at = end;
    }
    return checksum;
  }

  private boolean isPadded(int afterChecksum) {
    int at = 24;
    for (int segment = 0; segment < bytes[1]; segment++) {
      at += 8 + fields.getInt(at + 4);
    }
    for (int i = at; i < afterChecksum - 1; i++) {
      if (!isFill(i)) {
        return false;
      }
    }
    return true;
  }

  private byte[] digest(int end) {
    return TestImage.sha256(Arrays.copyOf(bytes, end));
  }

  private boolean isTail(int from) {
    boolean signed = false;
    int at = from;
    while (at < bytes.length) {
      if (isFill(at)) {
        at++;
      } else if (!signed && isSignature(at)) {
        signed = true;
        at += SECTOR;
      } else {
        return false;
      }
    }
    return true;
  }

  private boolean isSignature(int at) {
    return (bytes[at] & 0xFF) == 0xE7 && at % SECTOR == 0 && at + SECTOR <= bytes.length;
  }

  private boolean isFill(int at) {
    return bytes[at] == 0 || bytes[at] == (byte) 0xFF;
  }
}
