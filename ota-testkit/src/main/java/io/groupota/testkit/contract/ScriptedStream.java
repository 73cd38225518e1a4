package io.groupota.testkit.contract;

import java.io.IOException;
import java.io.InputStream;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The bytes of a file, with something that happens right before one of them is read. */
final class ScriptedStream extends InputStream {
  /** What happens. */
  @FunctionalInterface
  interface Action {
    void run() throws Exception;
  }

  private final byte[] bytes;
  private final int at;
  private final Action action;
  private final int chunk;
  private final Set<Thread> readers = ConcurrentHashMap.newKeySet();
  private int position;
  private boolean happened;
  private boolean closed;

  private ScriptedStream(byte[] bytes, int at, Action action, int chunk) {
    this.bytes = bytes;
    this.at = at;
    this.action = action;
    this.chunk = chunk;
  }

  /** Something happens before the byte at an offset is read; at the length: before the end is. */
  static ScriptedStream at(int offset, byte[] bytes, Action action) {
    return new ScriptedStream(bytes, offset, action, Integer.MAX_VALUE);
  }

  /** The stream fails right before the byte at an offset. */
  static ScriptedStream failingAt(int offset, byte[] bytes, Throwable failure) {
    return at(
        offset,
        bytes,
        () -> {
          if (failure instanceof Error error) {
            throw error;
          }
          throw (Exception) failure;
        });
  }

  /** Gives no more than some bytes at once, as a socket does. */
  static ScriptedStream inChunks(int chunk, byte[] bytes) {
    return new ScriptedStream(bytes, -1, () -> {}, chunk);
  }

  boolean isClosed() {
    return closed;
  }

  Set<Thread> readers() {
    return readers;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    readers.add(Thread.currentThread());
    if (length == 0) {
      return 0;
    }
    if (position == at && !happened) {
      happened = true;
      act();
    }
    if (position == bytes.length) {
      return -1;
    }
    int end = position < at ? at : bytes.length;
    int count = Math.min(Math.min(length, chunk), end - position);
    System.arraycopy(bytes, position, buffer, offset, count);
    position += count;
    return count;
  }

  @Override
  public void close() {
    closed = true;
  }

  private void act() throws IOException {
    try {
      action.run();
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError("The script of the stream failed", e);
    }
  }
}
