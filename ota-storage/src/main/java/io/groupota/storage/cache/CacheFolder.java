package io.groupota.storage.cache;

import io.groupota.StorageException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** Empties the folder of a cache, and nothing that is none. */
final class CacheFolder {
  private CacheFolder() {}

  static void empty(Path folder) {
    if (Files.notExists(folder)) {
      return;
    }
    try {
      // Looked at as a whole before anything is deleted: the folder may be named by mistake.
      Path real = folder.toRealPath();
      Files.walkFileTree(real, new Check());
      Files.walkFileTree(real, new Removal(real));
    } catch (IOException e) {
      throw new StorageException(
          "The folder of the cache could not be emptied: " + e.getClass().getSimpleName(), null);
    }
  }

  private static final class Check extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      String name = String.valueOf(file.getFileName());
      if (!name.endsWith(".blob") && !name.endsWith(".part")) {
        throw new StorageException(
            "The folder of the cache holds files that are no blobs; give it a folder of its own",
            null);
      }
      return FileVisitResult.CONTINUE;
    }
  }

  private static final class Removal extends SimpleFileVisitor<Path> {
    private final Path root;

    Removal(Path root) {
      this.root = root;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      Files.delete(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
        throws IOException {
      if (failure != null) {
        throw failure;
      }
      if (!folder.equals(root)) {
        Files.delete(folder);
      }
      return FileVisitResult.CONTINUE;
    }
  }
}
