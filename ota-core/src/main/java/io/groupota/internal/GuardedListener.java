package io.groupota.internal;

import io.groupota.event.OtaEvent;
import io.groupota.spi.OtaListener;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listener whose failures end here: logged when they begin and when they are over, per kind of
 * event, since a rollout has thousands of one kind.
 */
final class GuardedListener implements OtaListener {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedListener.class);

  private final OtaListener listener;
  private final ConcurrentMap<Class<?>, Integer> failures = new ConcurrentHashMap<>();

  GuardedListener(OtaListener listener) {
    this.listener = listener;
  }

  @Override
  public void onEvent(OtaEvent event) {
    try {
      listener.onEvent(event);
    } catch (RuntimeException | Error e) {
      failed(event, e);
      return;
    }
    @Nullable Integer before = failures.isEmpty() ? null : failures.remove(event.getClass());
    if (before != null) {
      LOG.info("{} takes {} again after {} failures", name(), kind(event), before);
    }
  }

  private void failed(OtaEvent event, Throwable failure) {
    if (failures.merge(event.getClass(), 1, Integer::sum) == 1) {
      LOG.warn(
          "{} failed at {}; it is called again with the next event: {}",
          name(),
          kind(event),
          failure.getMessage(),
          failure);
    }
  }

  String name() {
    return "The listener " + listener.getClass().getName();
  }

  private static String kind(OtaEvent event) {
    return event.getClass().getSimpleName();
  }
}
