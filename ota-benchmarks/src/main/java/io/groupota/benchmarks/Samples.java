package io.groupota.benchmarks;

import java.util.Arrays;

/** Measured figures. Not thread-safe. */
final class Samples {
  private double[] values = new double[64];
  private int count;

  static double median(double... values) {
    Samples samples = new Samples();
    for (double value : values) {
      samples.add(value);
    }
    return samples.median();
  }

  void add(double value) {
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    values[count++] = value;
  }

  int count() {
    return count;
  }

  double median() {
    double[] sorted = sorted();
    int middle = count / 2;
    return count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** The smallest sample that at least this share of all samples does not exceed. */
  double percentile(double share) {
    double[] sorted = sorted();
    return sorted[Math.max(0, (int) Math.ceil(share * count) - 1)];
  }

  private double[] sorted() {
    if (count == 0) {
      throw new IllegalStateException("Nothing was measured");
    }
    double[] sorted = Arrays.copyOf(values, count);
    Arrays.sort(sorted);
    return sorted;
  }
}
