package io.groupota;

/** The plan of the owner has no group OTA; nothing has changed. */
public final class NotEntitledException extends OtaException {
  private static final long serialVersionUID = 1L;

  /** The owner. */
  private final transient OwnerId owner;

  /**
   * Names the owner.
   *
   * @param owner the owner whose plan does not allow the call
   */
  public NotEntitledException(OwnerId owner) {
    super("Group OTA update is not available in free model. Please upgrade your account.", null);
    this.owner = owner;
  }

  /**
   * The owner whose plan does not allow the call.
   *
   * @return the owner
   */
  public OwnerId owner() {
    return owner;
  }
}
