package io.groupota.examples.stack;

/** The server cannot start; the message is one line for the user. Nothing is left running. */
public final class StartupException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Says why.
   *
   * @param message names the option to change or the next step; line breaks become spaces
   * @param cause what failed
   */
  public StartupException(String message, Throwable cause) {
    super(message.replaceAll("\\p{Cntrl}+", " "), cause);
  }

  /**
   * Says why.
   *
   * @param message names the option to change or the next step; line breaks become spaces
   */
  public StartupException(String message) {
    super(message.replaceAll("\\p{Cntrl}+", " "));
  }
}
