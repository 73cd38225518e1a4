package io.groupota.internal;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Something that is worked out in a thread of its own while its caller is busy with what comes
 * before it, or by the caller in the end if the system has no thread to spare. Whoever begins it
 * takes the result, so that the thread does not outlive its caller.
 */
final class Ahead<T> {
  private static final Logger LOG = LoggerFactory.getLogger(Ahead.class);

  private final FutureTask<T> task;
  private final boolean hasThread;

  private Ahead(FutureTask<T> task, boolean hasThread) {
    this.task = task;
    this.hasThread = hasThread;
  }

  /**
   * Begins.
   *
   * @param thread the name of the thread
   * @param work what to do there
   */
  static <T> Ahead<T> begin(String thread, Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    return new Ahead<>(task, start(thread, task));
  }

  private static boolean start(String name, Runnable task) {
    try {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      thread.start();
      return true;
    } catch (OutOfMemoryError e) {
      // The JVM says so for want of threads, too.
      LOG.debug("There is no thread for {}", name, e);
      return false;
    }
  }

  /** Waits for the result, or throws what the work threw. An interrupt can wait. */
  T result() {
    if (!hasThread) {
      task.run();
    }
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw unchecked(e);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RuntimeException unchecked(ExecutionException failure) {
    if (failure.getCause() instanceof Error error) {
      throw error;
    }
    return failure.getCause() instanceof RuntimeException unchecked
        ? unchecked
        : new IllegalStateException(failure);
  }
}
