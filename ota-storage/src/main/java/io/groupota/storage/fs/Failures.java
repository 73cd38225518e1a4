package io.groupota.storage.fs;

import io.groupota.StorageException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.FileSystemException;

/**
 * Turns failures of the file system, which name absolute paths, into exceptions fit for any log.
 */
final class Failures {
  private Failures() {}

  static StorageException unavailable(String what, IOException failure) {
    IOException safe = withoutPath(failure);
    String why = safe.getMessage() == null ? safe.getClass().getSimpleName() : safe.getMessage();
    return new StorageException(what + ": " + why, safe);
  }

  static IOException withoutPath(IOException failure) {
    if (!(failure instanceof FileSystemException named)) {
      return failure;
    }
    String reason = named.getReason();
    String kind = named.getClass().getSimpleName();
    IOException safe = new IOException(reason == null ? kind : kind + " (" + reason + ")");
    safe.setStackTrace(failure.getStackTrace());
    return safe;
  }

  static void close(Closeable closeable, Throwable failure) {
    try {
      closeable.close();
    } catch (IOException e) {
      failure.addSuppressed(withoutPath(e));
    }
  }
}
