package io.groupota.benchmarks;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A line of the result.
 *
 * @param name the suite, then what of it, in lower case with dots and dashes
 * @param value the figure of the library, a median where it was measured several times
 * @param unit of the value and the limit
 * @param limit the figure of the machine, measured in the same run
 * @param ratio the value per limit: the median of the ratios of the rounds, each against the limit
 *     that was measured next to it, so it need not be the quotient of the two medians
 * @param target what should be reached, in words
 * @param pass whether it was
 */
record Row(
    String name,
    double value,
    String unit,
    OptionalDouble limit,
    OptionalDouble ratio,
    Optional<String> target,
    Optional<Boolean> pass) {
  /** A figure on its own. */
  static Row of(String name, double value, String unit) {
    return new Row(
        name,
        value,
        unit,
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** A figure beside its limit. */
  static Row of(String name, Duel.Outcome outcome, String unit) {
    return new Row(
        name,
        outcome.value(),
        unit,
        OptionalDouble.of(outcome.limit()),
        OptionalDouble.of(outcome.ratio()),
        Optional.empty(),
        Optional.empty());
  }

  /** The same line with a target. */
  Row should(Target aim) {
    return new Row(
        name,
        value,
        unit,
        limit,
        ratio,
        Optional.of(aim.toString()),
        Optional.of(aim.isMet(value, ratio.orElse(Double.NaN))));
  }
}
