package io.groupota.storage.fs;

import static java.util.Objects.requireNonNull;

import io.groupota.BlobKey;
import io.groupota.StorageException;
import io.groupota.spi.BlobStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;

/**
 * Keeps firmware files in a folder, each as {@code <key>.blob}. A file is written under a temporary
 * name in the folder {@code .uploads} of the same root, then moved to its name in one step; the
 * file and the directories are forced to the disk, so that it is there after a power failure.
 *
 * <p>Several stores and processes may share the folder, if it is one file system throughout. When
 * the folder is no longer there, because its file system was unmounted say, every call fails.
 * Thread-safe. A failure comes out as {@link StorageException} whose message says what the system
 * said, such as a full disk, without the path of the folder.
 */
public final class FileSystemBlobStore implements BlobStore {
  /** No key has a dot, so no folder of a key is named like a file. */
  private static final String SUFFIX = ".blob";

  /** A put that loses its folder to a delete creates it again; more often than this is no race. */
  private static final int ATTEMPTS = 100;

  private final Path root;
  private final Uploads uploads;

  private FileSystemBlobStore(Path root) {
    this.root = root;
    this.uploads = new Uploads(root.resolve(".uploads"));
  }

  /**
   * A store in a folder, which is created if it is not there.
   *
   * @param root the folder; it should hold nothing else
   * @return the store
   * @throws StorageException if the folder cannot be created
   */
  public static FileSystemBlobStore in(Path root) {
    Path folder = requireNonNull(root, "root").toAbsolutePath();
    try {
      FileSystemBlobStore store = new FileSystemBlobStore(folder);
      Directories.create(store.uploads.folder());
      return store;
    } catch (IOException e) {
      throw Failures.unavailable("The folder of the blob store could not be created", e);
    }
  }

  @Override
  public void put(BlobKey key, InputStream bytes) {
    try (Uploads.Upload upload = uploads.begin()) {
      upload.write(bytes);
      Path file = file(key);
      move(upload, file);
      force(file);
    } catch (IOException e) {
      throw Failures.unavailable("The blob store could not be written", e);
    }
  }

  private static void move(Uploads.Upload upload, Path file) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        if (attempt > 1) {
          Files.createDirectories(Directories.parentOf(file));
        }
        Files.move(upload.file(), file, StandardCopyOption.ATOMIC_MOVE);
        return;
      } catch (NoSuchFileException | FileAlreadyExistsException e) {
        // The folder is still to be created, or a delete removed it while it was empty.
        if (attempt == ATTEMPTS || !Files.exists(upload.file())) {
          throw e;
        }
      }
    }
  }

  /**
   * After the move: a file system with a journal writes it once then for both, the file and its new
   * name, and twice if the file is forced before. Nobody asks for the key until it is recorded.
   */
  private void force(Path file) throws IOException {
    try {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
      // All of them: one that was there already may be another put's, which is not done yet.
      Directories.forceUpTo(root, Directories.parentOf(file));
    } catch (IOException | RuntimeException | Error e) {
      withdraw(file, e);
      throw e;
    }
  }

  private static void withdraw(Path file, Throwable failure) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      failure.addSuppressed(Failures.withoutPath(e));
    }
  }

  @Override
  public InputStream open(BlobKey key, long offset, long length) {
    try {
      FileChannel channel = FileChannel.open(file(key), StandardOpenOption.READ);
      try {
        if (offset < 0 || length < 0 || offset > channel.size() - length) {
          throw new StorageException("The blob store has no such range of the firmware", null);
        }
        return new RangeStream(channel, offset, length);
      } catch (IOException | RuntimeException e) {
        Failures.close(channel, e);
        throw e;
      }
    } catch (NoSuchFileException e) {
      throw Failures.unavailable("The blob store has no such firmware", e);
    } catch (IOException e) {
      throw Failures.unavailable("The blob store could not be read", e);
    }
  }

  @Override
  public OptionalLong size(BlobKey key) {
    try {
      return OptionalLong.of(Files.size(file(key)));
    } catch (NoSuchFileException e) {
      requireFolder();
      return OptionalLong.empty();
    } catch (IOException e) {
      throw Failures.unavailable("The blob store could not be read", e);
    }
  }

  @Override
  public boolean delete(BlobKey key) {
    Path file = file(key);
    try {
      if (!Files.deleteIfExists(file)) {
        requireFolder();
        return false;
      }
      // A file that came back after a power failure would have no owner any more.
      Directories.forceIfPresent(Directories.parentOf(file));
      removeEmptyFolders(Directories.parentOf(file));
      return true;
    } catch (IOException e) {
      throw Failures.unavailable("The blob store could not be written", e);
    }
  }

  /** A file of a folder that is not mounted is not gone. */
  private void requireFolder() {
    if (!Files.isDirectory(uploads.folder())) {
      throw new StorageException("The folder of the blob store is gone", null);
    }
  }

  private void removeEmptyFolders(Path from) throws IOException {
    for (Path folder = from; !folder.equals(root); folder = Directories.parentOf(folder)) {
      try {
        Files.deleteIfExists(folder);
      } catch (DirectoryNotEmptyException e) {
        return;
      }
    }
  }

  /**
   * Removes the temporary files of uploads that died. One that is still written to, by any process,
   * is locked, or was changed less than an hour ago by the clock of the file system.
   */
  @Override
  public void sweep() {
    try {
      uploads.sweep();
    } catch (IOException e) {
      throw Failures.unavailable("The blob store could not be swept", e);
    }
  }

  private Path file(BlobKey key) {
    return root.resolve(key.value() + SUFFIX);
  }
}
