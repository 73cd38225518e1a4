package io.groupota.benchmarks;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/** The limit of triggers: an MQTT client that publishes them and does nothing else. */
final class BareClient {
  private static final int IN_FLIGHT = 1_000;
  private static final int PATIENCE_SECONDS = 60;

  private BareClient() {}

  /** Publishes one message to each topic with QoS 1; returns how many seconds that takes. */
  static double publish(
      Mqtt5AsyncClient client, IntFunction<String> topic, int messages, String version)
      throws Exception {
    byte[] payload = ("{\"ver\":\"" + version + "\"}").getBytes(StandardCharsets.UTF_8);
    Semaphore slots = new Semaphore(IN_FLIGHT);
    List<CompletableFuture<?>> published = new ArrayList<>();
    return Timing.seconds(
        () -> {
          for (int i = 0; i < messages; i++) {
            slots.acquire();
            published.add(
                client
                    .publishWith()
                    .topic(topic.apply(i))
                    .payload(payload)
                    .qos(MqttQos.AT_LEAST_ONCE)
                    .send()
                    .whenComplete((result, error) -> slots.release()));
          }
          CompletableFuture.allOf(published.toArray(CompletableFuture[]::new))
              .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        });
  }
}
