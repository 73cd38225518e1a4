package io.groupota.examples.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.GroupId;
import io.groupota.testkit.Esp32Image;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The client of one group: what it sent, what was answered, and what the group may serve. */
final class Deploys {
  private static final String BOUNDARY = "kill-and-look";
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final GroupId group;
  private final Map<String, String> sent = new ConcurrentHashMap<>();
  private final List<String> answered = new CopyOnWriteArrayList<>();
  private volatile String last = "";

  Deploys(GroupId group) {
    this.group = group;
  }

  GroupId group() {
    return group;
  }

  /** The versions that were answered with 201, in order. */
  List<String> answered() {
    return answered;
  }

  /** The SHA-256 of everything that was sent, by version. */
  Map<String, String> sent() {
    return sent;
  }

  /** Deploys one version after the other until the server dies. */
  void stream(HttpClient http, URI server) throws Exception {
    for (int n = 1; ; n++) {
      String version = "1.0." + n;
      byte[] image =
          Esp32Image.builder()
              .version(version)
              .seed(group.hashCode() * 31L + n)
              .size(20_000 + 7_919 * n % 100_000)
              .build()
              .bytes();
      sent.put(version, sha256(image));
      last = version;
      HttpResponse<String> answer;
      try {
        answer = http.send(request(server, version, image), BodyHandlers.ofString());
      } catch (IOException e) {
        return;
      }
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
      answered.add(version);
    }
  }

  /**
   * The group serves the last one that was answered, or the one that was not; and whole, with the
   * version that it says.
   *
   * @return the version that is served
   */
  Optional<String> assertServesOneWholeImage(HttpClient http, URI server) throws Exception {
    HttpResponse<String> latest =
        http.send(get(server, "/v1/ota/group/latest/" + group.value()), BodyHandlers.ofString());
    HttpResponse<byte[]> firmware =
        http.send(
            get(server, "/v1/ota/group/download/" + group.value() + KilledServer.TOKEN.value()),
            BodyHandlers.ofByteArray());
    if (latest.statusCode() == 404) {
      assertThat(answered).as("answered, but group %s serves nothing", group).isEmpty();
      assertThat(firmware.statusCode()).isEqualTo(404);
      return Optional.empty();
    }
    assertThat(latest.statusCode()).isEqualTo(200);
    String version = latest.body().replaceAll(".*\"ver\":\"([^\"]*)\".*", "$1");
    assertThat(version).isIn(answered.isEmpty() ? last : answered.get(answered.size() - 1), last);
    assertThat(firmware.statusCode()).isEqualTo(200);
    assertThat(sha256(firmware.body())).isEqualTo(sent.get(version));
    return Optional.of(version);
  }

  private HttpRequest request(URI server, String version, byte[] firmware) {
    BodyPublisher body =
        BodyPublishers.concat(
            field("group", group.value()),
            field("token", KilledServer.TOKEN.value()),
            field("version", version),
            BodyPublishers.ofString(
                head("firmware\"; filename=\"firmware.bin")
                    + "Content-Type: application/octet-stream\r\n\r\n"),
            BodyPublishers.ofByteArray(firmware),
            BodyPublishers.ofString("\r\n--" + BOUNDARY + "--\r\n"));
    return HttpRequest.newBuilder(server.resolve("/v1/ota/group"))
        .timeout(TIMEOUT)
        .header("Authorization", "Bearer " + KilledServer.BEARER)
        .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
        .POST(body)
        .build();
  }

  private static HttpRequest get(URI server, String path) {
    return HttpRequest.newBuilder(server.resolve(path)).timeout(TIMEOUT).build();
  }

  private static BodyPublisher field(String name, String value) {
    return BodyPublishers.ofString(head(name) + "\r\n" + value + "\r\n");
  }

  private static String head(String name) {
    return "--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n";
  }

  private static String sha256(byte[] bytes) throws NoSuchAlgorithmException {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
