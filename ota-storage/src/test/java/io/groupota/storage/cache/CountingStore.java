package io.groupota.storage.cache;

import io.groupota.BlobKey;
import io.groupota.spi.BlobStore;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what is asked of a store, and injects faults into what it streams. */
final class CountingStore implements BlobStore {
  private final BlobStore store;
  private final AtomicLong opened = new AtomicLong();
  private final AtomicLong sized = new AtomicLong();
  private volatile long breakAt = Long.MAX_VALUE;
  private volatile Runnable whenStreamed = () -> {};

  CountingStore(BlobStore store) {
    this.store = store;
  }

  long opened() {
    return opened.get();
  }

  long sized() {
    return sized.get();
  }

  void breakStreamsAt(long offset) {
    breakAt = offset;
  }

  void mend() {
    breakAt = Long.MAX_VALUE;
  }

  void whenStreamed(Runnable action) {
    whenStreamed = action;
  }

  @Override
  public void put(BlobKey key, InputStream bytes) {
    store.put(key, bytes);
  }

  @Override
  public InputStream open(BlobKey key, long offset, long length) {
    opened.incrementAndGet();
    InputStream bytes = store.open(key, offset, length);
    whenStreamed.run();
    return new FilterInputStream(bytes) {
      private long position;

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
      }

      @Override
      public int read(byte[] buffer, int from, int count) throws IOException {
        if (position >= breakAt) {
          throw new IOException("reset");
        }
        int read = in.read(buffer, from, (int) Math.min(count, breakAt - position));
        position += Math.max(0, read);
        return read;
      }
    };
  }

  @Override
  public OptionalLong size(BlobKey key) {
    sized.incrementAndGet();
    return store.size(key);
  }

  @Override
  public boolean delete(BlobKey key) {
    return store.delete(key);
  }
}
