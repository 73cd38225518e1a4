package io.groupota.mqtt;

import com.hivemq.client.mqtt.MqttClient;
import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3BlockingClient;
import com.hivemq.client.mqtt.mqtt3.Mqtt3BlockingClient.Mqtt3Publishes;
import com.hivemq.client.mqtt.mqtt3.message.publish.Mqtt3Publish;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A client of its own on the broker: sees what arrives, and speaks for devices. */
final class Observer implements AutoCloseable {
  private final Mqtt3BlockingClient client;
  private final Mqtt3Publishes publishes;

  /**
   * A message that arrived.
   *
   * @param topic its topic
   * @param payload its payload as text
   * @param retained whether the broker had kept it
   */
  record Message(String topic, String payload, boolean retained) {}

  private Observer(Mqtt3BlockingClient client, Mqtt3Publishes publishes) {
    this.client = client;
    this.publishes = publishes;
  }

  static Observer on(int port) {
    Mqtt3BlockingClient client =
        MqttClient.builder()
            .useMqttVersion3()
            .serverHost("127.0.0.1")
            .serverPort(port)
            .buildBlocking();
    Mqtt3Publishes publishes = client.publishes(MqttGlobalPublishFilter.ALL);
    client.connect();
    return new Observer(client, publishes);
  }

  void subscribe(String filter) {
    client.subscribeWith().topicFilter(filter).qos(MqttQos.AT_LEAST_ONCE).send();
  }

  void publish(String topic, String payload) {
    publish(topic, payload.getBytes(StandardCharsets.UTF_8), false);
  }

  /** Publishes and waits until the broker has it. */
  void publish(String topic, byte[] payload, boolean retain) {
    client
        .publishWith()
        .topic(topic)
        .payload(payload)
        .qos(MqttQos.AT_LEAST_ONCE)
        .retain(retain)
        .send();
  }

  Message next() throws InterruptedException {
    return next(Duration.ofSeconds(20)).orElseThrow(() -> new AssertionError("No message in 20 s"));
  }

  /** The next message, empty if none comes in time. */
  Optional<Message> next(Duration within) throws InterruptedException {
    return publishes.receive(within.toMillis(), TimeUnit.MILLISECONDS).map(Observer::message);
  }

  private static Message message(Mqtt3Publish publish) {
    return new Message(
        publish.getTopic().toString(),
        new String(publish.getPayloadAsBytes(), StandardCharsets.UTF_8),
        publish.isRetain());
  }

  @Override
  public void close() {
    client.disconnect();
  }
}
