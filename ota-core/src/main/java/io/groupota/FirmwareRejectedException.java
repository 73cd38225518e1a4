package io.groupota;

/** The file is no firmware that the devices could run; nothing has changed. Upload another file. */
public final class FirmwareRejectedException extends OtaException {
  private static final long serialVersionUID = 1L;

  /** Where the fault was found, in bytes from the start of the file. */
  private final long offset;

  /**
   * Says what is wrong with the file, and where.
   *
   * @param reason what is wrong, fit for an end user
   * @param offset where, in bytes from the start of the file
   */
  public FirmwareRejectedException(String reason, long offset) {
    super("Firmware rejected: " + reason + " (at offset " + offset + ")", null);
    this.offset = offset;
  }

  /**
   * Where the fault was found.
   *
   * @return the offset in bytes from the start of the file
   */
  public long offset() {
    return offset;
  }
}
