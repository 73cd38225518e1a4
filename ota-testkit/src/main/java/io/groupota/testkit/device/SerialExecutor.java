package io.groupota.testkit.device;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the tasks of one device one after the other in threads that many devices share, so that the
 * state of a device needs no lock.
 */
final class SerialExecutor implements Executor {
  private static final Logger log = LoggerFactory.getLogger(SerialExecutor.class);

  private final Executor threads;
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private boolean running;

  SerialExecutor(Executor threads) {
    this.threads = threads;
  }

  /** Runs a task later, or never if the threads have ended: nothing is left to be done then. */
  @Override
  public synchronized void execute(Runnable task) {
    tasks.add(task);
    if (!running) {
      running = true;
      handOver();
    }
  }

  private void handOver() {
    try {
      threads.execute(this::runOne);
    } catch (RejectedExecutionException e) {
      log.debug("The threads of the simulated devices have ended, {} tasks dropped", tasks.size());
      tasks.clear();
      running = false;
    }
  }

  /** One task per turn, so that a busy device does not hold up the others. */
  private void runOne() {
    Runnable task = next();
    try {
      if (task != null) {
        task.run();
      }
    } catch (RuntimeException e) {
      log.error("A simulated device failed", e);
    } finally {
      goOn();
    }
  }

  private synchronized @Nullable Runnable next() {
    return tasks.poll();
  }

  private synchronized void goOn() {
    if (tasks.isEmpty()) {
      running = false;
    } else {
      handOver();
    }
  }
}
