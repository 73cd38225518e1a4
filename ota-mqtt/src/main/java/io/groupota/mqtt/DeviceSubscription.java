package io.groupota.mqtt;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One subscription that comes back by itself. The HiveMQ client ends its flow when the session is
 * lost and not resumed by its own reconnect; {@link #ensure} then subscribes again. Called by one
 * thread, but for {@link #isGranted}.
 */
final class DeviceSubscription {
  private static final Duration FIRST_RETRY = Duration.ofMillis(500);
  private static final Duration LAST_RETRY = Duration.ofSeconds(30);
  private static final Duration GRANT_TIMEOUT = Duration.ofSeconds(30);

  private final MqttPort port;
  private final String filter;
  private final MqttQos qos;
  private final MessageHandler handler;
  private final Runnable onEnd;
  private final Backoff backoff;
  private volatile @Nullable Attempt attempt;

  /** Takes a message, in a thread of the client: never blocks, never throws. */
  @FunctionalInterface
  interface MessageHandler {
    void message(String topic, Optional<ByteBuffer> payload, boolean retained);
  }

  DeviceSubscription(
      MqttPort port, String filter, MqttQos qos, MessageHandler handler, Runnable onEnd) {
    this.port = port;
    this.filter = filter;
    this.qos = qos;
    this.handler = handler;
    this.onEnd = onEnd;
    this.backoff = new Backoff(FIRST_RETRY, LAST_RETRY, System.nanoTime());
  }

  String filter() {
    return filter;
  }

  boolean isGranted() {
    Attempt current = attempt;
    return current != null && current.granted && !current.end.isDone();
  }

  /**
   * Subscribes if that is due.
   *
   * @return whether an attempt has failed since the last call
   */
  boolean ensure(long now) {
    boolean failed = false;
    Attempt current = attempt;
    if (current != null && (current.end.isDone() || current.isOverdue(now))) {
      failed = !current.granted;
      retire(current, now);
      current = null;
    }
    if (current == null && port.isConnected() && backoff.due(now)) {
      Attempt next = new Attempt(now);
      attempt = next;
      next.flow = port.subscribe(filter, qos, next);
    }
    return failed;
  }

  private void retire(Attempt old, long now) {
    old.cancel();
    attempt = null;
    if (old.granted) {
      backoff.succeeded();
    } else {
      backoff.failed(now);
    }
  }

  /**
   * Asks the broker for no more messages, without waiting; some may come in until then.
   *
   * @return completes when the last of them is handed over, exceptionally if the broker refuses
   */
  CompletableFuture<?> unsubscribe() {
    Attempt last = attempt;
    if (last == null || last.end.isDone() || !port.isConnected()) {
      return CompletableFuture.completedFuture(null);
    }
    // The answer overtakes messages that came before it and still wait in the client.
    return port.unsubscribe(filter).thenCompose(done -> last.end);
  }

  /** Takes no more messages, whatever the broker still sends. */
  void cancel() {
    Attempt last = attempt;
    attempt = null;
    if (last != null) {
      last.cancel();
    }
  }

  /** One SUBSCRIBE and what came of it; what a former one still says changes nothing. */
  private final class Attempt implements MqttPort.Receiver {
    private final long since;
    private final CompletableFuture<Boolean> end = new CompletableFuture<>();
    private volatile boolean granted;
    private volatile MqttPort.@Nullable Flow flow;

    Attempt(long since) {
      this.since = since;
    }

    boolean isOverdue(long now) {
      return !granted && now - since > GRANT_TIMEOUT.toNanos();
    }

    void cancel() {
      MqttPort.Flow current = flow;
      if (current != null) {
        current.cancel();
      }
    }

    @Override
    public void granted() {
      granted = true;
    }

    @Override
    public void message(String topic, Optional<ByteBuffer> payload, boolean retained) {
      handler.message(topic, payload, retained);
    }

    @Override
    public void ended() {
      end.complete(true);
      onEnd.run();
    }
  }
}
