package io.groupota.benchmarks;

import io.groupota.examples.cli.UsageException;
import java.io.IOException;
import java.io.PrintStream;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The benchmarks, a program. */
public final class Benchmarks {
  static final String LOGBACK = "io/groupota/benchmarks/logback.xml";

  private static final int FAILED = 1;
  private static final int MISUSED = 2;

  private Benchmarks() {}

  /**
   * Runs suites and prints a table.
   *
   * @param args see {@code --help}
   * @throws Exception if PostgreSQL or the results cannot be used
   */
  public static void main(String[] args) throws Exception {
    System.setProperty("logback.configurationFile", LOGBACK);
    System.exit(run(args, System.out, System.err));
  }

  static int run(String[] args, PrintStream out, PrintStream err) throws Exception {
    Options options;
    try {
      options = Options.parse(args);
    } catch (UsageException e) {
      err.println("benchmarks: " + e.getMessage());
      return MISUSED;
    }
    switch (options.action()) {
      case HELP -> out.print(Options.HELP);
      case LIST ->
          Suites.ALL.forEach(
              suite -> out.printf(Locale.ROOT, "%-10s %s%n", suite.name(), suite.about()));
      case RUN -> {
        return measure(options, out, err) ? 0 : FAILED;
      }
    }
    return 0;
  }

  /** A suite that fails does not keep the others from running. */
  private static boolean measure(Options options, PrintStream out, PrintStream err)
      throws IOException, SQLException, InterruptedException {
    List<Row> rows = new ArrayList<>();
    boolean whole = true;
    Map<String, String> machine;
    try (Postgres postgres = Postgres.open(options.database())) {
      machine = Machine.describe(postgres, options);
      for (Suite suite : options.suites()) {
        try {
          rows.addAll(SuiteProcess.fork(options, suite, postgres.url(), Progress.isTerminal()));
        } catch (IOException e) {
          whole = false;
          err.println("benchmarks: " + e.getMessage());
        }
      }
    }
    Machine.finish(machine);
    machine.forEach((what, value) -> out.println(what + ": " + value));
    out.println();
    out.print(Table.of(rows));
    if (options.json().isPresent()) {
      Results.write(options.json().get(), machine, rows);
    }
    return whole;
  }
}
