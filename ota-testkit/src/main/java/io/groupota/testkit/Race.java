package io.groupota.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Lets threads do something at the same moment and waits for all of them, with a deadline:
 *
 * <pre>{@code
 * List<Outcome> outcomes = Race.of(8, () -> repository.record(entry).outcome());
 * }</pre>
 *
 * <p>The threads are released together. Where the race is deep inside a call, let them wait for
 * each other right there, for example in the stream that the call reads.
 */
public final class Race {
  /** How long a race may take; one that takes longer hangs. */
  public static final Duration DEADLINE = Duration.ofSeconds(60);

  private Race() {}

  /**
   * Lets threads do the same.
   *
   * @param threads how many
   * @param racer what each of them does; called once per thread
   * @param <T> what it results in
   * @return the results
   * @throws Exception what the first thread that failed threw; the other failures are suppressed
   * @throws AssertionError if the race is not over in time; then its threads are interrupted
   */
  public static <T> List<T> of(int threads, Callable<? extends T> racer) throws Exception {
    return of(Collections.nCopies(threads, racer));
  }

  /**
   * Lets threads do different things, one thread for each.
   *
   * @param racers what they do
   * @param <T> what it results in
   * @return the results, in the order of the racers
   * @throws Exception what the first thread that failed threw; the other failures are suppressed
   * @throws AssertionError if the race is not over in time; then its threads are interrupted
   */
  public static <T> List<T> of(List<? extends Callable<? extends T>> racers) throws Exception {
    return of(DEADLINE, racers);
  }

  /**
   * Lets threads do different things, one thread for each, with a deadline of its own.
   *
   * @param deadline how long the race may take
   * @param racers what they do
   * @param <T> what it results in
   * @return the results, in the order of the racers
   * @throws Exception what the first thread that failed threw; the other failures are suppressed
   * @throws AssertionError if the race is not over in time; then its threads are interrupted
   */
  public static <T> List<T> of(Duration deadline, List<? extends Callable<? extends T>> racers)
      throws Exception {
    CyclicBarrier start = new CyclicBarrier(racers.size());
    List<FutureTask<T>> tasks = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (Callable<? extends T> racer : racers) {
      FutureTask<T> task =
          new FutureTask<>(
              () -> {
                start.await();
                return racer.call();
              });
      Thread thread = new Thread(task, "race-" + threads.size());
      thread.setDaemon(true);
      tasks.add(task);
      threads.add(thread);
    }
    threads.forEach(Thread::start);
    try {
      return results(tasks, threads, System.nanoTime() + deadline.toNanos());
    } finally {
      // Nothing to interrupt but after a failure: all others are over.
      threads.forEach(Thread::interrupt);
    }
  }

  private static <T> List<T> results(List<FutureTask<T>> tasks, List<Thread> threads, long deadline)
      throws Exception {
    List<T> results = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    for (int i = 0; i < tasks.size(); i++) {
      try {
        results.add(tasks.get(i).get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS));
      } catch (ExecutionException e) {
        failures.add(e.getCause());
      } catch (TimeoutException e) {
        failures.add(stuck(threads.get(i)));
      }
    }
    if (!failures.isEmpty()) {
      throw joined(failures);
    }
    return results;
  }

  private static AssertionError stuck(Thread thread) {
    AssertionError failure =
        new AssertionError("The race is not over in time; " + thread.getName() + " is at:");
    failure.setStackTrace(thread.getStackTrace());
    return failure;
  }

  /** The first failure, carrying the others; thrown here if it is an error. */
  private static Exception joined(List<Throwable> failures) {
    Throwable first = failures.get(0);
    failures.stream().skip(1).filter(other -> other != first).forEach(first::addSuppressed);
    if (first instanceof Error error) {
      throw error;
    }
    return (Exception) first;
  }
}
