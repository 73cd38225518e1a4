package io.groupota;

/**
 * The file is larger than the configured limit; nothing has changed. Upload a smaller file or raise
 * the limit.
 */
public final class FirmwareTooLargeException extends OtaException {
  private static final long serialVersionUID = 1L;

  /** The limit in bytes. */
  private final long limit;

  /**
   * Says which limit was passed.
   *
   * @param limit the limit in bytes
   */
  public FirmwareTooLargeException(long limit) {
    super("Firmware is larger than the limit of " + limit + " bytes", null);
    this.limit = limit;
  }

  /**
   * The limit that was passed.
   *
   * @return the limit in bytes
   */
  public long limit() {
    return limit;
  }
}
