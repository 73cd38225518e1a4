package io.groupota.spi;

import io.groupota.BlobKey;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Keeps firmware files under keys. A key is written once and never again. Thread-safe; memory use
 * is constant whatever the size of a file. Every method throws {@link io.groupota.StorageException}
 * when the store fails. Prove an implementation with {@code BlobStoreContract}.
 */
public interface BlobStore {
  /**
   * Stores a file. Atomic: when this returns, all bytes are durable and visible; when it throws,
   * nothing is visible under the key. An unchecked exception thrown by the stream itself passes
   * through unchanged; an {@link java.io.IOException} of the stream comes out as {@link
   * io.groupota.FirmwareUnreadableException}.
   *
   * @param key the key; must be new, else the result is unspecified
   * @param bytes the file, read to its end in the calling thread, not closed
   */
  void put(BlobKey key, InputStream bytes);

  /**
   * Opens a part of a file. The caller closes the stream. Deleting the file does not end a stream
   * that is open.
   *
   * @param key the key
   * @param offset where to start, in bytes
   * @param length how many bytes to read; the range is within the file
   * @return a stream of exactly that many bytes; it fails rather than end early
   * @throws io.groupota.StorageException also if there is no file under the key
   */
  InputStream open(BlobKey key, long offset, long length);

  /**
   * The size of a file.
   *
   * @param key the key
   * @return its length in bytes, empty if there is no file under the key
   */
  OptionalLong size(BlobKey key);

  /**
   * Deletes a file. Idempotent.
   *
   * @param key the key
   * @return whether there was a file
   */
  boolean delete(BlobKey key);

  /**
   * A URL at which a client that can follow a redirect reads a file from the store itself, without
   * further credentials. It is a secret: keep it out of logs. Default: there is none.
   *
   * @param key the key; whether there is a file under it is not looked up
   * @param validity how long the URL works, positive; the store may grant less
   * @return the URL, empty if the store has none
   */
  default Optional<URI> presign(BlobKey key, Duration validity) {
    return Optional.empty();
  }

  /**
   * Removes what uploads that died left behind and no key names, such as temporary files; never
   * what an upload in progress needs. Called from time to time. Default: nothing to do.
   */
  default void sweep() {}
}
