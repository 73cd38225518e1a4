package io.groupota.examples.embedding;

import io.groupota.spi.UpdateNotifier;
import io.groupota.spi.UpdateTrigger;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * A host with its own way to reach devices: a gateway that takes triggers over HTTP. Whatever fails
 * here (the gateway is away, or answers with an error) is tried again by the service, with a
 * growing pause. Thread-safe.
 */
public final class OwnNotifier implements UpdateNotifier {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final HttpClient client;
  private final URI gateway;

  /**
   * Sends triggers to a gateway.
   *
   * @param client the host's client, which stays open
   * @param gateway where triggers are posted to; ends with a slash
   */
  public OwnNotifier(HttpClient client, URI gateway) {
    this.client = client;
    this.gateway = gateway;
  }

  @Override
  public CompletionStage<?> trigger(UpdateTrigger trigger) {
    String receivers =
        trigger.device().map(id -> "device/" + id).orElse("group/" + trigger.group());
    HttpRequest request =
        HttpRequest.newBuilder(gateway.resolve(segment(trigger.mqttUser()) + "/" + receivers))
            .timeout(TIMEOUT)
            .POST(HttpRequest.BodyPublishers.ofString(trigger.version()))
            .build();
    return client
        .sendAsync(request, HttpResponse.BodyHandlers.discarding())
        .thenAccept(OwnNotifier::requireSuccess);
  }

  /** A user name may hold anything but a slash; none must be read as a part of the URL. */
  private static String segment(String user) {
    return URLEncoder.encode(user, StandardCharsets.UTF_8).replace("+", "%20").replace(".", "%2E");
  }

  private static void requireSuccess(HttpResponse<Void> response) {
    if (response.statusCode() / 100 != 2) {
      throw new IllegalStateException("The gateway answered " + response.statusCode());
    }
  }
}
