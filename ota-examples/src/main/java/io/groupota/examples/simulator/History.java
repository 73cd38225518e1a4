package io.groupota.examples.simulator;

import java.util.ArrayList;
import java.util.List;

/**
 * The course of a rollout, however long, in a bounded number of samples: the moments at which it
 * turned, and others at equal distances. Not thread-safe.
 */
final class History {
  private static final int MOST = 4_000;

  private final List<Sample> samples = new ArrayList<>();
  private long gap = 1;

  void add(Sample sample) {
    if (samples.isEmpty() || isWorthKeeping(sample, last())) {
      samples.add(sample);
    }
    if (samples.size() > MOST) {
      thin();
    }
  }

  /** Adds the end, however soon after the sample before. */
  void end(Sample sample) {
    if (samples.isEmpty() || !last().equals(sample)) {
      samples.add(sample);
    }
  }

  private Sample last() {
    return samples.get(samples.size() - 1);
  }

  private boolean isWorthKeeping(Sample sample, Sample before) {
    return sample.isTurn(before) || sample.at().minus(before.at()).toMillis() >= gap;
  }

  private void thin() {
    Sample first = samples.get(0);
    Sample last = last();
    gap = Math.max(2 * gap, 2 * last.at().minus(first.at()).toMillis() / MOST);
    List<Sample> all = List.copyOf(samples);
    samples.clear();
    samples.add(first);
    for (Sample sample : all.subList(1, all.size())) {
      if (isWorthKeeping(sample, last())) {
        samples.add(sample);
      }
    }
  }

  List<Sample> samples() {
    return List.copyOf(samples);
  }
}
