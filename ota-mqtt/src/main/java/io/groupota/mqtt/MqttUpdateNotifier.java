package io.groupota.mqtt;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5PubAckException;
import com.hivemq.client.mqtt.mqtt5.message.publish.puback.Mqtt5PubAckReasonCode;
import io.groupota.InvalidRequestException;
import io.groupota.TriggerRefusedException;
import io.groupota.spi.UpdateNotifier;
import io.groupota.spi.UpdateTrigger;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Triggers devices over MQTT: publishes {@code {"ver":"2.3.6"}} with QoS 1, never retained, to
 * {@code /{mqttUser}/groups/{groupId}/update-trigger} or, for a trigger of one device, to {@code
 * /{mqttUser}/devices/{deviceId}/update-trigger}. Thread-safe; has no threads and nothing to close.
 *
 * <p>Nothing waits here. A trigger that cannot go out now fails at once, and the service sends it
 * again later: when the client is not connected (it would queue without limit), and when {@link
 * Builder#maxInFlight(int)} triggers are under way already. One that the broker does not
 * acknowledge within {@link Builder#timeout(Duration)} fails and makes room; the broker may still
 * deliver it.
 */
public final class MqttUpdateNotifier implements UpdateNotifier {
  /**
   * The client forgets a timed-out publish only when it is acknowledged or the session ends. A
   * broker that stays connected and acknowledges nothing must not fill the heap meanwhile.
   */
  private static final int MAX_UNANSWERED_FACTOR = 10;

  private final MqttPort port;
  private final Duration timeout;
  private final Semaphore slots;
  private final Semaphore memory;

  private MqttUpdateNotifier(Builder builder) {
    this.port = builder.port;
    this.timeout = builder.timeout;
    this.slots = new Semaphore(builder.maxInFlight);
    this.memory = new Semaphore(builder.maxInFlight * MAX_UNANSWERED_FACTOR);
  }

  /**
   * A notifier with the default limits on the host's own client, which it never connects,
   * disconnects or closes.
   *
   * @param client the client
   * @return the notifier
   */
  public static MqttUpdateNotifier using(Mqtt5AsyncClient client) {
    return builder(MqttLink.using(client)).build();
  }

  /**
   * A notifier with the default limits on the host's own client, which it never connects,
   * disconnects or closes.
   *
   * @param client the client
   * @return the notifier
   */
  public static MqttUpdateNotifier using(Mqtt3AsyncClient client) {
    return builder(MqttLink.using(client)).build();
  }

  /**
   * Starts a notifier with limits of its own.
   *
   * @param link the connection to publish on
   * @return a builder
   */
  public static Builder builder(MqttLink link) {
    return new Builder(link.port());
  }

  /**
   * Publishes one trigger without waiting. The stage completes in a thread of the MQTT client, so
   * what hangs on it must be short, as the service's own work is: another thread for each of a
   * hundred thousand acknowledgements would cost several times what the publishes cost.
   *
   * @param trigger what to send
   * @return completes when the broker has acknowledged, or exceptionally with {@link
   *     ConnectException} (not connected), {@link RejectedExecutionException} (too many under way),
   *     {@link TimeoutException} (no acknowledgement in time), {@link TriggerRefusedException} (a
   *     user name that is no topic level, or the broker grants no right to the topic), or what the
   *     client reports
   */
  @Override
  public CompletionStage<?> trigger(UpdateTrigger trigger) {
    String topic;
    try {
      topic = Topics.of(trigger);
    } catch (InvalidRequestException e) {
      return CompletableFuture.failedFuture(
          new TriggerRefusedException("The trigger cannot be published: " + e.getMessage(), e));
    }
    if (!port.isConnected()) {
      return CompletableFuture.failedFuture(
          new ConnectException("The MQTT client is not connected: the trigger was not sent"));
    }
    if (!slots.tryAcquire()) {
      return CompletableFuture.failedFuture(
          new RejectedExecutionException(
              "Too many MQTT triggers are under way: send this one later, or raise maxInFlight"));
    }
    if (!memory.tryAcquire()) {
      slots.release();
      return CompletableFuture.failedFuture(
          new RejectedExecutionException(
              "The MQTT broker acknowledges nothing: check it, then send this trigger again"));
    }
    return settle(publish(topic, payload(trigger)));
  }

  private CompletableFuture<?> publish(String topic, byte[] payload) {
    CompletableFuture<?> published;
    try {
      published = port.publish(topic, payload);
    } catch (RuntimeException e) {
      published = CompletableFuture.failedFuture(e);
    }
    return published.whenComplete((result, failure) -> memory.release());
  }

  /**
   * The slot is freed when the copy completes, and that happens once: acknowledged or timed out.
   */
  private CompletableFuture<?> settle(CompletableFuture<?> published) {
    return published
        .thenApply(result -> result)
        .orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS)
        .whenComplete((result, failure) -> slots.release())
        .handle(
            (result, failure) -> {
              if (failure != null) {
                throw new CompletionException(readable(failure));
              }
              return null;
            });
  }

  private Throwable readable(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof TimeoutException) {
      return new TimeoutException(
          "The MQTT broker did not acknowledge the trigger within "
              + timeout.toMillis()
              + " ms: it may or may not reach the devices");
    }
    return cause instanceof Mqtt5PubAckException refused ? refused(refused) : cause;
  }

  /** What concerns this topic alone is refused the next time, too. */
  private static Throwable refused(Mqtt5PubAckException failure) {
    Mqtt5PubAckReasonCode reason = failure.getMqttMessage().getReasonCode();
    return switch (reason) {
      case NOT_AUTHORIZED, TOPIC_NAME_INVALID ->
          new TriggerRefusedException(
              "The MQTT broker refuses the topic of the trigger ("
                  + reason
                  + "): check the rights of this client and the user name of the device",
              failure);
      default -> failure;
    };
  }

  private static byte[] payload(UpdateTrigger trigger) {
    String version = new String(JsonStringEncoder.getInstance().quoteAsString(trigger.version()));
    return ("{\"ver\":\"" + version + "\"}").getBytes(StandardCharsets.UTF_8);
  }

  /** Collects the limits of a notifier. Not thread-safe. */
  public static final class Builder {
    private static final int MOST_IN_FLIGHT = 100_000;

    private final MqttPort port;
    private int maxInFlight = 2_500;
    private Duration timeout = Duration.ofSeconds(10);

    private Builder(MqttPort port) {
      this.port = port;
    }

    /**
     * How many triggers may wait for their acknowledgement at a time. Default: 2,500, since a
     * service sends those of groups and those of rollouts side by side, each up to its own limit of
     * 1,000 ({@link io.groupota.GroupOta.Builder#triggersInFlight}). A broker may grant fewer at
     * once (receive maximum of MQTT 5); the client then sends them in turn.
     *
     * @param maxInFlight 1 to 100,000
     * @return this builder
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder maxInFlight(int maxInFlight) {
      if (maxInFlight < 1 || maxInFlight > MOST_IN_FLIGHT) {
        throw new IllegalArgumentException("maxInFlight must be 1 to " + MOST_IN_FLIGHT);
      }
      this.maxInFlight = maxInFlight;
      return this;
    }

    /**
     * How long to wait for the acknowledgement of a trigger. Default: 10 seconds.
     *
     * @param timeout positive, at most a day
     * @return this builder
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder timeout(Duration timeout) {
      requireNonNull(timeout, "timeout");
      if (timeout.isNegative() || timeout.isZero() || timeout.compareTo(Duration.ofDays(1)) > 0) {
        throw new IllegalArgumentException("timeout must be positive and at most a day");
      }
      this.timeout = timeout;
      return this;
    }

    /**
     * Makes the notifier. Each call makes one with slots of its own.
     *
     * @return the notifier
     */
    public MqttUpdateNotifier build() {
      return new MqttUpdateNotifier(this);
    }
  }
}
