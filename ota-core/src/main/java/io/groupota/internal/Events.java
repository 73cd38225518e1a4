package io.groupota.internal;

import io.groupota.event.OtaEvent;
import io.groupota.spi.OtaListener;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** Tells the listeners of a service what happened. Never throws. */
final class Events {
  private final List<OtaListener> listeners = new ArrayList<>();
  private final List<EventQueue> queues = new ArrayList<>();
  private final Clock clock;

  Events(List<Subscription> subscriptions, Clock clock) {
    this.clock = clock;
    for (Subscription subscription : subscriptions) {
      GuardedListener guarded = new GuardedListener(subscription.listener());
      if (subscription.queue().isEmpty()) {
        listeners.add(guarded);
      } else {
        EventQueue queue = new EventQueue(guarded, subscription.queue().getAsInt());
        listeners.add(queue);
        queues.add(queue);
      }
    }
  }

  /** Whether it is worth finding out what an event would say. */
  boolean areHeard() {
    return !listeners.isEmpty();
  }

  void emit(OtaEvent event) {
    listeners.forEach(listener -> listener.onEvent(event));
  }

  /** The time of an event, in the precision of what is recorded. */
  Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }

  void start() {
    queues.forEach(EventQueue::start);
  }

  /** Gives the queued listeners what waits for them. */
  void drain() {
    queues.forEach(EventQueue::drain);
  }

  void close() {
    queues.forEach(EventQueue::close);
  }

  long dropped() {
    return queues.stream().mapToLong(EventQueue::dropped).sum();
  }
}
