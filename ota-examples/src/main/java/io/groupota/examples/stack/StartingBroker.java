package io.groupota.examples.stack;

import io.groupota.mqtt.MqttDeviceListener;
import io.groupota.mqtt.MqttLink;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A broker in this process, which starts while other parts do. */
final class StartingBroker implements Broker {
  private static final Duration SUBSCRIBE_TIMEOUT = Duration.ofSeconds(15);

  private final CompletableFuture<EmbeddedBroker> starting;

  StartingBroker(CompletableFuture<EmbeddedBroker> starting) {
    this.starting = starting;
  }

  @Override
  public MqttLink link() {
    InetSocketAddress broker = starting.join().address().fromHere();
    return MqttLink.builder()
        .host(broker.getAddress().getHostAddress())
        .port(broker.getPort())
        .user("ota-server")
        .build();
  }

  @Override
  public URI address() {
    return URI.create("mqtt://" + starting.join().address());
  }

  @Override
  public void awaitSubscribed(MqttDeviceListener listener) {
    if (!Subscriptions.await(listener, SUBSCRIBE_TIMEOUT)) {
      throw new StartupException("The MQTT broker does not take the server's subscriptions");
    }
  }

  @Override
  public void close() {
    starting.thenAccept(EmbeddedBroker::close).join();
  }
}
