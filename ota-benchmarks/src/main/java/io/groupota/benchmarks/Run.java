package io.groupota.benchmarks;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a suite needs of the run that it is part of. Used by one thread. */
final class Run {
  private final boolean quick;
  private final Seed seed;
  private final String database;
  private final Optional<Path> nginx;
  private final Path folder;
  private final Progress progress;
  private final List<Row> rows = new ArrayList<>();

  Run(Options options, String database, Path folder, Progress progress) {
    this.quick = options.quick();
    this.seed = new Seed(options.seed());
    this.nginx = options.nginx();
    this.database = database;
    this.folder = folder;
    this.progress = progress;
  }

  boolean quick() {
    return quick;
  }

  Seed seed() {
    return seed;
  }

  /** Tables of its own, which closing drops. */
  Database database(Suite suite, int connections) {
    return Database.open(database, "ota_bench_" + suite.name(), connections);
  }

  /** For processes that a suite starts. */
  String databaseUrl() {
    return database;
  }

  Optional<Path> nginx() {
    return nginx.or(() -> Programs.find("nginx"));
  }

  /** An empty folder of this suite, deleted when it ends. */
  Path folder() {
    return folder;
  }

  Progress progress(String step) {
    return progress.step(step);
  }

  int count(int full, int small) {
    return quick ? small : full;
  }

  Duration time(double seconds) {
    return Duration.ofMillis((long) (1_000 * (quick ? Math.min(0.4, seconds) : seconds)));
  }

  /** An odd number, so that the median is a measured figure. */
  Duel duel(int rounds) {
    return new Duel(quick ? 1 : rounds);
  }

  void add(Row row) {
    rows.add(row);
  }

  List<Row> rows() {
    return List.copyOf(rows);
  }
}
