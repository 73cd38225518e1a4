package io.groupota.examples;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/** A console of an owner: speaks the management API. */
public final class Console {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
  private final String server;
  private final String bearer;

  public Console(String server, String bearer) {
    this.server = server;
    this.bearer = bearer;
  }

  public HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(
        request(path).build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  public HttpResponse<byte[]> download(String path) throws IOException, InterruptedException {
    return client.send(request(path).build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  public HttpResponse<String> deploy(String group, String token, String version, byte[] firmware)
      throws IOException, InterruptedException {
    StringBuilder fields = new StringBuilder();
    new TreeMap<>(Map.of("group", group, "token", token, "version", version))
        .forEach(
            (name, value) ->
                fields.append(
                    "--b\r\nContent-Disposition: form-data; name=\""
                        + name
                        + "\"\r\n\r\n"
                        + value
                        + "\r\n"));
    fields.append(
        "--b\r\nContent-Disposition: form-data; name=\"firmware\"; filename=\"f.bin\"\r\n\r\n");
    HttpRequest request =
        request("/v1/ota/group")
            .header("Content-Type", "multipart/form-data; boundary=b")
            .POST(
                BodyPublishers.concat(
                    BodyPublishers.ofString(fields.toString()),
                    BodyPublishers.ofByteArray(firmware),
                    BodyPublishers.ofString("\r\n--b--\r\n")))
            .build();
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(server + path))
        .timeout(TIMEOUT)
        .header("Authorization", "Bearer " + bearer);
  }
}
