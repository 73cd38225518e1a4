package io.groupota.examples.simulator;

import io.groupota.rollout.RolloutDeviceState;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes the course of a rollout as a table: its turns, and as many lines more as much changed. */
final class Timeline {
  private static final int LINES = 40;
  private static final int REGULAR = 24;

  private final PrintStream out;

  Timeline(PrintStream out) {
    this.out = out;
  }

  void print(List<Sample> samples, int stages) {
    out.printf(
        Locale.ROOT,
        "%9s  %-17s %6s %9s %9s %9s %9s %9s %9s %9s%n",
        "time",
        "rollout",
        "stage",
        "queued",
        "in flight",
        "retrying",
        "updated",
        "failed",
        "fell back",
        "left out");
    chosen(samples).forEach(sample -> print(sample, stages));
  }

  private void print(Sample sample, int stages) {
    out.printf(
        Locale.ROOT,
        "%9s  %-17s %6s %9d %9d %9d %9d %9d %9d %9d%n",
        time(sample.at()),
        words(sample.state()),
        sample.stage() + 1 + "/" + stages,
        sample.in(RolloutDeviceState.QUEUED),
        sum(
            sample,
            RolloutDeviceState.ADMITTED,
            RolloutDeviceState.TRIGGERED,
            RolloutDeviceState.DOWNLOADING),
        sample.in(RolloutDeviceState.RETRYING),
        sample.in(RolloutDeviceState.UPDATED),
        sum(
            sample,
            RolloutDeviceState.FAILED,
            RolloutDeviceState.TIMED_OUT,
            RolloutDeviceState.REJECTED),
        sample.in(RolloutDeviceState.FELL_BACK),
        sum(sample, RolloutDeviceState.EXCLUDED, RolloutDeviceState.CANCELED));
  }

  private static long sum(Sample sample, RolloutDeviceState... states) {
    long sum = 0;
    for (RolloutDeviceState state : states) {
      sum += sample.in(state);
    }
    return sum;
  }

  /** The first, the last, each turn, and one whenever a fixed share of all changes has passed. */
  private static List<Sample> chosen(List<Sample> samples) {
    long changes = 0;
    for (int i = 1; i < samples.size(); i++) {
      changes += samples.get(i).distance(samples.get(i - 1));
    }
    long share = Math.max(1, changes / REGULAR);
    List<Sample> chosen = new ArrayList<>();
    long since = 0;
    for (int i = 0; i < samples.size(); i++) {
      Sample sample = samples.get(i);
      boolean turn = i == 0 || i == samples.size() - 1 || sample.isTurn(samples.get(i - 1));
      since += i == 0 ? 0 : sample.distance(samples.get(i - 1));
      if (turn || since >= share) {
        since = turn ? since : since % share;
        chosen.add(sample);
      }
    }
    return thinned(chosen);
  }

  /** Many stages can turn more often than there is room for. */
  private static List<Sample> thinned(List<Sample> chosen) {
    List<Sample> kept = new ArrayList<>();
    int rooms = LINES - 1;
    for (int i = 0; i < rooms && chosen.size() > LINES; i++) {
      kept.add(chosen.get((int) ((long) i * (chosen.size() - 1) / rooms)));
    }
    if (kept.isEmpty()) {
      return chosen;
    }
    kept.add(chosen.get(chosen.size() - 1));
    return kept;
  }

  private static String words(Enum<?> state) {
    return state.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** Days only if there are any. */
  static String time(Duration time) {
    String clock =
        String.format(
            Locale.ROOT,
            "%02d:%02d:%02d",
            time.toHoursPart(),
            time.toMinutesPart(),
            time.toSecondsPart());
    return time.toDays() == 0 ? clock : time.toDays() + "d" + clock;
  }
}
