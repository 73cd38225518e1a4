package io.groupota;

/**
 * There is no such group, it belongs to another owner, or the token is wrong: deliberately one
 * exception, so that a caller learns nothing of groups that are not its own. Nothing has changed.
 */
public final class NoSuchGroupException extends OtaException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception. */
  public NoSuchGroupException() {
    super("No such group", null);
  }
}
