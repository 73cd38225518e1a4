package io.groupota.examples.stack;

import java.util.Deque;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What was started, to be closed in the opposite order. Thread-safe. */
final class Parts implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Parts.class);

  private final Deque<AutoCloseable> running = new ConcurrentLinkedDeque<>();

  <T extends AutoCloseable> T opened(T part) {
    running.push(part);
    return part;
  }

  /** Closes every part once, whatever happens to the others. */
  @Override
  public void close() {
    for (AutoCloseable part = running.poll(); part != null; part = running.poll()) {
      try {
        part.close();
      } catch (CompletionException e) {
        LOG.debug("A part never started", e);
      } catch (Exception e) {
        LOG.warn("A part did not stop cleanly: {}", part.getClass().getSimpleName(), e);
      }
    }
  }
}
