package io.groupota.storage.cache;

import static java.util.Objects.requireNonNull;

import io.groupota.BlobKey;
import io.groupota.FirmwareUnreadableException;
import io.groupota.StorageException;
import io.groupota.spi.BlobStore;
import io.groupota.storage.fs.FileSystemBlobStore;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A read-through cache on the disk in front of a blob store that is far away, so that a fleet's
 * download does not become as many reads of an object store. Thread-safe; starts no thread.
 *
 * <p>The first reader of a file fetches it whole, others who ask meanwhile wait for that fetch, and
 * all are served from the disk. The fetch verifies what the origin verifies; the file appears in
 * the cache in one step, after its last byte. The least recently read files give way when the room
 * is used up; a file that is larger than the room, or for which fetches in progress leave none, is
 * read from the origin each time, and so is everything while the disk fails.
 *
 * <p>The folder is this cache's alone. It is emptied when the cache is opened: what lay there
 * between two processes is not verified. Writes and deletes go to the origin; a file that was
 * deleted through another cache stays readable in this one until it gives way.
 */
public final class CachingBlobStore implements BlobStore {
  /**
   * What a cache did since it was opened.
   *
   * @param hits reads that were served from the disk without waiting for their own fetch
   * @param fetches files that were fetched, or tried to
   * @param bypasses reads that were passed on to the origin
   * @param bytes the size of the files in the cache now, fetches in progress included
   */
  public record Counts(long hits, long fetches, long bypasses, long bytes) {}

  private static final Logger LOG = LoggerFactory.getLogger(CachingBlobStore.class);

  private final BlobStore origin;
  private final FileSystemBlobStore disk;
  private final CacheIndex index;
  private final LongAdder hits = new LongAdder();
  private final LongAdder fetches = new LongAdder();
  private final LongAdder bypasses = new LongAdder();

  private CachingBlobStore(BlobStore origin, FileSystemBlobStore disk, CacheIndex index) {
    this.origin = origin;
    this.disk = disk;
    this.index = index;
  }

  /**
   * Opens a cache and empties its folder.
   *
   * @param origin the store to cache
   * @param folder the folder, used by nothing else; created if it is not there
   * @param maxBytes the room for files, in bytes
   * @return the cache
   * @throws IllegalArgumentException if the room is less than 1 byte
   * @throws StorageException if the folder cannot be created or emptied, or holds anything but
   *     blobs
   */
  public static CachingBlobStore of(BlobStore origin, Path folder, long maxBytes) {
    requireNonNull(origin, "origin");
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes must be at least 1, but is " + maxBytes);
    }
    CacheFolder.empty(folder);
    return new CachingBlobStore(origin, FileSystemBlobStore.in(folder), new CacheIndex(maxBytes));
  }

  /**
   * What the cache did.
   *
   * @return the counts, each one exact, but not all of the same moment
   */
  public Counts counts() {
    return new Counts(hits.sum(), fetches.sum(), bypasses.sum(), index.bytes());
  }

  @Override
  public void put(BlobKey key, InputStream bytes) {
    origin.put(key, bytes);
  }

  @Override
  public InputStream open(BlobKey key, long offset, long length) {
    if (length <= 0) {
      return origin.open(key, offset, length);
    }
    CacheIndex.Slot own = new CacheIndex.Slot();
    CacheIndex.Slot slot = index.claim(key, own);
    boolean cached = slot == own ? fetch(key, own) : await(slot);
    if (cached) {
      try {
        InputStream stream = disk.open(key, offset, length);
        (slot == own ? fetches : hits).increment();
        return stream;
      } catch (StorageException e) {
        // It gave way meanwhile, the disk fails, or there is no such range: the origin knows.
        LOG.debug("The cached copy of {} cannot be read", key, e);
        index.remove(key, slot);
      }
    }
    bypasses.increment();
    return origin.open(key, offset, length);
  }

  /** Waits as long as the origin lets its reader wait. */
  private static boolean await(CacheIndex.Slot slot) {
    try {
      return slot.cached().join();
    } catch (CompletionException e) {
      throw new StorageException("The firmware could not be fetched", e.getCause());
    }
  }

  private boolean fetch(BlobKey key, CacheIndex.Slot slot) {
    try {
      OptionalLong size = origin.size(key);
      boolean cached = size.isPresent() && makeRoom(key, slot, size.getAsLong());
      cached = cached && copy(key, size.getAsLong());
      if (!cached) {
        index.remove(key, slot);
      } else if (!index.holds(key, slot)) {
        // Deleted while it was fetched.
        discard(key);
        cached = false;
      }
      slot.cached().complete(cached);
      return cached;
    } catch (RuntimeException | Error e) {
      index.remove(key, slot);
      slot.cached().completeExceptionally(e);
      throw e;
    }
  }

  private boolean makeRoom(BlobKey key, CacheIndex.Slot slot, long size) {
    CacheIndex.Room room = index.reserve(key, slot, size);
    room.gaveWay().forEach(this::discard);
    return room.granted();
  }

  /** False if the disk fails; a failure of the origin is thrown. */
  private boolean copy(BlobKey key, long size) {
    try (InputStream whole = origin.open(key, 0, size)) {
      return write(key, whole);
    } catch (FirmwareUnreadableException e) {
      throw new StorageException("The firmware could not be fetched", e.getCause());
    } catch (IOException e) {
      throw new StorageException("The firmware could not be fetched", e);
    }
  }

  private boolean write(BlobKey key, InputStream whole) {
    try {
      disk.put(key, whole);
      return true;
    } catch (StorageException e) {
      LOG.warn("The cache cannot keep {}, so downloads read it from the origin", key, e);
      return false;
    }
  }

  private void discard(BlobKey key) {
    try {
      disk.delete(key);
    } catch (StorageException e) {
      LOG.warn("The cached copy of {} cannot be deleted and takes room until a restart", key, e);
    }
  }

  @Override
  public OptionalLong size(BlobKey key) {
    return origin.size(key);
  }

  @Override
  public boolean delete(BlobKey key) {
    boolean deleted = origin.delete(key);
    if (index.remove(key)) {
      discard(key);
    }
    return deleted;
  }

  @Override
  public Optional<URI> presign(BlobKey key, Duration validity) {
    return origin.presign(key, validity);
  }

  @Override
  public void sweep() {
    origin.sweep();
    disk.sweep();
  }
}
