package io.groupota.benchmarks;

/**
 * Measures a figure and its limit in turn, so that a machine that becomes slower or faster
 * meanwhile does so to both.
 */
final class Duel {
  private final int rounds;

  Duel(int rounds) {
    this.rounds = rounds;
  }

  /** Measures once. */
  interface Measure {
    double run() throws Exception;
  }

  /**
   * What came out.
   *
   * @param value the median of the library
   * @param limit the median of the limit
   * @param ratio the median of the ratios of the rounds, in each of which the library stands beside
   *     the limit that was measured next to it; not the quotient of the other two
   */
  record Outcome(double value, double limit, double ratio) {}

  Outcome run(Progress progress, Measure ours, Measure limit) throws Exception {
    Samples values = new Samples();
    Samples limits = new Samples();
    Samples ratios = new Samples();
    for (int round = 0; round < rounds; round++) {
      progress.at((double) round / rounds);
      double value;
      double bound;
      // Whoever comes second may find things warmer.
      if (round % 2 == 0) {
        bound = limit.run();
        value = ours.run();
      } else {
        value = ours.run();
        bound = limit.run();
      }
      values.add(value);
      limits.add(bound);
      ratios.add(value / bound);
    }
    progress.done();
    return new Outcome(values.median(), limits.median(), ratios.median());
  }
}
