package io.groupota.testkit;

import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;

/** Makes the bytes of an image up while they are read: a byte depends on its position alone. */
final class ImageStream extends InputStream {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final List<Overlay> overlays;
  private final long seed;
  private final long size;
  private long position;

  ImageStream(List<Overlay> overlays, long seed, long size) {
    this.overlays = overlays;
    this.seed = seed;
    this.size = size;
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    if (length == 0) {
      return 0;
    }
    int count = (int) Math.min(length, size - position);
    if (count <= 0) {
      return -1;
    }
    fill(position, buffer, offset, count);
    position += count;
    return count;
  }

  @Override
  public int available() {
    return (int) Math.min(Integer.MAX_VALUE, size - position);
  }

  @Override
  public long skip(long count) {
    long skipped = Math.max(0, Math.min(count, size - position));
    position += skipped;
    return skipped;
  }

  /** Puts the bytes of a window of the file into a buffer. */
  void fill(long from, byte[] buffer, int offset, int length) {
    int at = offset;
    int end = offset + length;
    long place = from;
    for (; at < end && place % Long.BYTES != 0; at++, place++) {
      buffer[at] = madeUp(place);
    }
    for (; at + Long.BYTES <= end; at += Long.BYTES, place += Long.BYTES) {
      LONGS.set(buffer, at, word(place / Long.BYTES));
    }
    for (; at < end; at++, place++) {
      buffer[at] = madeUp(place);
    }
    for (Overlay overlay : overlays) {
      overlay.copyInto(from, buffer, offset, length);
    }
  }

  private byte madeUp(long place) {
    return (byte) (word(place / Long.BYTES) >>> (8 * (place % Long.BYTES)));
  }

  /** SplitMix64: one multiplication per step makes the numbers of neighbours unlike. */
  private long word(long index) {
    long mixed = seed * 0xD1342543DE82EF95L + (index + 1) * 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }
}
