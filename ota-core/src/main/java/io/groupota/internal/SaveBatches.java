package io.groupota.internal;

import io.groupota.DeviceId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * In which batches the devices that wait are saved. Batches that failed come after all others, the
 * one that was tried longest ago first, so that none holds up what could be saved. One that fails
 * while others are saved comes again in halves, until what cannot be saved is alone; once so many
 * fail in a row that it is the storage and not the batch, no more are tried. For one thread.
 */
final class SaveBatches {
  static final int SIZE = 1_000;

  /** Each may have to wait for a timeout of the storage. */
  private static final int ENOUGH = 2;

  private final Deque<List<DeviceId>> fresh = new ArrayDeque<>();
  private final Deque<List<DeviceId>> again = new ArrayDeque<>();

  /** How many of {@link #again} are still to be tried; those behind them failed just now. */
  private int left;

  /** What failed since the last batch was saved. */
  private final List<List<DeviceId>> inARow = new ArrayList<>();

  /** Begins a round of all devices that wait. */
  void begin(Collection<DeviceId> waiting) {
    Set<DeviceId> failed = new HashSet<>();
    again.forEach(failed::addAll);
    List<DeviceId> others = waiting.stream().filter(device -> !failed.contains(device)).toList();
    fresh.clear();
    for (int from = 0; from < others.size(); from += SIZE) {
      fresh.add(others.subList(from, Math.min(others.size(), from + SIZE)));
    }
    left = again.size();
    inARow.clear();
  }

  /** The batch to be tried now, empty if this was the last one of the round. */
  List<DeviceId> next() {
    if (inARow.size() == ENOUGH) {
      return List.of();
    }
    if (!fresh.isEmpty()) {
      return fresh.remove();
    }
    return left-- > 0 ? again.remove() : List.of();
  }

  void failed(List<DeviceId> batch) {
    inARow.add(batch);
  }

  void saved() {
    inARow.forEach(this::halve);
    inARow.clear();
  }

  void end() {
    if (inARow.size() == ENOUGH) {
      again.addAll(inARow);
    } else {
      inARow.forEach(this::halve);
    }
  }

  private void halve(List<DeviceId> batch) {
    int half = batch.size() / 2;
    if (half > 0) {
      again.add(List.copyOf(batch.subList(0, half)));
    }
    again.add(List.copyOf(batch.subList(half, batch.size())));
  }
}
