package io.groupota.firmware;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The checksum of an ESP32 image: 0xEF xor every byte of the data of its segments. */
final class XorChecksum {
  private static final int SEED = 0xEF;
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  /** Eight checksums side by side: where a byte stands does not matter to xor. */
  private long lanes = SEED;

  /** Takes more data. Eight bytes at a time, since this runs over every byte of every upload. */
  void update(byte[] buffer, int offset, int length) {
    int at = offset;
    int end = offset + length;
    long a = lanes;
    long b = 0;
    long c = 0;
    long d = 0;
    for (int last = end - 4 * Long.BYTES; at <= last; at += 4 * Long.BYTES) {
      a ^= (long) LONGS.get(buffer, at);
      b ^= (long) LONGS.get(buffer, at + Long.BYTES);
      c ^= (long) LONGS.get(buffer, at + 2 * Long.BYTES);
      d ^= (long) LONGS.get(buffer, at + 3 * Long.BYTES);
    }
    for (; at < end; at++) {
      a ^= buffer[at] & 0xFFL;
    }
    lanes = a ^ b ^ c ^ d;
  }

  /** The checksum of what was taken so far, 0 to 255. */
  int value() {
    long folded = lanes ^ (lanes >>> 32);
    folded ^= folded >>> 16;
    folded ^= folded >>> 8;
    return (int) (folded & 0xFF);
  }
}
