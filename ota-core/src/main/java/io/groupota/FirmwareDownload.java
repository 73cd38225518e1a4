package io.groupota;

import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * A firmware that a device may download. The bytes never change: a newer deploy writes other bytes
 * elsewhere. Thread-safe.
 */
public interface FirmwareDownload {
  /**
   * The update that is offered.
   *
   * @return the update, with the size and the digests of the file
   */
  OtaUpdate update();

  /**
   * Opens a part of the file. The caller closes the stream.
   *
   * @param offset where to start, in bytes
   * @param length how many bytes to read
   * @return a stream of exactly that many bytes
   * @throws IllegalArgumentException if the range is not within the file
   * @throws StorageException if the blob store fails or has lost the file
   */
  InputStream open(long offset, long length);

  /**
   * A URL at which a client that can follow a redirect reads the file from the blob store itself,
   * without further credentials. It is a secret: keep it out of logs. Never for IoTaaP OS, which
   * follows no redirect. Default: there is none.
   *
   * @param validity how long the URL works, positive; the store may grant less
   * @return the URL, empty if the blob store has none
   * @throws StorageException if the blob store fails
   */
  default Optional<URI> presign(Duration validity) {
    return Optional.empty();
  }
}
