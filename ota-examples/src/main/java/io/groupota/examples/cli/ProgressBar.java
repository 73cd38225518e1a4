package io.groupota.examples.cli;

import java.io.Console;
import java.io.PrintStream;
import java.util.Locale;

/**
 * A progress bar for people: on a terminal one line that is written over and over, elsewhere a line
 * for each tenth. Used by one thread.
 */
public final class ProgressBar {
  private static final int WIDTH = 30;
  private static final double STEP = 0.1;
  private static final long REDRAW_NANOS = 100_000_000;

  private final PrintStream out;
  private final boolean terminal;
  private double shown = -1;
  private long shownAt;
  private boolean open;

  private ProgressBar(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /**
   * A bar that is not shown yet.
   *
   * @param out where to
   * @return the bar
   */
  public static ProgressBar on(PrintStream out) {
    return new ProgressBar(out, isTerminal());
  }

  /** From JDK 22 on there may be a console that is no terminal; only then it can be asked. */
  @SuppressWarnings("SystemConsoleNull")
  private static boolean isTerminal() {
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

  /**
   * Shows how far things are.
   *
   * @param fraction 0 to 1
   * @param text what stands behind the bar
   */
  public void show(double fraction, String text) {
    boolean done = fraction >= 1 && shown < 1;
    if (!done && isTooSoon(fraction)) {
      return;
    }
    shown = fraction;
    shownAt = System.nanoTime();
    int full = (int) (WIDTH * fraction);
    String bar = "[" + "#".repeat(full) + ".".repeat(WIDTH - full) + "]";
    String line = String.format(Locale.ROOT, "%s %3d %%  %s", bar, (int) (100 * fraction), text);
    if (terminal) {
      out.print("\r" + line + "\u001b[K");
      out.flush();
      open = true;
    } else {
      out.println(line);
    }
  }

  private boolean isTooSoon(double fraction) {
    return terminal
        ? shown >= 0 && System.nanoTime() - shownAt < REDRAW_NANOS
        : fraction < shown + STEP;
  }

  /** Leaves the line. */
  public void end() {
    if (open) {
      out.println();
      open = false;
    }
  }
}
