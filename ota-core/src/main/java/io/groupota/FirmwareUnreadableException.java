package io.groupota;

/**
 * The source of the firmware failed while it was read (a client that went away, a file that
 * vanished); nothing has changed.
 */
public final class FirmwareUnreadableException extends OtaException {
  private static final long serialVersionUID = 1L;

  /**
   * Wraps the failure of the source.
   *
   * @param cause what the source threw
   */
  public FirmwareUnreadableException(Throwable cause) {
    super("The firmware could not be read to its end", cause);
  }
}
