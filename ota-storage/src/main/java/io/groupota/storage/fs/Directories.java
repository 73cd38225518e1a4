package io.groupota.storage.fs;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/** Makes changes of directories durable. */
final class Directories {
  /** Windows opens no directories; its file systems keep the order of such changes themselves. */
  private static final boolean CAN_FORCE =
      !System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");

  private Directories() {}

  static Path parentOf(Path path) {
    Path parent = path.getParent();
    if (parent == null) {
      throw new IllegalStateException("A file of the store is inside its folder");
    }
    return parent;
  }

  /** Creates a directory and those above it that are missing, durably. */
  static void create(Path directory) throws IOException {
    Path existing = directory;
    while (!Files.exists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    Files.createDirectories(directory);
    if (!existing.equals(directory)) {
      forceUpTo(existing, directory);
    }
  }

  /** Forces a directory and those above it, up to and including a root. */
  static void forceUpTo(Path root, Path directory) throws IOException {
    for (Path folder = directory; ; folder = parentOf(folder)) {
      force(folder);
      if (folder.equals(root)) {
        return;
      }
    }
  }

  static void forceIfPresent(Path directory) throws IOException {
    try {
      force(directory);
    } catch (NoSuchFileException e) {
      // Somebody else removed it, since it was empty.
    }
  }

  private static void force(Path directory) throws IOException {
    if (CAN_FORCE) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }
}
