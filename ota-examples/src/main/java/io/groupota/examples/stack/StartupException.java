package io.groupota.examples.stack;

/** The server cannot start; the message is one line for the user. Nothing is left running. */
public final class StartupException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Says why.
   *
   * @param message one line that names the option to change or the next step
   * @param cause what failed
   */
  public StartupException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * Says why.
   *
   * @param message one line that names the option to change or the next step
   */
  public StartupException(String message) {
    super(message);
  }
}
