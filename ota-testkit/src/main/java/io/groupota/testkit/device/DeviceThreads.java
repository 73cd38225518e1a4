package io.groupota.testkit.device;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The threads that devices share. They start with the first task. */
final class DeviceThreads implements AutoCloseable {
  /** Threads of the MQTT client, of the whole fleet. */
  static final int MQTT_THREADS = 2;

  private static final Logger log = LoggerFactory.getLogger(DeviceThreads.class);
  private static final int TIMER_THREADS = 2;
  private static final int CLOSE_SECONDS = 10;

  /** Every thread that was started here and may still run. */
  private final Set<Thread> started = ConcurrentHashMap.newKeySet();

  private final ScheduledExecutorService timer;
  private final boolean ownTimer;
  private final ThreadPoolExecutor downloads;
  private final ExecutorService mqtt;

  /** Uses a given timer, which stays open, or its own; downloads so many files at a time. */
  DeviceThreads(@Nullable ScheduledExecutorService timer, int downloads) {
    this.ownTimer = timer == null;
    this.timer = timer == null ? newTimer() : timer;
    this.downloads =
        new ThreadPoolExecutor(
            downloads,
            downloads,
            1,
            TimeUnit.SECONDS,
            // A device has one request at a time: never longer than the fleet is large.
            new LinkedBlockingQueue<>(),
            named("ota-device-http-"));
    this.downloads.allowCoreThreadTimeOut(true);
    this.mqtt = Executors.newCachedThreadPool(named("ota-device-mqtt-"));
  }

  ScheduledExecutorService timer() {
    return timer;
  }

  ExecutorService downloads() {
    return downloads;
  }

  ExecutorService mqtt() {
    return mqtt;
  }

  /** Lets what runs come to its end; interrupts nobody. */
  @Override
  public void close() {
    end(downloads);
    if (ownTimer) {
      end(timer);
    }
    end(mqtt);
    started.forEach(DeviceThreads::join);
  }

  /** An executor has terminated a little before its last thread has. */
  private static void join(Thread thread) {
    try {
      thread.join(TimeUnit.SECONDS.toMillis(CLOSE_SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void end(ExecutorService threads) {
    threads.shutdown();
    try {
      if (!threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        log.warn("Threads of simulated devices did not end within {} s", CLOSE_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private ScheduledExecutorService newTimer() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(TIMER_THREADS, named("ota-device-timer-"));
    timer.setRemoveOnCancelPolicy(true);
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    return timer;
  }

  private ThreadFactory named(String prefix) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, prefix + number.incrementAndGet());
      thread.setDaemon(true);
      started.removeIf(other -> other.getState() == Thread.State.TERMINATED);
      started.add(thread);
      return thread;
    };
  }
}
