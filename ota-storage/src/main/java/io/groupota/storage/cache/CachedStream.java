package io.groupota.storage.cache;

import io.groupota.StorageException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/**
 * A range of a cached file. Each block is verified before a byte of it is handed on; where the disk
 * fails or a block is damaged, the rest comes from the origin. Used by one thread.
 */
final class CachedStream extends InputStream {
  /** Where the rest comes from; told why the cached copy is no good. */
  interface Rest {
    InputStream open(long offset, long length, IOException failure);
  }

  private final BlockSums sums;
  private final Rest rest;
  private final long end;
  private long position;
  private InputStream source;
  private boolean fromDisk = true;
  private byte[] block = new byte[0];

  /** How much of the block there is, and how much of that was handed on. */
  private int filled;

  private int used;

  /** The stream is of whole blocks, and begins with the one that the range begins in. */
  CachedStream(InputStream blocks, BlockSums sums, long offset, long length, Rest rest) {
    this.source = blocks;
    this.sums = sums;
    this.position = offset;
    this.end = offset + length;
    this.rest = rest;
  }

  /** Where the block begins that a byte is in. */
  static long blockOf(long offset) {
    return offset - offset % BlockSums.BLOCK;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    if (length == 0) {
      return 0;
    }
    if (position == end) {
      return -1;
    }
    int wanted = (int) Math.min(length, end - position);
    if (fromDisk && used == filled) {
      nextBlock();
    }
    int count = fromDisk ? take(buffer, offset, wanted) : source.read(buffer, offset, wanted);
    if (count < 0) {
      throw new EOFException("The store ended the firmware early");
    }
    position += count;
    return count;
  }

  private int take(byte[] buffer, int offset, int wanted) {
    int count = Math.min(wanted, filled - used);
    System.arraycopy(block, used, buffer, offset, count);
    used += count;
    return count;
  }

  private void nextBlock() throws IOException {
    if (block.length == 0) {
      block = new byte[BlockSums.BLOCK];
    }
    try {
      filled = source.readNBytes(block, 0, BlockSums.BLOCK);
      used = (int) (position % BlockSums.BLOCK);
      if (used < filled && sums.match(position / BlockSums.BLOCK, block, filled)) {
        return;
      }
      throw new IOException("It is damaged");
    } catch (IOException e) {
      readTheRest(e);
    }
  }

  private void readTheRest(IOException failure) throws IOException {
    source.close();
    try {
      source = rest.open(position, end - position, failure);
      fromDisk = false;
    } catch (StorageException e) {
      throw new IOException("The firmware could not be read from the origin", e);
    }
  }

  @Override
  public int available() throws IOException {
    return fromDisk ? (int) Math.min(filled - used, end - position) : source.available();
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
