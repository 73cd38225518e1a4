package io.groupota;

/** A value of the request is missing or malformed; nothing has changed. Correct the named field. */
public final class InvalidRequestException extends OtaException {
  private static final long serialVersionUID = 1L;

  /** The name of the offending field. */
  private final String field;

  /**
   * Says which field is wrong, and how.
   *
   * @param field the name of the field
   * @param message what is wrong with it, fit for an end user
   */
  public InvalidRequestException(String field, String message) {
    super(message, null);
    this.field = field;
  }

  /**
   * The offending field.
   *
   * @return its name
   */
  public String field() {
    return field;
  }
}
