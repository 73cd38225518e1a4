package io.groupota.mqtt;

import com.hivemq.client.mqtt.MqttClientSslConfig;
import com.hivemq.client.mqtt.MqttClientTransportConfig;
import com.hivemq.client.mqtt.MqttWebSocketConfig;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a client that this library made connected. Not done with the client's own reconnect: that
 * one can neither be stopped while it waits, nor does it fail the publishes of a lost session.
 */
final class OwnConnection implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OwnConnection.class);
  private static final Duration CHECK_INTERVAL = Duration.ofMillis(100);
  private static final Duration FIRST_RETRY = Duration.ofMillis(500);
  private static final Duration LAST_RETRY = Duration.ofSeconds(30);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

  /** A broker that accepts a client and drops it at once is not to be asked without a pause. */
  private static final Duration STABLE = Duration.ofSeconds(5);

  private final MqttPort port;
  private final OwnThreads threads;
  private final int keepAliveSeconds;
  private final String broker;
  private final Ticker ticker;
  private final Backoff backoff;
  private @Nullable CompletableFuture<?> connecting;
  private long connectedAt;
  private boolean connected;
  private volatile boolean closed;

  OwnConnection(MqttPort port, OwnThreads threads, Duration keepAlive, String broker) {
    this.port = port;
    this.threads = threads;
    this.keepAliveSeconds = Math.toIntExact(keepAlive.toSeconds());
    this.broker = broker;
    this.backoff = new Backoff(FIRST_RETRY, LAST_RETRY, System.nanoTime());
    this.ticker = new Ticker("ota-mqtt-link", CHECK_INTERVAL, this::ensureConnected);
  }

  static MqttClientTransportConfig transport(
      String host, int port, @Nullable MqttClientSslConfig tls, boolean webSocket) {
    return MqttClientTransportConfig.builder()
        .serverHost(host)
        .serverPort(port)
        .sslConfig(tls)
        .webSocketConfig(
            webSocket ? MqttWebSocketConfig.builder().serverPath("mqtt").build() : null)
        .socketConnectTimeout(CONNECT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
        .mqttConnectTimeout(CONNECT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
        .build();
  }

  void start() {
    ticker.start();
  }

  /** Holds the lock, so that {@link #close} sees every attempt that it did not prevent. */
  private synchronized void ensureConnected() {
    long now = System.nanoTime();
    CompletableFuture<?> attempt = connecting;
    if (attempt != null && !attempt.isDone()) {
      return;
    }
    if (attempt != null) {
      connecting = null;
      settled(attempt, now);
    }
    if (connected && !port.isConnected()) {
      lost(now);
    }
    if (!connected && backoff.due(now) && !closed) {
      connecting = port.connect(keepAliveSeconds).thenCompose(done -> leaveIfClosed());
    }
  }

  private void settled(CompletableFuture<?> attempt, long now) {
    Throwable failure = attempt.handle((done, thrown) -> thrown).join();
    if (failure == null) {
      connected = true;
      connectedAt = now;
      LOG.info("Connected to {}", broker);
    } else {
      backoff.failed(now);
      LOG.warn("Could not connect to {}, trying again: {}", broker, reason(failure));
    }
  }

  private static String reason(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null
        ? cause.toString()
        : failure.toString();
  }

  private void lost(long now) {
    connected = false;
    if (now - connectedAt > STABLE.toNanos()) {
      backoff.succeeded();
    }
    backoff.failed(now);
    LOG.warn("Lost the connection to {}: connecting again", broker);
  }

  /** Closed while it connected: whoever comes second sees the other. */
  private CompletableFuture<?> leaveIfClosed() {
    return closed ? port.disconnect() : CompletableFuture.completedFuture(null);
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    ticker.close();
    long deadline = System.nanoTime() + CLOSE_TIMEOUT.toNanos();
    // An attempt that is under way takes leave by itself; a second leave at once would fail.
    CompletableFuture<?> attempt = lastAttempt();
    await(attempt, deadline);
    if (attempt.isDone() && port.isConnected()) {
      await(port.disconnect(), deadline);
    }
    endThreadsAfter(attempt);
  }

  /** It needs them to take leave. It does settle, at the latest when the connect times out. */
  private void endThreadsAfter(CompletionStage<?> attempt) {
    attempt.whenComplete((done, failure) -> threads.close());
  }

  private synchronized CompletableFuture<?> lastAttempt() {
    CompletableFuture<?> attempt = connecting;
    return attempt == null ? CompletableFuture.completedFuture(null) : attempt;
  }

  private void await(CompletableFuture<?> leave, long deadline) {
    try {
      leave.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("Could not take leave of {}", broker, e);
    }
  }
}
