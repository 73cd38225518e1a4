package io.groupota.examples.embedding;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.groupota.event.DeviceFellBack;
import io.groupota.event.OtaEvent;
import io.groupota.event.WorkFailed;
import io.groupota.spi.OtaListener;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;

/**
 * A host that posts to a webhook what somebody should look at. Give it to {@code
 * GroupOta.builder().queuedListener(…, 10_000)}: the receiver may be slow or away, and neither a
 * deploy nor the reports of devices wait for it. Thread-safe.
 */
public final class Webhook implements OtaListener {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final ObjectMapper json = new ObjectMapper();
  private final HttpClient client;
  private final URI receiver;

  /**
   * Posts to a receiver.
   *
   * @param client the host's client, stays open
   * @param receiver where events are posted to
   */
  public Webhook(HttpClient client, URI receiver) {
    this.client = client;
    this.receiver = receiver;
  }

  @Override
  public void onEvent(OtaEvent event) {
    if (event instanceof DeviceFellBack device) {
      post(
          Map.of(
              "kind", "DeviceFellBack",
              "at", device.at().toString(),
              "group", device.group().value(),
              "device", device.device().value(),
              "update", device.update().id().value(),
              "from", device.from(),
              "to", device.version()));
    } else if (event instanceof WorkFailed work && work.failures() == 1) {
      post(
          Map.of(
              "kind", "WorkFailed",
              "at", work.at().toString(),
              "work", work.work().name(),
              "cause", work.cause()));
    }
  }

  private void post(Map<String, String> body) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(receiver)
              .timeout(TIMEOUT)
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(json.writeValueAsString(body)))
              .build();
      int status = client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
      if (status / 100 != 2) {
        throw new IllegalStateException("The receiver of the webhook answered " + status);
      }
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    } catch (IOException e) {
      throw new IllegalStateException("The receiver of the webhook is away", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
