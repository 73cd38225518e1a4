package io.groupota.examples.quickstart;

import io.groupota.VersionChange;
import io.groupota.VersionDiff;
import java.io.PrintStream;
import java.util.Locale;

/** Writes for people: headed sections, a table, a progress bar. Used by one thread. */
final class Screen {
  private static final int BAR = 30;
  private static final double STEP = 0.1;

  private final PrintStream out;
  private final boolean terminal;
  private double shown = -1;

  /** On a terminal one line is written over and over; elsewhere a line for each tenth. */
  Screen(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  void head(String text) {
    out.println();
    out.println("== " + text);
  }

  void line(String text) {
    out.println(text);
  }

  void table(VersionDiff diff) {
    out.printf(Locale.ROOT, "%-16s %8s  %s%n", "reported", "devices", "serving " + diff.target());
    for (VersionDiff.Line line : diff.lines()) {
      out.printf(
          Locale.ROOT,
          "%-16s %8d  %s%n",
          line.reported().orElse("(nothing yet)"),
          line.devices(),
          words(line.change()));
    }
  }

  private static String words(VersionChange change) {
    String kind = change.kind().name().toLowerCase(Locale.ROOT).replace('_', '-');
    return switch (change.direction()) {
      case UPGRADE -> "upgrade (" + kind + ")";
      case DOWNGRADE -> "downgrade (" + kind + ")";
      case CURRENT -> "left alone";
      case UNKNOWN -> "unknown, installs it when it asks";
    };
  }

  /** Shows how far things are. */
  void progress(double fraction, String text) {
    boolean done = fraction >= 1;
    if (!terminal && !done && fraction < shown + STEP) {
      return;
    }
    shown = fraction;
    int full = (int) (BAR * fraction);
    String bar = "[" + "#".repeat(full) + ".".repeat(BAR - full) + "]";
    String line = String.format(Locale.ROOT, "%s %3d %%  %s", bar, (int) (100 * fraction), text);
    if (terminal) {
      out.print("\r" + line + "\u001b[K" + (done ? "\n" : ""));
    } else {
      out.println(line);
    }
    out.flush();
  }

  /** Leaves a progress bar that will not be completed. */
  void abandon() {
    if (terminal) {
      out.println();
    }
  }
}
