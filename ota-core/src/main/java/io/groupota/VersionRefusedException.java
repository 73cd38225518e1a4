package io.groupota;

/**
 * The request refuses a downgrade or an equal version, and the served version makes it one; nothing
 * has changed.
 */
public final class VersionRefusedException extends OtaException {
  private static final long serialVersionUID = 1L;

  /** The version that the group serves. */
  private final String served;

  /** The version of the request. */
  private final String requested;

  /**
   * Names both versions.
   *
   * @param served the version that the group serves
   * @param requested the version of the request
   */
  public VersionRefusedException(String served, String requested) {
    super(
        "Version "
            + requested
            + (served.equals(requested) ? " is already served" : " is a downgrade from " + served)
            + "; deploy it without the guard if this is intended",
        null);
    this.served = served;
    this.requested = requested;
  }

  /**
   * The version that the group serves.
   *
   * @return a semantic version
   */
  public String served() {
    return served;
  }

  /**
   * The version of the request.
   *
   * @return a semantic version
   */
  public String requested() {
    return requested;
  }
}
