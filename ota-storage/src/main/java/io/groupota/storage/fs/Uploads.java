package io.groupota.storage.fs;

import io.groupota.FirmwareUnreadableException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of the files that are being written. A running upload holds the lock of its file, and
 * the system takes the lock away when the process dies; where locks do not work (some network file
 * systems), the time of the last change tells. Thread-safe.
 */
final class Uploads {
  private static final Logger LOG = LoggerFactory.getLogger(Uploads.class);
  private static final Duration DEAD_AFTER = Duration.ofHours(1);
  private static final String SUFFIX = ".part";
  private static final int BUFFER = 64 * 1024;

  private final Path folder;

  /** The running uploads of this store, which sweep must not even open: see {@link #isLocked}. */
  private final Set<Path> running = ConcurrentHashMap.newKeySet();

  Uploads(Path folder) {
    this.folder = folder;
  }

  Path folder() {
    return folder;
  }

  /** Creates no folder: if it is gone, the file system of the store is probably not mounted. */
  Upload begin() throws IOException {
    Path file = newFile();
    running.add(file);
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      lock(channel);
      return new Upload(file, channel);
    } catch (IOException | RuntimeException | Error e) {
      running.remove(file);
      throw e;
    }
  }

  private Path newFile() {
    return folder.resolve(UUID.randomUUID() + SUFFIX);
  }

  /** Removes the files of dead uploads. */
  void sweep() throws IOException {
    Instant deadline = now().minus(DEAD_AFTER);
    int removed = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
      for (Path file : files) {
        if (!running.contains(file) && isOlder(file, deadline) && !isLocked(file)) {
          removed += Files.deleteIfExists(file) ? 1 : 0;
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    if (removed > 0) {
      LOG.info("Removed what {} dead uploads left behind", removed);
    }
  }

  /** The time on the clock that sets the times of the files, which may be a file server's. */
  private Instant now() throws IOException {
    Path probe = newFile();
    Files.createFile(probe);
    try {
      return Files.getLastModifiedTime(probe).toInstant();
    } finally {
      Files.deleteIfExists(probe);
    }
  }

  private static boolean isOlder(Path file, Instant deadline) throws IOException {
    try {
      return Files.getLastModifiedTime(file).toInstant().isBefore(deadline);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /**
   * Whether somebody writes the file. On POSIX systems, closing a file drops all locks of the
   * process on it: hence this is asked only about files that this store does not write.
   */
  private static boolean isLocked(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      return !lock(channel);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** False if somebody else, in this process or another one, has the lock. */
  private static boolean lock(FileChannel channel) {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) {
      LOG.debug("The file system of the blob store has no locks", Failures.withoutPath(e));
      return true;
    }
  }

  /** A file that is being written. Used by one thread. */
  final class Upload implements AutoCloseable {
    private final Path file;
    private final FileChannel channel;

    private Upload(Path file, FileChannel channel) {
      this.file = file;
      this.channel = channel;
    }

    Path file() {
      return file;
    }

    /** Writes all bytes. */
    void write(InputStream bytes) throws IOException {
      byte[] buffer = new byte[BUFFER];
      for (int count = read(bytes, buffer); count >= 0; count = read(bytes, buffer)) {
        ByteBuffer piece = ByteBuffer.wrap(buffer, 0, count);
        while (piece.hasRemaining()) {
          channel.write(piece);
        }
      }
      // Before it is moved, since some systems move no open files.
      channel.close();
    }

    /** Removes the file, unless it was moved away. */
    @Override
    public void close() throws IOException {
      try (channel) {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw Failures.withoutPath(e);
      } finally {
        running.remove(file);
      }
    }
  }

  /** Failures of the source are told from failures of the disk. */
  private static int read(InputStream bytes, byte[] buffer) {
    try {
      return bytes.read(buffer);
    } catch (IOException e) {
      throw new FirmwareUnreadableException(e);
    }
  }
}
