package io.groupota.spi;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Tells devices to check for an update. Thread-safe. Called by the dispatcher, never within a
 * database transaction; at least once per trigger, so a trigger may be sent twice. Prove one with
 * {@code UpdateNotifierContract}.
 */
@FunctionalInterface
public interface UpdateNotifier {
  /**
   * Sends one trigger without waiting for it. Implementations bound what is in flight and fail
   * rather than queue without limit. The message must not be retained by a broker: a device
   * reconnects while it checks, and would be triggered again for ever.
   *
   * @param trigger what to send
   * @return completes when the message is handed over (to the broker, say), or exceptionally when
   *     it is not: with {@link io.groupota.TriggerRefusedException} if that is this receiver's
   *     fault and trying again is in vain, else it is sent again (to a device of a rollout for as
   *     long as {@link io.groupota.rollout.DeviceLimits#reactWithin()}); the service also gives up
   *     by itself after its configured time
   */
  CompletionStage<?> trigger(UpdateTrigger trigger);

  /**
   * A notifier that sends nothing, for hosts whose devices only poll.
   *
   * @return the notifier
   */
  static UpdateNotifier none() {
    return trigger -> CompletableFuture.completedFuture(null);
  }
}
