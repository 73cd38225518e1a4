package io.groupota.examples.quickstart;

/** The quickstart, a program. */
public final class Quickstart {
  private Quickstart() {}

  /**
   * Runs it.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    System.out.println("x");
  }
}
