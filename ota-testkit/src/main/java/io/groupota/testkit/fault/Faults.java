package io.groupota.testkit.fault;

import io.groupota.testkit.fault.FaultyProxy.Ending;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What is wrong at the moment. Thread-safe; pieces of data wait in here. */
final class Faults {
  private boolean hanging;
  private Duration delay = Duration.ZERO;
  private @Nullable Ending ending;
  private long left;

  /** How much of a reply is forwarded, and what becomes of its connection afterwards. */
  record Passage(int bytes, @Nullable Ending ending) {}

  synchronized void hang() {
    hanging = true;
  }

  synchronized void delay(Duration wanted) {
    delay = wanted;
  }

  synchronized void cutAfter(long bytes, Ending wanted) {
    left = bytes;
    ending = wanted;
  }

  synchronized void none() {
    hanging = false;
    delay = Duration.ZERO;
    ending = null;
    notifyAll();
  }

  /** Tells those who wait that their connection may have ended. */
  synchronized void wake() {
    notifyAll();
  }

  /** Waits as long as data is held back; returns at once when its connection has ended. */
  synchronized void pass(Link link) {
    long end = System.nanoTime() + delay.toNanos();
    while (!link.hasEnded()) {
      long millis = Math.floorDiv(end - System.nanoTime() + 999_999, 1_000_000);
      boolean delayed = !delay.isZero() && millis > 0;
      if (!hanging && !delayed) {
        return;
      }
      try {
        wait(hanging ? 0 : millis);
      } catch (InterruptedException e) {
        // Nobody of ours interrupts this thread.
        link.end(false);
        return;
      }
    }
  }

  /** Waits until a connection that is silent for ever has ended. */
  synchronized void awaitEnd(Link link) {
    while (!link.hasEnded()) {
      try {
        wait();
      } catch (InterruptedException e) {
        link.end(false);
      }
    }
  }

  synchronized Passage reply(int bytes) {
    Ending wanted = ending;
    if (wanted == null) {
      return new Passage(bytes, null);
    }
    if (bytes <= left) {
      left -= bytes;
      return new Passage(bytes, null);
    }
    ending = null;
    return new Passage((int) left, wanted);
  }
}
