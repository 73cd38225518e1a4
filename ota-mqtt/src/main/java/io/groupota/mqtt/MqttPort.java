package io.groupota.mqtt;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What this package needs of an MQTT client, whatever its protocol version. Thread-safe; no method
 * blocks.
 */
interface MqttPort {
  /** Whether the client is connected now. */
  boolean isConnected();

  /**
   * What stands for the connection of this moment: another object for each one, also when the
   * client reconnects by itself; null without one.
   */
  @Nullable Object connection();

  /**
   * Publishes with QoS 1, not retained.
   *
   * @return completes with the acknowledgement, or exceptionally; never cancelled by us, since the
   *     client keeps a cancelled publish in its queue and then says nothing of it any more
   */
  CompletableFuture<?> publish(String topic, byte[] payload);

  /** Subscribes to one filter. Messages and the end go to the receiver. */
  Flow subscribe(String filter, MqttQos qos, Receiver receiver);

  /** Ends the subscription of a filter, and with it its flow. */
  CompletableFuture<?> unsubscribe(String filter);

  /** Connects with a clean session. For clients that this library made only. */
  CompletableFuture<?> connect(int keepAliveSeconds);

  /** Disconnects. For clients that this library made only. */
  CompletableFuture<?> disconnect();

  /** A subscription that delivers. */
  interface Flow {
    /** Stops the delivery; the receiver hears nothing more. */
    void cancel();
  }

  /** Takes what a subscription delivers, in a thread of the client: never blocks, never throws. */
  interface Receiver {
    /** The broker granted the subscription. */
    void granted();

    /**
     * A message came in.
     *
     * @param topic its topic
     * @param payload its payload, which belongs to the call, empty if it has none
     * @param retained whether the broker had kept it from before the subscription
     */
    void message(String topic, Optional<ByteBuffer> payload, boolean retained);

    /** The subscription is over: refused, its session lost, or unsubscribed. */
    void ended();
  }
}
