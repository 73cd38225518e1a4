package io.groupota.benchmarks;

/** Benchmarks that share a data set. Immutable. */
interface Suite {
  /** What it is called on the command line. */
  String name();

  /** One line on what is measured beside what. */
  String about();

  /** Measures, and adds its rows. Leaves nothing running. */
  void run(Run run) throws Exception;
}
