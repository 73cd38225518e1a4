package io.groupota.examples.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.groupota.spi.Group;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;

/** What a console of the owner does: deploys, and asks for the last updates. */
final class ManagementClient {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final HttpClient http = HttpClient.newHttpClient();
  private final ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private final URI groups;
  private final String bearer;

  ManagementClient(URI server, String bearer) {
    this.groups = server.resolve("/v1/ota/group");
    this.bearer = bearer;
  }

  URI uri() {
    return groups;
  }

  /** Posts a firmware as {@code curl -F} does; the file is streamed. */
  HttpResponse<String> deploy(Group group, String version, Path firmware)
      throws IOException, InterruptedException {
    String boundary = "ota-" + UUID.randomUUID();
    BodyPublisher body =
        BodyPublishers.concat(
            field(boundary, "group", group.id().value()),
            field(boundary, "token", group.token().value()),
            field(boundary, "version", version),
            BodyPublishers.ofString(
                head(boundary, "firmware\"; filename=\"firmware.bin")
                    + "Content-Type: application/octet-stream\r\n\r\n"),
            BodyPublishers.ofFile(firmware),
            BodyPublishers.ofString("\r\n--" + boundary + "--\r\n"));
    return http.send(
        request()
            .header("Content-Type", "multipart/form-data; boundary=" + boundary)
            .POST(body)
            .build(),
        BodyHandlers.ofString());
  }

  /** The page of the last updates, as text for people. */
  String page() throws IOException, InterruptedException {
    HttpResponse<String> response = http.send(request().GET().build(), BodyHandlers.ofString());
    JsonNode page = json.readTree(response.body());
    return json.writeValueAsString(page);
  }

  private HttpRequest.Builder request() {
    return HttpRequest.newBuilder(groups)
        .timeout(TIMEOUT)
        .header("Authorization", "Bearer " + bearer);
  }

  private static BodyPublisher field(String boundary, String name, String value) {
    return BodyPublishers.ofString(head(boundary, name) + "\r\n" + value + "\r\n");
  }

  private static String head(String boundary, String name) {
    return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n";
  }
}
