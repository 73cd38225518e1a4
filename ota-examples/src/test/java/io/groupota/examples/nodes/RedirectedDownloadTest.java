package io.groupota.examples.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.Token;
import io.groupota.examples.Console;
import io.groupota.examples.Program;
import io.groupota.examples.server.OtaServer;
import io.groupota.testkit.Esp32Image;
import io.groupota.testkit.device.SimulatedDevice;
import io.groupota.testkit.device.SimulatedDeviceBuilder;
import io.groupota.testkit.device.SimulatedFleet;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that sends clients to its object store, and a device that follows no redirect. */
class RedirectedDownloadTest {
  private static final String GROUP = "5e1b76bc4315b70eb242567a";
  private static final String TOKEN = "AATluvfLURijoH9d";
  private static final String DOWNLOAD = "/v1/ota/group/download/" + GROUP + TOKEN;
  private static final DeviceId DEVICE = new DeviceId("5e1b5774afd4e404d68aebd6");
  private static final String FLEET =
      """
      {"owners":[{"id":"5e10fc5e77ba18070312e171","bearer":"secret","groupOta":true}],
       "groups":[{"id":"5e1b76bc4315b70eb242567a","token":"AATluvfLURijoH9d",
                  "owner":"5e10fc5e77ba18070312e171"}],
       "devices":[{"id":"5e1b5774afd4e404d68aebd6","token":"t","mqttUser":"alice",
                   "group":"5e1b76bc4315b70eb242567a"}]}
      """;

  /** One that S3 gets in one piece, and one that it gets in parts. */
  private static final int[] SIZES = {300_000, 6 << 20};

  @TempDir Path folder;

  private final HttpClient client =
      HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();
  private ObjectEndpoint objects;
  private Program server;
  private String http;
  private int mqttPort;

  @BeforeEach
  void start() throws Exception {
    objects = new ObjectEndpoint();
    Files.writeString(folder.resolve("fleet.json"), FLEET);
    String[] own = {
      "--http",
      "127.0.0.1:0",
      "--mqtt",
      "127.0.0.1:0",
      "--data",
      "data",
      "--fleet",
      "fleet.json",
      "--retrigger",
      "1s",
      "--s3-redirect",
      "1m"
    };
    server =
        Program.start(
            folder,
            OtaServer.class,
            Stream.concat(Stream.of(own), Stream.of(objects.options())).toArray(String[]::new));
    String[] ready = server.awaitLine("ready").split(" ", 3);
    http = ready[1];
    mqttPort = URI.create(ready[2]).getPort();
  }

  @AfterEach
  void stop() throws Exception {
    server.kill();
    objects.close();
  }

  @Test
  void clientsReadFromTheStoreAndDevicesFromTheServer() throws Exception {
    for (int size : SIZES) {
      byte[] image = deploy("1." + size + ".0", size);
      assertRedirected(image);
      assertRangeRedirected(image);
    }
    assertThatAnOlderClientFollows();
    assertServedHere(image("1." + SIZES[1] + ".0", SIZES[1]));
    deploy("2.0.0", SIZES[0]);
    aDeviceUpdatesTo("2.0.0");

    server.terminate();
    assertThat(server.await().err())
        .doesNotContain("X-Amz", "Signature", TOKEN, ObjectEndpoint.SECRET_KEY)
        .doesNotContain("ERROR");
  }

  private void assertRedirected(byte[] image) throws Exception {
    HttpResponse<byte[]> response = get();
    assertThat(response.uri().toString()).startsWith(objects.url()).contains("X-Amz-Expires=60");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo(image);

    HttpResponse<byte[]> redirect = response.previousResponse().orElseThrow();
    assertThat(redirect.statusCode()).isEqualTo(302);
    assertThat(redirect.headers().firstValue("x-MD5")).isPresent();
    String given = redirect.headers().firstValue("ETag").orElseThrow();
    assertThat(get("If-None-Match", given).statusCode()).isEqualTo(304);
    if (image.length == SIZES[0]) {
      String ofTheStore = response.headers().firstValue("ETag").orElseThrow();
      assertThat(get("If-None-Match", ofTheStore).statusCode()).isEqualTo(304);
    }
    HttpResponse<byte[]> another = get("If-None-Match", "\"another\"");
    assertThat(another.statusCode()).isEqualTo(200);
    assertThat(another.previousResponse()).isPresent();
  }

  private void assertRangeRedirected(byte[] image) throws Exception {
    HttpResponse<byte[]> response = get("Range", "bytes=100000-199999");
    assertThat(response.previousResponse()).isPresent();
    assertThat(response.statusCode()).isEqualTo(206);
    assertThat(response.body()).isEqualTo(Arrays.copyOfRange(image, 100_000, 200_000));
  }

  private void assertThatAnOlderClientFollows() throws Exception {
    HttpURLConnection connection =
        (HttpURLConnection) URI.create(http + DOWNLOAD).toURL().openConnection();
    assertThat(connection.getResponseCode()).isEqualTo(200);
    assertThat(connection.getURL().toString()).startsWith(objects.url());
    assertThat(connection.getInputStream().readAllBytes()).hasSize(SIZES[1]);
  }

  /** What the store would refuse or misunderstand. */
  private void assertServedHere(byte[] image) throws Exception {
    String tag = get().previousResponse().orElseThrow().headers().firstValue("ETag").orElseThrow();
    for (String[] header :
        List.of(
            new String[] {"Authorization", "Bearer secret"},
            new String[] {"User-Agent", "ESP32-http-Update"},
            new String[] {"x-ESP32-mode", "sketch"},
            new String[] {"If-Match", tag})) {
      HttpResponse<byte[]> response = get(header);
      assertThat(response.previousResponse()).as(header[0]).isEmpty();
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.body()).isEqualTo(image);
    }
  }

  private void aDeviceUpdatesTo(String version) throws Exception {
    SimulatedDeviceBuilder device =
        SimulatedDevice.builder(DEVICE)
            .mqttUser("alice")
            .broker("127.0.0.1", mqttPort)
            .server(URI.create(http))
            .version("1.0.0")
            .pace(Duration.ofMillis(100))
            .reboot(Duration.ofMillis(100))
            .group(new GroupId(GROUP), Token.of(TOKEN));
    try (SimulatedFleet fleet = SimulatedFleet.builder().build()) {
      SimulatedDevice running = fleet.add(device);
      fleet.start(Duration.ZERO);
      assertThat(fleet.await(d -> d.version().equals(version), Duration.ofMinutes(2)))
          .as("%s", running.progress())
          .isTrue();
    }
  }

  private HttpResponse<byte[]> get(String... header) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(http + DOWNLOAD)).timeout(Duration.ofMinutes(1));
    if (header.length > 0) {
      request.headers(header);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  private byte[] deploy(String version, int size) throws Exception {
    byte[] image = image(version, size);
    assertThat(new Console(http, "secret").deploy(GROUP, TOKEN, version, image).statusCode())
        .isEqualTo(201);
    return image;
  }

  private static byte[] image(String version, int size) {
    return Esp32Image.builder().version(version).size(size).build().bytes();
  }
}
