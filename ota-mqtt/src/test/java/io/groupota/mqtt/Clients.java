package io.groupota.mqtt;

import com.hivemq.client.mqtt.MqttClient;
import com.hivemq.client.mqtt.MqttClientBuilder;
import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import io.groupota.GroupOtaService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The client of a host, in either version of MQTT. */
final class Clients implements AutoCloseable {
  private final @Nullable Mqtt3AsyncClient client3;
  private final @Nullable Mqtt5AsyncClient client5;

  private final AtomicBoolean closed;

  private Clients(
      @Nullable Mqtt3AsyncClient client3,
      @Nullable Mqtt5AsyncClient client5,
      AtomicBoolean closed) {
    this.client3 = client3;
    this.client5 = client5;
    this.closed = closed;
  }

  /** Not connected yet. */
  static Clients make(int version, int port, boolean reconnect) {
    MqttClientBuilder builder = MqttClient.builder().serverHost("127.0.0.1").serverPort(port);
    if (reconnect) {
      builder =
          builder
              .automaticReconnect()
              .initialDelay(50, TimeUnit.MILLISECONDS)
              .maxDelay(200, TimeUnit.MILLISECONDS)
              .applyAutomaticReconnect();
    }
    AtomicBoolean closed = new AtomicBoolean();
    builder =
        builder.addDisconnectedListener(
            context -> {
              // Nothing else ends a client that is waiting to reconnect.
              if (closed.get()) {
                context.getReconnector().reconnect(false);
              }
            });
    return version == 3
        ? new Clients(builder.useMqttVersion3().buildAsync(), null, closed)
        : new Clients(null, builder.useMqttVersion5().buildAsync(), closed);
  }

  static Clients connected(int version, int port) {
    Clients made = make(version, port, false);
    made.connect();
    return made;
  }

  void connect() {
    if (client3 != null) {
      client3.connect().join();
    } else {
      client5.connect().join();
    }
  }

  boolean isConnected() {
    return client3 != null ? client3.getState().isConnected() : client5.getState().isConnected();
  }

  MqttUpdateNotifier notifier() {
    return client3 != null ? MqttUpdateNotifier.using(client3) : MqttUpdateNotifier.using(client5);
  }

  MqttDeviceListener listener(GroupOtaService service) {
    return client3 != null
        ? MqttDeviceListener.using(client3, service)
        : MqttDeviceListener.using(client5, service);
  }

  MqttLink link() {
    return client3 != null ? MqttLink.using(client3) : MqttLink.using(client5);
  }

  @Override
  public void close() {
    closed.set(true);
    if (isConnected()) {
      if (client3 != null) {
        client3.disconnect().join();
      } else {
        client5.disconnect().join();
      }
    }
  }
}
