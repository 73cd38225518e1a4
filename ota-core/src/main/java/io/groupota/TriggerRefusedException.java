package io.groupota;

import org.jspecify.annotations.Nullable;

/**
 * A trigger that will not be handed over however often it is sent: the name of its receiver is no
 * part of a topic, or the broker grants no right to publish to it. An {@link
 * io.groupota.spi.UpdateNotifier} completes with it; the service goes on with the other receivers
 * and does not send this one again by itself, unless it was the only one of its group. A device of
 * a rollout is late then.
 */
public final class TriggerRefusedException extends OtaException {
  private static final long serialVersionUID = 1L;

  /**
   * A refusal.
   *
   * @param message what is wrong with the receiver, and what to do about it
   * @param cause what the client of the broker said, null if it was not asked
   */
  public TriggerRefusedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
