package io.groupota.examples.stack;

import com.hivemq.client.mqtt.MqttClientSslConfig;
import io.groupota.mqtt.MqttDeviceListener;
import io.groupota.mqtt.MqttLink;
import java.net.URI;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A broker elsewhere. It may be away: the server serves and catches up when it is back. */
final class ExternalBroker implements Broker {
  private static final Logger LOG = LoggerFactory.getLogger(ExternalBroker.class);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final External.Broker settings;

  ExternalBroker(External.Broker settings) {
    this.settings = settings;
  }

  @Override
  public MqttLink link() {
    URI url = settings.url();
    String scheme = url.getScheme();
    MqttLink.Builder link =
        MqttLink.builder().host(url.getHost()).port(url.getPort()).user(settings.user());
    settings.password().ifPresent(link::password);
    if (scheme.equals("mqtts") || scheme.equals("wss")) {
      link.tls(MqttClientSslConfig.builder().build());
    }
    return link.webSocket(scheme.startsWith("ws")).build();
  }

  @Override
  public URI address() {
    return settings.url();
  }

  @Override
  public void awaitSubscribed(MqttDeviceListener listener) {
    if (!Subscriptions.await(listener, PATIENCE)) {
      LOG.warn("The MQTT broker {} is away; devices are triggered when it is back", address());
    }
  }

  /** It is somebody else's. */
  @Override
  public void close() {}
}
