package io.groupota.examples.load;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Does something at a rate, catching up when it could not keep it. */
final class Pace {
  private static final int TICKS_PER_SECOND = 100;

  /** One of the things that are done. */
  interface Action {
    void run(int number) throws Exception;
  }

  private Pace() {}

  /**
   * Does something so often.
   *
   * @param perSecond the rate
   * @param seconds for how long, at that rate
   * @param action what to do; is given the number of times before
   * @param tick what to do a hundred times a second besides
   * @return the rate that came out
   */
  static double keep(int perSecond, int seconds, Action action, Runnable tick) throws Exception {
    int total = perSecond * seconds;
    long begin = System.nanoTime();
    int done = 0;
    for (int ticks = 1; done < total; ticks++) {
      int due = (int) Math.min(total, (long) ticks * perSecond / TICKS_PER_SECOND);
      while (done < due) {
        action.run(done++);
      }
      tick.run();
      long next = begin + ticks * TimeUnit.SECONDS.toNanos(1) / TICKS_PER_SECOND;
      while (System.nanoTime() - next < 0) {
        LockSupport.parkNanos(next - System.nanoTime());
      }
    }
    return done / ((System.nanoTime() - begin) / 1e9);
  }
}
