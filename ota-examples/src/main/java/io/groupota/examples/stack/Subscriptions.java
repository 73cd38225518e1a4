package io.groupota.examples.stack;

import io.groupota.mqtt.MqttDeviceListener;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Waits for the subscriptions of a server at its start. */
final class Subscriptions {
  private Subscriptions() {}

  /** Returns false if the broker did not take them in time. */
  static boolean await(MqttDeviceListener listener, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!listener.isSubscribed()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      try {
        TimeUnit.MILLISECONDS.sleep(10);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new StartupException("Interrupted while starting", e);
      }
    }
    return true;
  }
}
