package io.groupota.spi;

import io.groupota.event.OtaEvent;

/**
 * Learns what happens, for an audit log, webhooks or metrics: one event per change of state. Given
 * to {@link io.groupota.GroupOta.Builder#listener} or {@link
 * io.groupota.GroupOta.Builder#queuedListener}. Thread-safe: several threads call it at once.
 *
 * <p><b>When.</b> After the commit, by the node that made the change, and by that one alone. What
 * failed or was rolled back makes no event. An event is given at most once: a process that dies
 * between the commit and this call loses it, nothing else. What groups should run is never lost,
 * and {@link io.groupota.GroupOtaService#history} has every deploy on record that {@link
 * io.groupota.GroupOta.Builder#retention} keeps.
 *
 * <p><b>In which thread.</b> A {@code listener} is called by the thread that did the work, before
 * that goes on: a deploy by its caller, which gets its answer afterwards; reports of devices by
 * {@code ota-reports}, which saves the next ones afterwards; triggers and clean-up likewise. So it
 * must return quickly (a line in a log, a row, a counter). One that talks to somebody else is a
 * {@code queuedListener}: it has a thread of its own, and a queue that is bounded.
 *
 * <p><b>In which order.</b> A thread's events come in the order of its changes. Those of different
 * threads and nodes come as they do: the {@code Triggered} of a deploy can overtake its {@code
 * Deployed}.
 *
 * <p><b>Errors.</b> What a listener throws does no harm to the work and to other listeners. It is
 * logged when it begins and when it is over, per kind of event, and the event is not given again.
 *
 * <p>A listener may call the service, but not {@code runOnce} or {@code close}.
 */
@FunctionalInterface
public interface OtaListener {
  /**
   * Takes an event. Kinds that it does not know are to be passed over: new ones are added.
   *
   * @param event what happened
   */
  void onEvent(OtaEvent event);
}
