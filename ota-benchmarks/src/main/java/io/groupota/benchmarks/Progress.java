package io.groupota.benchmarks;

import java.io.Console;
import java.io.PrintStream;
import java.util.Locale;

/** Tells a person how far a step is. Used by one thread. */
final class Progress {
  private static final int BAR = 20;
  private static final double STEP = 0.25;

  private final PrintStream out;
  private final boolean terminal;
  private String step = "";
  private double shown;
  private long since;

  /** On a terminal one line is written over and over; elsewhere a line for each quarter. */
  Progress(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** From JDK 22 on there may be a console that is no terminal; only then it can be asked. */
  @SuppressWarnings("SystemConsoleNull")
  static boolean isTerminal() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      return (Boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException e) {
      return true;
    }
  }

  /** Begins a step, in the place of the one before. */
  Progress step(String text) {
    step = text;
    shown = Double.NEGATIVE_INFINITY;
    since = System.nanoTime();
    at(0);
    return this;
  }

  /** How much of the step is done. */
  void at(double fraction) {
    double part = Math.min(1, fraction);
    if (terminal || part >= shown + STEP || (part >= 1 && shown < 1)) {
      shown = part;
      print(part);
    }
  }

  void done() {
    at(1);
    if (terminal) {
      out.println();
    }
  }

  private void print(double fraction) {
    int full = (int) (BAR * fraction);
    String line =
        String.format(
            Locale.ROOT,
            "[%s%s] %3d %% %5.1f s  %s",
            "#".repeat(full),
            ".".repeat(BAR - full),
            (int) (100 * fraction),
            (System.nanoTime() - since) / 1e9,
            step);
    if (terminal) {
      out.print("\r" + line + "\u001b[K");
    } else {
      out.println(line);
    }
    out.flush();
  }
}
