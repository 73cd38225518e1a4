package io.groupota.benchmarks;

import io.groupota.examples.cli.UsageException;
import io.groupota.examples.cli.Values;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the user asks for. Immutable.
 *
 * @param suites which ones to run, in this order
 * @param json where the results go too
 * @param quick whether a smoke run is enough
 * @param seed what the data sets depend on
 * @param database the JDBC URL of a PostgreSQL, which may hold a password
 * @param nginx the program
 * @param action what to do
 */
record Options(
    List<Suite> suites,
    Optional<Path> json,
    boolean quick,
    long seed,
    Optional<String> database,
    Optional<Path> nginx,
    Action action) {
  private static final long SEED = 5;

  enum Action {
    RUN,
    HELP,
    LIST
  }

  static final String HELP =
      """
      Group OTA benchmarks: what the library costs, each figure beside the limit of this machine that
      is measured in the same run. All of them take about 12 minutes on 2 cores.

      java -jar ota-benchmarks/target/benchmarks.jar [SUITE...]

        --json FILE    write the results there too
        --quick        a small run of everything in about a minute, to see that it works
        --seed N       other data sets; the same seed gives the same ones (default 5)
        --db JDBC_URL  this PostgreSQL instead of an embedded one, with user and password in the URL;
                       schemas named ota_bench_* are created and dropped in it
        --nginx PATH   this nginx instead of the one on the PATH; without one it is left out
        --list         the suites
        --help         this text

      ratio is the median of value per limit of each round. No target fails a run.
      Exit code: 2 malformed options, 1 a suite failed, 0 all ran.
      """;

  static Options parse(String[] args) {
    Set<Suite> suites = new LinkedHashSet<>();
    Path json = null;
    boolean quick = false;
    long seed = SEED;
    String database = null;
    Path nginx = null;
    Action action = Action.RUN;
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--help" -> action = Action.HELP;
        case "--list" -> action = action == Action.HELP ? action : Action.LIST;
        case "--quick" -> quick = true;
        case "--json" -> json = file(args, ++i);
        case "--seed" -> seed = number(args, ++i);
        case "--db" -> database = database(value(args, ++i));
        case "--nginx" -> nginx = program(args, ++i);
        default -> suites.add(suite(args[i]));
      }
    }
    return new Options(
        suites.isEmpty() ? Suites.ALL : List.copyOf(suites),
        Optional.ofNullable(json),
        quick,
        seed,
        Optional.ofNullable(database),
        Optional.ofNullable(nginx),
        action);
  }

  private static Suite suite(String name) {
    if (name.startsWith("-")) {
      throw new UsageException("Unknown option " + name + ", see --help");
    }
    return Suites.ALL.stream()
        .filter(suite -> suite.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new UsageException("There is no suite " + name + ", see --list"));
  }

  private static String value(String[] args, int at) {
    if (at >= args.length || args[at].startsWith("--")) {
      throw new UsageException(args[at - 1] + " needs a value, see --help");
    }
    return args[at];
  }

  private static Path path(String[] args, int at) {
    try {
      return Values.path(value(args, at));
    } catch (IllegalArgumentException e) {
      throw new UsageException(args[at - 1] + ": " + e.getMessage());
    }
  }

  private static Path file(String[] args, int at) {
    Path file = path(args, at);
    @Nullable Path folder = file.toAbsolutePath().getParent();
    if (Files.isDirectory(file) || folder == null || !Files.isDirectory(folder)) {
      throw new UsageException(args[at - 1] + " " + file + ": no file can be written there");
    }
    return file;
  }

  private static Path program(String[] args, int at) {
    Path program = path(args, at);
    if (!Files.isRegularFile(program) || !Files.isExecutable(program)) {
      throw new UsageException(args[at - 1] + " " + program + ": no program");
    }
    return program;
  }

  private static long number(String[] args, int at) {
    try {
      return Long.parseLong(value(args, at));
    } catch (NumberFormatException e) {
      throw new UsageException(args[at - 1] + " " + args[at] + ": not a whole number");
    }
  }

  /** The message does not repeat the URL, which may hold a password. */
  private static String database(String url) {
    if (!url.startsWith("jdbc:postgresql:")) {
      throw new UsageException(
          "--db: not a JDBC URL of PostgreSQL (jdbc:postgresql://HOST/DATABASE)");
    }
    return url;
  }

  /** The same for one suite in a process of its own. */
  List<String> forSuite(Suite suite, String databaseUrl, Path results) {
    List<String> args = new ArrayList<>(List.of(suite.name(), "--json", results.toString()));
    args.addAll(List.of("--seed", Long.toString(seed), "--db", databaseUrl));
    nginx.ifPresent(program -> args.addAll(List.of("--nginx", program.toString())));
    if (quick) {
      args.add("--quick");
    }
    return args;
  }

  /** Hides the URL of the database, which may hold a password. */
  @Override
  public String toString() {
    return "Options[suites="
        + suites.stream().map(Suite::name).toList()
        + ", json="
        + json
        + ", quick="
        + quick
        + ", seed="
        + seed
        + ", nginx="
        + nginx
        + ", action="
        + action
        + "]";
  }
}
