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
 *
 * <p>Its own reconnect subscribes anew where the session is lost, and if the broker refuses that,
 * the client drops the flow and tells nobody. So a new connection is a reason to doubt: the first
 * message that comes in on it proves that the flow is there; where none does, this subscribes anew
 * and hears the answer. It does not do so at once, since there may be much under way in a flow that
 * is well, which would be lost, or come twice, with the change to another.
 */
final class DeviceSubscription {
  private static final Duration FIRST_RETRY = Duration.ofMillis(500);
  private static final Duration LAST_RETRY = Duration.ofSeconds(30);
  private static final Duration GRANT_TIMEOUT = Duration.ofSeconds(30);

  /**
   * What comes in before may be from the connection before, or be overtaken by a refusal: it proves
   * nothing.
   */
  private static final Duration SETTLING = Duration.ofSeconds(4);

  /** A device repeats its status every 5 s: from settling on, one is heard by then. */
  private static final Duration DOUBT = Duration.ofSeconds(10);

  /**
   * The client keeps an entry of each SUBSCRIBE until the filter is unsubscribed, and repeats those
   * of shared subscriptions when it reconnects. Not unsubscribed each time, since the broker then
   * has no subscription for a moment.
   */
  private static final int RENEWALS_KEPT = 32;

  private final MqttPort port;
  private final String filter;
  private final MqttQos qos;
  private final MessageHandler handler;
  private final Runnable onEnd;
  private final Backoff backoff;
  private int renewals;
  private volatile @Nullable Attempt attempt;

  /** One that was granted and may still deliver, until {@link #attempt} is granted. */
  private volatile @Nullable Attempt former;

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
    Object connection = port.connection();
    if (connection == null) {
      return failed;
    }
    if (current == null) {
      if (backoff.due(now)) {
        subscribe(connection, now);
      }
    } else if (current.isDoubtful(connection, now)) {
      renew(current, connection, now);
    }
    return failed;
  }

  private void subscribe(Object connection, long now) {
    Attempt next = new Attempt(connection, now);
    attempt = next;
    next.flow = port.subscribe(filter, qos, next);
  }

  /** The broker replaces the subscription, if it has it, without a gap. */
  private void renew(Attempt current, Object connection, long now) {
    former = current;
    renewals++;
    if (renewals % RENEWALS_KEPT == 0) {
      // If it fails, there is one entry more until the next time.
      CompletableFuture<?> unused = port.unsubscribe(filter);
    }
    subscribe(connection, now);
  }

  private void cancelFormer() {
    Attempt old = former;
    former = null;
    if (old != null) {
      old.cancel();
    }
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
    boolean ended = last == null || last.end.isDone();
    if (!port.isConnected() || (ended && former == null)) {
      return CompletableFuture.completedFuture(null);
    }
    CompletableFuture<?> unsubscribed = port.unsubscribe(filter);
    // The answer overtakes messages that came before it and still wait in the client. A former flow
    // is not waited for: the client may have dropped it, and there is silence in it.
    return last == null || ended ? unsubscribed : unsubscribed.thenCompose(done -> last.end);
  }

  /** Takes no more messages, whatever the broker still sends. */
  void cancel() {
    Attempt last = attempt;
    attempt = null;
    if (last != null) {
      last.cancel();
    }
    cancelFormer();
  }

  /** One SUBSCRIBE and what came of it; what a former one still says changes nothing. */
  private final class Attempt implements MqttPort.Receiver {
    private final long since;
    private final CompletableFuture<Boolean> end = new CompletableFuture<>();

    /** That on which it is known to deliver, once it is granted. */
    private Object connection;

    /** A later one, on which it may deliver or not. */
    private @Nullable Object doubted;

    private long doubtedSince;
    private boolean settled;
    private volatile boolean heard;
    private volatile boolean granted;
    private volatile MqttPort.@Nullable Flow flow;

    Attempt(Object connection, long since) {
      this.connection = connection;
      this.since = since;
    }

    /** Whether it has had its time to prove that it delivers on a connection, and did not. */
    boolean isDoubtful(Object current, long now) {
      if (!granted || current == connection) {
        return false;
      }
      if (current != doubted) {
        doubted = current;
        doubtedSince = now;
        settled = false;
      } else if (!settled) {
        settled = now - doubtedSince >= SETTLING.toNanos();
        heard = false;
      } else if (heard) {
        connection = current;
      } else {
        return now - doubtedSince >= DOUBT.toNanos();
      }
      return false;
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
      cancelFormer();
    }

    @Override
    public void message(String topic, Optional<ByteBuffer> payload, boolean retained) {
      heard = true;
      handler.message(topic, payload, retained);
    }

    @Override
    public void ended() {
      end.complete(true);
      onEnd.run();
    }
  }
}
