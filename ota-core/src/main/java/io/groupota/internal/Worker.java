package io.groupota.internal;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that does one task again and again: at an interval, and at once when it is woken. A
 * failure of the task is logged when it begins and when it is over, not each time. The thread is
 * never interrupted: an interrupt would close the files of an embedded database.
 */
final class Worker {
  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

  private final String name;
  private final long intervalNanos;
  private final Runnable task;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean awake;
  private volatile boolean stopping;
  private @Nullable Thread thread;
  private int failures;

  Worker(String name, Duration interval, Runnable task) {
    this.name = name;
    this.intervalNanos = interval.toNanos();
    this.task = task;
  }

  /** Does nothing if the thread runs already. */
  void start() {
    if (thread != null) {
      return;
    }
    Thread started = new Thread(this::run, name);
    started.setDaemon(true);
    started.start();
    thread = started;
  }

  void wake() {
    signal(false);
  }

  boolean isStopping() {
    return stopping;
  }

  /** Lets the task end and waits for it. */
  void stop() {
    signal(true);
    Thread running = thread;
    if (running == null) {
      return;
    }
    boolean interrupted = false;
    while (running.isAlive()) {
      try {
        running.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void signal(boolean stop) {
    lock.lock();
    try {
      awake = true;
      stopping |= stop;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    while (!stopping) {
      runTask();
      pause();
    }
  }

  private void runTask() {
    try {
      task.run();
      if (failures > 0) {
        LOG.info("{} works again after {} failures", name, failures);
        failures = 0;
      }
    } catch (RuntimeException | Error e) {
      if (failures++ == 0) {
        LOG.warn("{} failed and will go on trying: {}", name, e.getMessage(), e);
      }
    }
  }

  private void pause() {
    lock.lock();
    try {
      long left = intervalNanos;
      while (!awake && left > 0) {
        left = changed.awaitNanos(left);
      }
      awake = false;
    } catch (InterruptedException e) {
      // Nobody of ours interrupts this thread; a host that does asks it to look again, no more.
      awake = false;
    } finally {
      lock.unlock();
    }
  }
}
