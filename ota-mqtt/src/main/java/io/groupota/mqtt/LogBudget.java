package io.groupota.mqtt;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;

/** Lets one line through per interval, however often something goes wrong. Thread-safe. */
final class LogBudget {
  private static final long INTERVAL = Duration.ofSeconds(10).toNanos();

  private final AtomicLong next = new AtomicLong(System.nanoTime());

  /** Logs the message with a detail, unless a line came less than the interval ago. */
  void debug(Logger logger, String message, Supplier<?> detail) {
    if (!logger.isDebugEnabled()) {
      return;
    }
    long due = next.get();
    long now = System.nanoTime();
    if (now - due >= 0 && next.compareAndSet(due, now + INTERVAL)) {
      logger.debug("{} (at most one such line in 10 s): {}", message, detail.get());
    }
  }
}
