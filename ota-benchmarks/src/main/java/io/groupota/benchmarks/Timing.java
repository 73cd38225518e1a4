package io.groupota.benchmarks;

import java.time.Duration;

/** Times calls that take long enough to be timed one by one. */
final class Timing {
  private Timing() {}

  /** Something that is timed. */
  interface Call {
    void run() throws Exception;
  }

  static double medianMicros(Duration time, Call call) throws Exception {
    Samples micros = new Samples();
    long deadline = System.nanoTime() + time.toNanos();
    long end;
    do {
      long begin = System.nanoTime();
      call.run();
      end = System.nanoTime();
      micros.add((end - begin) / 1e3);
    } while (end < deadline);
    return micros.median();
  }

  static double seconds(Call call) throws Exception {
    long begin = System.nanoTime();
    call.run();
    return (System.nanoTime() - begin) / 1e9;
  }
}
