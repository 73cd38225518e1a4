package io.groupota.mqtt;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt3.message.publish.Mqtt3Publish;
import com.hivemq.client.mqtt.mqtt3.message.subscribe.Mqtt3Subscribe;
import com.hivemq.client.mqtt.mqtt3.message.subscribe.suback.Mqtt3SubAck;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A client that speaks MQTT 3.1.1. */
final class Mqtt3Port implements MqttPort {
  private final Mqtt3AsyncClient client;

  Mqtt3Port(Mqtt3AsyncClient client) {
    this.client = client;
  }

  @Override
  public boolean isConnected() {
    return client.getState().isConnected();
  }

  @Override
  public @Nullable Object connection() {
    return isConnected()
        ? client.getConfig().getConnectionConfig().<Object>map(config -> config).orElse(client)
        : null;
  }

  @Override
  public CompletableFuture<?> publish(String topic, byte[] payload) {
    return client
        .publishWith()
        .topic(topic)
        .payload(payload)
        .qos(MqttQos.AT_LEAST_ONCE)
        .retain(false)
        .send();
  }

  @Override
  public Flow subscribe(String filter, MqttQos qos, Receiver receiver) {
    PublishFlow<Mqtt3Publish, Mqtt3SubAck> flow =
        new PublishFlow<>(
            receiver,
            (to, message) ->
                to.message(
                    message.getTopic().toString(), message.getPayload(), message.isRetain()));
    client
        .toRx()
        .subscribePublishes(Mqtt3Subscribe.builder().topicFilter(filter).qos(qos).build())
        .subscribeBoth(flow);
    return flow;
  }

  @Override
  public CompletableFuture<?> unsubscribe(String filter) {
    return client.unsubscribeWith().topicFilter(filter).send();
  }

  @Override
  public CompletableFuture<?> connect(int keepAliveSeconds) {
    return client.connectWith().cleanSession(true).keepAlive(keepAliveSeconds).send();
  }

  @Override
  public CompletableFuture<?> disconnect() {
    return client.disconnect();
  }
}
