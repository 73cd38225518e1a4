package io.groupota.examples.quickstart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The temporary folder of a run, deleted when the process ends, however it ends. */
final class WorkFolder implements AutoCloseable {
  private final Path root;
  private volatile boolean kept;

  private WorkFolder(Path root) {
    this.root = root;
  }

  static WorkFolder create() throws IOException {
    WorkFolder folder = new WorkFolder(Files.createTempDirectory("group-ota-quickstart-"));
    Runtime.getRuntime().addShutdownHook(new Thread(folder::delete, "ota-cleanup"));
    return folder;
  }

  Path log() {
    return root.resolve("quickstart.log");
  }

  Path firmware() {
    return root.resolve("firmware.bin");
  }

  Path data() {
    return root.resolve("data");
  }

  /** Leaves everything where it is, for a look at it. */
  void keep() {
    kept = true;
  }

  @Override
  public void close() {
    delete();
  }

  private void delete() {
    if (kept || !Files.exists(root)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(root)) {
      List<Path> deepestFirst = tree.sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      // A server that is still stopping has it in use; the hook at the end of the process tries
      // again.
      kept = false;
    }
  }
}
