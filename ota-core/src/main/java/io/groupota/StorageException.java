package io.groupota;

import org.jspecify.annotations.Nullable;

/**
 * The repository, the blob store or the group directory could not be read or written. The call may
 * be repeated. Thrown by implementations of the SPIs; the message says which part failed and
 * carries no secret and no path of the machine.
 */
public final class StorageException extends OtaException {
  private static final long serialVersionUID = 1L;

  /**
   * Wraps the failure of a storage.
   *
   * @param message which part failed, fit for an end user
   * @param cause what it threw
   */
  public StorageException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
