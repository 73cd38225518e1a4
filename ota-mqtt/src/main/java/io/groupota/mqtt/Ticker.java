package io.groupota.mqtt;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs one small task every interval and whenever nudged, in one thread of its own. */
final class Ticker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Ticker.class);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

  private final ScheduledThreadPoolExecutor executor;
  private final Duration interval;
  private final Runnable task;
  private @Nullable ScheduledFuture<?> ticks;
  private boolean closed;

  Ticker(String threadName, Duration interval, Runnable task) {
    this.interval = interval;
    this.task = task;
    // The thread itself is made with the first task, in start().
    this.executor =
        new ScheduledThreadPoolExecutor(
            1,
            body -> {
              Thread thread = new Thread(body, threadName);
              thread.setDaemon(true);
              return thread;
            },
            new ThreadPoolExecutor.DiscardPolicy());
  }

  synchronized void start() {
    if (closed) {
      throw new IllegalStateException("Closed already: make a new one");
    }
    if (ticks == null) {
      ticks =
          executor.scheduleWithFixedDelay(
              this::runSafely, 0, interval.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  /** Runs the task soon. For any thread, the client's included. */
  void nudge() {
    executor.execute(this::runSafely);
  }

  private void runSafely() {
    try {
      task.run();
    } catch (RuntimeException e) {
      LOG.warn("The MQTT client failed; trying again", e);
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    executor.shutdownNow();
    try {
      executor.awaitTermination(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
