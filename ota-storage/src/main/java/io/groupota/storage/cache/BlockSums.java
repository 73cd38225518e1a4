package io.groupota.storage.cache;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32C;

/**
 * A checksum of each block of a file, taken while the file is fetched. Four bytes stand for 16 KiB.
 * Safe to read by any thread once the file was fetched.
 */
final class BlockSums {
  static final int BLOCK = 16 << 10;

  private final int[] sums;

  BlockSums(long size) {
    this.sums = new int[Math.toIntExact((size + BLOCK - 1) / BLOCK)];
  }

  /** Whether the bytes are those of a block. */
  boolean match(long block, byte[] bytes, int length) {
    CRC32C sum = new CRC32C();
    sum.update(bytes, 0, length);
    return sums[Math.toIntExact(block)] == (int) sum.getValue();
  }

  /** The same bytes, whose checksums are taken as they are read to their end. */
  InputStream taken(InputStream whole) {
    return new Taking(whole);
  }

  private final class Taking extends FilterInputStream {
    private final CRC32C sum = new CRC32C();
    private long position;

    Taking(InputStream whole) {
      super(whole);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int left = BLOCK - (int) (position % BLOCK);
      int count = in.read(buffer, offset, Math.min(length, left));
      if (count > 0) {
        sum.update(buffer, offset, count);
        sums[(int) (position / BLOCK)] = (int) sum.getValue();
        position += count;
        if (count == left) {
          sum.reset();
        }
      }
      return count;
    }
  }
}
