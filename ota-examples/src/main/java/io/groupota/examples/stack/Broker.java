package io.groupota.examples.stack;

import io.groupota.mqtt.MqttDeviceListener;
import io.groupota.mqtt.MqttLink;
import java.net.URI;

/** The MQTT broker of a server. */
interface Broker extends AutoCloseable {
  /** A link to it, not started. */
  MqttLink link();

  /** Its URL. */
  URI address();

  /** Waits until it takes the subscriptions, as long as makes sense. */
  void awaitSubscribed(MqttDeviceListener listener);

  @Override
  void close();
}
