package io.groupota.firmware;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Where the bytes of a firmware come from. Read once per deploy, from start to end, never into
 * memory as a whole.
 */
@FunctionalInterface
public interface FirmwareSource {
  /**
   * Opens the bytes. The caller closes the stream.
   *
   * @return a stream that starts at the first byte
   * @throws IOException if the source cannot be opened
   */
  InputStream open() throws IOException;

  /**
   * A file.
   *
   * @param file its path
   * @return the source
   */
  static FirmwareSource file(Path file) {
    Objects.requireNonNull(file, "file");
    return () -> Files.newInputStream(file);
  }

  /**
   * Bytes in memory. They are not copied; do not change them until the deploy has returned.
   *
   * @param bytes the bytes
   * @return the source
   */
  static FirmwareSource bytes(byte[] bytes) {
    Objects.requireNonNull(bytes, "bytes");
    return () -> new ByteArrayInputStream(bytes);
  }
}
