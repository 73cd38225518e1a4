package io.groupota.examples.cli;

/** The command line, or a file that it names, is wrong; the message is one line for the user. */
public final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Says what is wrong.
   *
   * @param message names the option or the place in the file; line breaks become spaces
   */
  public UsageException(String message) {
    super(message.replaceAll("\\p{Cntrl}+", " "));
  }
}
