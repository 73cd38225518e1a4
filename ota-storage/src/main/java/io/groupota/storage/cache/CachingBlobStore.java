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
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A read-through cache on the disk in front of a blob store that is far away, so that a fleet's
 * download does not become as many reads of an object store. Thread-safe; starts no thread.
 *
 * <p>The first reader of a file fetches it whole, others who ask meanwhile wait for that fetch, and
 * all are served from the disk. The fetch verifies what the origin verifies; the file appears in
 * the cache in one step, after its last byte. What is read from the disk is verified block by block
 * against checksums of what was fetched, which take 256 KiB of memory for 1 GiB; where it is
 * damaged or the disk fails, the reader gets the rest from the origin and the file is fetched anew
 * for the next one. The least recently read files give way when the room is used up; a file that is
 * larger than the room, or for which fetches in progress leave none, is read from the origin each
 * time. A disk that cannot be written, since it is full say, is left alone for ten seconds.
 *
 * <p>The folder is this cache's alone. It is emptied when the cache is opened: what lay there
 * between two processes is not verified. A file that gives way while it is read takes its room on
 * the disk until that reader is done. Writes and deletes go to the origin; a file that was deleted
 * through another cache stays readable in this one until it gives way.
 */
public final class CachingBlobStore implements BlobStore {
  /**
   * What a cache did since it was opened.
   *
   * @param hits reads that began on the disk without a fetch of their own
   * @param fetches reads that fetched the file first
   * @param bypasses reads that were passed on to the origin, from their begin or on their way
   * @param bytes the size of the files in the cache now, fetches in progress included
   */
  public record Counts(long hits, long fetches, long bypasses, long bytes) {}

  private static final Logger LOG = LoggerFactory.getLogger(CachingBlobStore.class);

  /** How long a disk that cannot be written is left alone. */
  static final Duration DISK_PAUSE = Duration.ofSeconds(10);

  private final BlobStore origin;
  private final FileSystemBlobStore disk;
  private final CacheIndex index;
  private final LongAdder hits = new LongAdder();
  private final LongAdder fetches = new LongAdder();
  private final LongAdder bypasses = new LongAdder();
  private final LongSupplier nanoTime;

  /** When the disk could not be written, on the clock above; null while it can. */
  private volatile @Nullable Long diskFailed;

  private CachingBlobStore(
      BlobStore origin, FileSystemBlobStore disk, CacheIndex index, LongSupplier nanoTime) {
    this.origin = origin;
    this.disk = disk;
    this.index = index;
    this.nanoTime = nanoTime;
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
    return of(origin, folder, maxBytes, System::nanoTime);
  }

  static CachingBlobStore of(BlobStore origin, Path folder, long maxBytes, LongSupplier nanoTime) {
    requireNonNull(origin, "origin");
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes must be at least 1, but is " + maxBytes);
    }
    CacheFolder.empty(folder);
    return new CachingBlobStore(
        origin, FileSystemBlobStore.in(folder), new CacheIndex(maxBytes), nanoTime);
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
    if (cached && offset >= 0 && offset <= slot.size() - length) {
      try {
        InputStream stream = openCached(key, slot, offset, length);
        (slot == own ? fetches : hits).increment();
        return stream;
      } catch (StorageException e) {
        LOG.debug("The cached copy of {} gave way or cannot be read", key, e);
        if (!isInterrupted()) {
          forget(key, slot);
        }
      }
    }
    bypasses.increment();
    return origin.open(key, offset, length);
  }

  private InputStream openCached(BlobKey key, CacheIndex.Slot slot, long offset, long length) {
    long from = CachedStream.blockOf(offset);
    long to = Math.min(slot.size(), CachedStream.blockOf(offset + length - 1) + BlockSums.BLOCK);
    return new CachedStream(
        disk.open(key, from, to - from),
        slot.sums(),
        offset,
        length,
        (position, left, failure) -> {
          if (!isInterrupted()) {
            LOG.warn("The cached copy of {} is no good, so the origin is read", key, failure);
            forget(key, slot);
          }
          bypasses.increment();
          return origin.open(key, position, left);
        });
  }

  /** An interrupt closes the file that its thread reads or writes; the disk is none the worse. */
  private static boolean isInterrupted() {
    return Thread.currentThread().isInterrupted();
  }

  private void forget(BlobKey key, CacheIndex.Slot slot) {
    if (index.remove(key, slot)) {
      discard(key);
    }
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
      boolean cached = isDiskUsable() && fetchWhole(key, slot);
      if (!cached) {
        index.remove(key, slot);
      }
      slot.cached().complete(cached);
      // Looked at last: who deletes it from now on discards the file.
      if (cached && !index.holds(key, slot)) {
        discard(key);
        return false;
      }
      return cached;
    } catch (RuntimeException | Error e) {
      index.remove(key, slot);
      slot.cached().completeExceptionally(e);
      throw e;
    }
  }

  private boolean fetchWhole(BlobKey key, CacheIndex.Slot slot) {
    OptionalLong size = origin.size(key);
    return size.isPresent()
        && makeRoom(key, slot, size.getAsLong())
        && copy(key, slot, size.getAsLong());
  }

  private boolean makeRoom(BlobKey key, CacheIndex.Slot slot, long size) {
    CacheIndex.Room room = index.reserve(key, slot, size);
    room.gaveWay().forEach(this::discard);
    return room.granted();
  }

  /** False if the disk fails; a failure of the origin is thrown. */
  private boolean copy(BlobKey key, CacheIndex.Slot slot, long size) {
    try (InputStream whole = origin.open(key, 0, size)) {
      return write(key, slot.sums().taken(whole));
    } catch (FirmwareUnreadableException e) {
      throw new StorageException("The firmware could not be fetched", e.getCause());
    } catch (IOException e) {
      throw new StorageException("The firmware could not be fetched", e);
    }
  }

  private boolean write(BlobKey key, InputStream whole) {
    boolean failed = diskFailed != null;
    try {
      disk.put(key, whole);
      diskFailed = null;
      if (failed) {
        LOG.info("The cache can be written again");
      }
      return true;
    } catch (StorageException e) {
      if (isInterrupted()) {
        LOG.debug("The reader that fetched {} was interrupted", key, e);
        return false;
      }
      diskFailed = nanoTime.getAsLong();
      if (!failed) {
        LOG.warn("The cache cannot keep {}, so downloads read from the origin", key, e);
      }
      return false;
    }
  }

  /** A fleet must not fetch in vain what its devices then read from the origin. */
  private boolean isDiskUsable() {
    Long failed = diskFailed;
    return failed == null || nanoTime.getAsLong() - failed >= DISK_PAUSE.toNanos();
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
