package io.groupota.mqtt;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.Mqtt5Subscribe;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.suback.Mqtt5SubAck;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A client that speaks MQTT 5. */
final class Mqtt5Port implements MqttPort {
  private final Mqtt5AsyncClient client;

  Mqtt5Port(Mqtt5AsyncClient client) {
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
    PublishFlow<Mqtt5Publish, Mqtt5SubAck> flow =
        new PublishFlow<>(
            receiver,
            (to, message) ->
                to.message(
                    message.getTopic().toString(), message.getPayload(), message.isRetain()));
    client
        .toRx()
        .subscribePublishes(Mqtt5Subscribe.builder().topicFilter(filter).qos(qos).build())
        .subscribeBoth(flow);
    return flow;
  }

  @Override
  public CompletableFuture<?> unsubscribe(String filter) {
    return client.unsubscribeWith().topicFilter(filter).send();
  }

  @Override
  public CompletableFuture<?> connect(int keepAliveSeconds) {
    return client.connectWith().cleanStart(true).keepAlive(keepAliveSeconds).send();
  }

  @Override
  public CompletableFuture<?> disconnect() {
    return client.disconnect();
  }
}
