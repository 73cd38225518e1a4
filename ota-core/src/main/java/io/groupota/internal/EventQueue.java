package io.groupota.internal;

import io.groupota.event.OtaEvent;
import io.groupota.spi.OtaListener;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets events wait for a listener that may be slow, and gives them to it one after another: in a
 * thread of its own, or in that of whoever drives the service. Drops what finds the queue full.
 */
final class EventQueue implements OtaListener {
  private static final Logger LOG = LoggerFactory.getLogger(EventQueue.class);

  /** Each event wakes the thread, so it need not look by itself. */
  private static final Duration INTERVAL = Duration.ofMinutes(1);

  /** How long the listener may go on with what waits when the service is closed. */
  private static final Duration FAREWELL = Duration.ofSeconds(10);

  private final GuardedListener listener;
  private final int capacity;
  private final BlockingQueue<OtaEvent> waiting;
  private final Worker worker;
  private final AtomicLong dropped = new AtomicLong();
  private final AtomicBoolean overflows = new AtomicBoolean();
  private volatile boolean closed;

  EventQueue(GuardedListener listener, int capacity) {
    this.listener = listener;
    this.capacity = capacity;
    this.waiting = new LinkedBlockingQueue<>(capacity);
    this.worker = new Worker("ota-events", INTERVAL, this::deliver);
  }

  @Override
  public void onEvent(OtaEvent event) {
    if (!closed && waiting.offer(event)) {
      worker.wake();
      return;
    }
    dropped.incrementAndGet();
    if (overflows.compareAndSet(false, true)) {
      LOG.warn("{} is too slow: {} events wait, more are dropped", listener.name(), capacity);
    }
  }

  void start() {
    worker.start();
  }

  /** Delivers what waits, in the calling thread. */
  void drain() {
    deliver(() -> true);
  }

  private void deliver() {
    deliver(() -> !worker.isStopping());
  }

  private synchronized void deliver(BooleanSupplier goesOn) {
    while (goesOn.getAsBoolean()) {
      @Nullable OtaEvent event = waiting.poll();
      if (event == null) {
        if (overflows.compareAndSet(true, false)) {
          LOG.info("{} has caught up; {} events were dropped so far", listener.name(), dropped());
        }
        return;
      }
      listener.onEvent(event);
    }
  }

  long dropped() {
    return dropped.get();
  }

  /** Ends the thread; then the listener gets what waits, as far as there is time. */
  void close() {
    closed = true;
    worker.stop();
    long deadline = System.nanoTime() + FAREWELL.toNanos();
    deliver(() -> System.nanoTime() - deadline < 0);
    int left = waiting.size();
    if (left > 0) {
      dropped.addAndGet(left);
      waiting.clear();
      LOG.warn("{} did not take its last {} events in time", listener.name(), left);
    }
  }
}
