package io.groupota;

/** The history of the group has no such update; nothing has changed. */
public final class NoSuchUpdateException extends OtaException {
  private static final long serialVersionUID = 1L;

  /** The update that was asked for. */
  private final transient UpdateId update;

  /**
   * Names the update.
   *
   * @param update the update that was asked for
   */
  public NoSuchUpdateException(UpdateId update) {
    super("No such update: " + update, null);
    this.update = update;
  }

  /**
   * The update that was asked for.
   *
   * @return its id
   */
  public UpdateId update() {
    return update;
  }
}
