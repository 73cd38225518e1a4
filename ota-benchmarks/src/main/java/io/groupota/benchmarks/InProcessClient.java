package io.groupota.benchmarks;

import com.hivemq.client.mqtt.MqttClientState;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5ClientConfig;
import com.hivemq.client.mqtt.mqtt5.Mqtt5RxClient;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.Mqtt5Subscribe;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.suback.Mqtt5SubAck;
import com.hivemq.client.rx.FlowableWithSingle;
import com.hivemq.client.rx.reactivestreams.WithSingleSubscriber;
import java.lang.reflect.Proxy;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.reactivestreams.Subscription;

/**
 * An MQTT client without a network: what is delivered here goes to the listener in the calling
 * thread, as a client's thread would hand it over. Takes one subscription that delivers, the one to
 * the status of devices.
 */
final class InProcessClient {
  private final CompletableFuture<WithSingleSubscriber<? super Mqtt5Publish, ? super Mqtt5SubAck>>
      subscriber = new CompletableFuture<>();
  private volatile boolean connected = true;

  /** The client that a listener is made for. */
  Mqtt5AsyncClient client() {
    Mqtt5RxClient rx =
        (Mqtt5RxClient)
            Proxy.newProxyInstance(
                InProcessClient.class.getClassLoader(),
                new Class<?>[] {Mqtt5RxClient.class},
                (proxy, method, args) ->
                    switch (method.getName()) {
                      case "subscribePublishes" -> new Subscribed((Mqtt5Subscribe) args[0]);
                      default -> throw new UnsupportedOperationException(method.toString());
                    });
    Mqtt5ClientConfig config =
        (Mqtt5ClientConfig)
            Proxy.newProxyInstance(
                InProcessClient.class.getClassLoader(),
                new Class<?>[] {Mqtt5ClientConfig.class},
                (proxy, method, args) ->
                    switch (method.getName()) {
                      case "getConnectionConfig" -> Optional.empty();
                      default -> throw new UnsupportedOperationException(method.toString());
                    });
    return (Mqtt5AsyncClient)
        Proxy.newProxyInstance(
            InProcessClient.class.getClassLoader(),
            new Class<?>[] {Mqtt5AsyncClient.class},
            (proxy, method, args) ->
                switch (method.getName()) {
                  case "getState" ->
                      connected ? MqttClientState.CONNECTED : MqttClientState.DISCONNECTED;
                  case "getConfig" -> config;
                  case "toRx" -> rx;
                  default -> throw new UnsupportedOperationException(method.toString());
                });
  }

  /** Waits until the listener has subscribed; the rest is {@code onNext}. */
  WithSingleSubscriber<? super Mqtt5Publish, ? super Mqtt5SubAck> subscriber() {
    return subscriber.orTimeout(30, TimeUnit.SECONDS).join();
  }

  /** From now on a listener that closes has nobody to tell. */
  void disconnect() {
    connected = false;
  }

  private final class Subscribed extends FlowableWithSingle<Mqtt5Publish, Mqtt5SubAck> {
    private final Mqtt5Subscribe request;

    Subscribed(Mqtt5Subscribe request) {
      this.request = request;
    }

    @Override
    protected void subscribeBothActual(
        WithSingleSubscriber<? super Mqtt5Publish, ? super Mqtt5SubAck> to) {
      deliver(to);
      if (request.getSubscriptions().get(0).getTopicFilter().toString().endsWith("/status")) {
        subscriber.complete(to);
      }
    }

    @Override
    protected void subscribeActual(org.reactivestreams.Subscriber<? super Mqtt5Publish> to) {
      throw new UnsupportedOperationException("The listener subscribes to both");
    }

    private void deliver(WithSingleSubscriber<? super Mqtt5Publish, ? super Mqtt5SubAck> to) {
      to.onSubscribe(
          new Subscription() {
            @Override
            public void request(long n) {}

            @Override
            public void cancel() {}
          });
    }
  }
}
