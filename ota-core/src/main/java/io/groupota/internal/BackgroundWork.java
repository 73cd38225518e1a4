package io.groupota.internal;

import io.groupota.event.Work;
import io.groupota.event.WorkFailed;
import io.groupota.event.WorkRecovered;
import java.util.concurrent.atomic.AtomicInteger;

/** Work whose failures are told to the listeners, whichever thread does it. */
final class BackgroundWork implements Runnable {
  private final Work work;
  private final Runnable task;
  private final Events events;
  private final AtomicInteger failures = new AtomicInteger();

  BackgroundWork(Work work, Runnable task, Events events) {
    this.work = work;
    this.task = task;
    this.events = events;
  }

  @Override
  public void run() {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      events.emit(new WorkFailed(events.now(), work, failures.incrementAndGet(), e.toString()));
      throw e;
    }
    int before = failures.getAndSet(0);
    if (before > 0) {
      events.emit(new WorkRecovered(events.now(), work, before));
    }
  }
}
