package io.groupota.benchmarks;

import java.util.Locale;

/**
 * What a figure should be. No run fails on it.
 *
 * @param subject whether the value or the ratio is meant
 * @param atLeast whether the bound is the least good figure, else it is the largest
 * @param bound the figure
 */
record Target(Subject subject, boolean atLeast, double bound) {
  enum Subject {
    VALUE,
    RATIO
  }

  static Target ratioAtLeast(double bound) {
    return new Target(Subject.RATIO, true, bound);
  }

  static Target ratioAtMost(double bound) {
    return new Target(Subject.RATIO, false, bound);
  }

  static Target atLeast(double bound) {
    return new Target(Subject.VALUE, true, bound);
  }

  static Target atMost(double bound) {
    return new Target(Subject.VALUE, false, bound);
  }

  boolean isMet(double value, double ratio) {
    double figure = subject == Subject.RATIO ? ratio : value;
    return atLeast ? figure >= bound : figure <= bound;
  }

  /** As the table has it, such as {@code ratio >= 0.8}. */
  @Override
  public String toString() {
    String number =
        bound == Math.rint(bound)
            ? String.format(Locale.ROOT, "%,d", (long) bound)
            : String.format(Locale.ROOT, "%s", bound);
    return (subject == Subject.RATIO ? "ratio " : "") + (atLeast ? ">= " : "<= ") + number;
  }
}
