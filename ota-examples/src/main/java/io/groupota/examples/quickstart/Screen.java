package io.groupota.examples.quickstart;

import io.groupota.VersionChange;
import io.groupota.VersionDiff;
import io.groupota.examples.cli.ProgressBar;
import java.io.PrintStream;
import java.util.Locale;

/** Writes for people: headed sections, a table, a progress bar. Used by one thread. */
final class Screen {
  private final PrintStream out;
  private final ProgressBar bar;

  Screen(PrintStream out) {
    this.out = out;
    this.bar = ProgressBar.on(out);
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
    bar.show(fraction, text);
    if (fraction >= 1) {
      bar.end();
    }
  }

  /** Leaves a progress bar that will not be completed. */
  void abandon() {
    bar.end();
  }
}
