package io.groupota.testkit;

/** Bytes of an image that are not made up, and where they are. Nobody changes them. */
final class Overlay {
  private final long offset;
  private final byte[] bytes;

  Overlay(long offset, byte[] bytes) {
    this.offset = offset;
    this.bytes = bytes;
  }

  /** Puts what is within a window of the file there. */
  void copyInto(long position, byte[] target, int start, int length) {
    long from = Math.max(position, offset);
    long to = Math.min(position + length, offset + bytes.length);
    if (from < to) {
      System.arraycopy(
          bytes, (int) (from - offset), target, start + (int) (from - position), (int) (to - from));
    }
  }
}
