package io.groupota.memory;

import io.groupota.BlobKey;
import io.groupota.FirmwareUnreadableException;
import io.groupota.StorageException;
import io.groupota.spi.BlobStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A blob store in memory. Unlike a real one it holds every file on the heap, so a file has at most
 * 2 GB. Thread-safe.
 */
public final class InMemoryBlobStore implements BlobStore {
  private final Map<BlobKey, byte[]> files = new ConcurrentHashMap<>();

  /** An empty store. */
  public InMemoryBlobStore() {}

  /**
   * Stores a file.
   *
   * @param key the key
   * @param bytes the file, read to its end, not closed
   * @throws StorageException if the key has a file already, which stays as it is
   * @throws FirmwareUnreadableException if the stream fails
   */
  @Override
  public void put(BlobKey key, InputStream bytes) {
    byte[] file;
    try {
      file = bytes.readAllBytes();
    } catch (IOException e) {
      throw new FirmwareUnreadableException(e);
    }
    if (files.putIfAbsent(key, file) != null) {
      throw new StorageException("The blob store has a file under the key " + key, null);
    }
  }

  /**
   * Opens a part of a file.
   *
   * @param key the key
   * @param offset where to start, in bytes
   * @param length how many bytes to read
   * @return a stream of exactly that many bytes
   * @throws StorageException if there is no file under the key, or the range is not within it
   */
  @Override
  public InputStream open(BlobKey key, long offset, long length) {
    byte[] file = files.get(key);
    if (file == null) {
      throw new StorageException("The blob store has no file under the key " + key, null);
    }
    if (offset < 0 || length < 0 || offset > file.length - length) {
      throw new StorageException(
          "The file under the key " + key + " has no " + length + " bytes at " + offset, null);
    }
    return new ByteArrayInputStream(file, (int) offset, (int) length);
  }

  @Override
  public OptionalLong size(BlobKey key) {
    byte[] file = files.get(key);
    return file == null ? OptionalLong.empty() : OptionalLong.of(file.length);
  }

  @Override
  public boolean delete(BlobKey key) {
    return files.remove(key) != null;
  }
}
