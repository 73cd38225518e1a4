package io.groupota.examples.stack;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The folder that holds everything, for one server at a time. */
final class DataFolder implements AutoCloseable {
  private final Path root;
  private final FileChannel lock;

  private DataFolder(Path root, FileChannel lock) {
    this.root = root;
    this.lock = lock;
  }

  /** Creates the folder if need be, and locks it; the lock ends with this process at the latest. */
  static DataFolder open(Path folder) {
    Path root = folder.toAbsolutePath().normalize();
    try {
      Files.createDirectories(root);
      FileChannel lock =
          FileChannel.open(
              root.resolve("server.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (tryLock(lock) == null) {
        lock.close();
        throw new StartupException(
            "--data " + folder + ": another server is running on this folder; stop it first");
      }
      DataFolder opened = new DataFolder(root, lock);
      opened.clearSpool();
      return opened;
    } catch (IOException e) {
      throw new StartupException("--data " + folder + ": the folder cannot be written", e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // The other server is in this very process.
      return null;
    }
  }

  /**
   * The H2 database. It writes every commit at once, so that nothing is lost when the process is
   * killed, and is closed by us rather than by a shutdown hook of its own.
   */
  String jdbcUrl() {
    // Space is not used again before the server stops and the file is compacted: a process killed
    // while H2 writes over freed space loses committed transactions (seen with 2.5.252).
    return "jdbc:h2:file:"
        + root.resolve("database")
        + ";WRITE_DELAY=0;RETENTION_TIME=2147483647;DB_CLOSE_ON_EXIT=FALSE";
  }

  Path blobs() {
    return root.resolve("blobs");
  }

  /** Copies of what an object store holds. */
  Path cache() {
    return root.resolve("cache");
  }

  Path broker() {
    return root.resolve("broker");
  }

  /** Where Jetty keeps uploads while it reads them. */
  Path spool() {
    return root.resolve("uploads");
  }

  /** Removes the uploads that an earlier process could not finish. */
  private void clearSpool() throws IOException {
    Files.createDirectories(spool());
    List<Path> left;
    try (Stream<Path> files = Files.list(spool())) {
      left = files.toList();
    }
    for (Path file : left) {
      Files.deleteIfExists(file);
    }
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
