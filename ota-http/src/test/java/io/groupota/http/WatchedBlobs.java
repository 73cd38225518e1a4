package io.groupota.http;

import io.groupota.BlobKey;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.spi.BlobStore;
import java.io.InputStream;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/** A store in memory that counts what is asked of it. */
class WatchedBlobs implements BlobStore {
  private final BlobStore store = new InMemoryBlobStore();
  private final AtomicLong writes = new AtomicLong();
  private final AtomicLong reads = new AtomicLong();

  /** How often a file was written or deleted. */
  long writes() {
    return writes.get();
  }

  /** How often a file was opened. */
  long reads() {
    return reads.get();
  }

  @Override
  public void put(BlobKey key, InputStream bytes) {
    writes.incrementAndGet();
    store.put(key, bytes);
  }

  @Override
  public InputStream open(BlobKey key, long offset, long length) {
    reads.incrementAndGet();
    return store.open(key, offset, length);
  }

  @Override
  public OptionalLong size(BlobKey key) {
    return store.size(key);
  }

  @Override
  public boolean delete(BlobKey key) {
    writes.incrementAndGet();
    return store.delete(key);
  }
}
