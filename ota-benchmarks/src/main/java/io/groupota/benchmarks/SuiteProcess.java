package io.groupota.benchmarks;

import io.groupota.examples.cli.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

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

  /** Runs it in another process. */
  static List<Row> fork(Options options, Suite suite, String database, boolean terminal)
      throws IOException, InterruptedException {
    Path results = Files.createTempFile("ota-bench-", ".json");
    try {
      List<String> jvmArgs = new ArrayList<>(List.of("-Xmx1g", "-D" + TERMINAL + "=" + terminal));
      if (options.quick()) {
        jvmArgs.add("-XX:TieredStopAtLevel=1");
      }
      Process process =
          new ProcessBuilder(
                  Programs.java(
                      SuiteProcess.class, jvmArgs, options.forSuite(suite, database, results)))
              .inheritIO()
              .start();
      // Whoever stops this process stops the suite.
      Thread hook = new Thread(process::destroy, "ota-bench-stop");
      Runtime.getRuntime().addShutdownHook(hook);
      int exit = process.waitFor();
      Runtime.getRuntime().removeShutdownHook(hook);
      if (exit != 0) {
        throw new IOException("The suite " + suite.name() + " failed, see above");
      }
      return Results.read(results);
    } finally {
      Files.delete(results);
    }
  }
}
