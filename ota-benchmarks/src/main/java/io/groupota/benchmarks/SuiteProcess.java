package io.groupota.benchmarks;

import io.groupota.examples.cli.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * One suite in a process of its own, so that none finds the code warm, the heap full or the threads
 * busy because of another. A program that {@link Benchmarks} starts.
 */
public final class SuiteProcess {
  private static final String TERMINAL = "ota.bench.terminal";

  private SuiteProcess() {}

  /**
   * Runs a suite and writes its results.
   *
   * @param args those of {@link Benchmarks} with one suite, {@code --db} and {@code --json}
   * @throws Exception if the suite fails
   */
  public static void main(String[] args) throws Exception {
    System.setProperty("logback.configurationFile", Benchmarks.LOGBACK);
    Options options = Options.parse(args);
    Path results = options.json().orElseThrow(() -> new UsageException("--json is missing"));
    // Whether there is a terminal is told by the parent, which has it.
    Progress progress = new Progress(System.err, Boolean.getBoolean(TERMINAL));
    Results.write(results, Map.of(), run(options, progress));
    // Threads of the embedded servers may be left.
    System.exit(0);
  }

  /** Runs it here. */
  static List<Row> run(Options options, Progress progress) throws Exception {
    Suite suite = options.suites().get(0);
    Path folder = Files.createTempDirectory("ota-bench-" + suite.name() + "-");
    try {
      Run run =
          new Run(
              options,
              options.database().orElseThrow(() -> new UsageException("--db is missing")),
              folder,
              progress);
      suite.run(run);
      return run.rows();
    } finally {
      Folders.delete(folder);
    }
  }

  /** Runs it in another process, whose temporary files are gone afterwards. */
  static List<Row> fork(Options options, Suite suite, String database, boolean terminal)
      throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("ota-bench-");
    try {
      Path results = folder.resolve("results.json");
      List<String> command =
          Programs.java(
              SuiteProcess.class,
              jvmArgs(options, folder, terminal),
              options.forSuite(suite, database, results));
      Process process = new ProcessBuilder(command).inheritIO().start();
      Thread hook = new Thread(() -> stop(process, folder), "ota-bench-stop");
      Runtime.getRuntime().addShutdownHook(hook);
      int exit = process.waitFor();
      forget(hook);
      if (exit != 0) {
        throw new IOException("The suite " + suite.name() + " failed, see above");
      }
      return Results.read(results);
    } finally {
      Folders.delete(folder);
    }
  }

  private static List<String> jvmArgs(Options options, Path folder, boolean terminal) {
    List<String> args =
        new ArrayList<>(
            List.of("-Xmx1g", "-Djava.io.tmpdir=" + folder, "-D" + TERMINAL + "=" + terminal));
    if (options.quick()) {
      args.add("-XX:TieredStopAtLevel=1");
    }
    return args;
  }

  /** Whoever stops this process stops the suite. */
  private static void stop(Process process, Path folder) {
    Programs.stop(process);
    try {
      Folders.delete(folder);
    } catch (IOException e) {
      System.err.println("benchmarks: " + folder + " could not be deleted: " + e.getMessage());
    }
  }

  private static void forget(Thread hook) throws InterruptedException {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // This process is ending, and the hook cleans up.
      new CountDownLatch(1).await();
    }
  }
}
