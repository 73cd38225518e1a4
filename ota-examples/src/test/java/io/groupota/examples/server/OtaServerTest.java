package io.groupota.examples.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.examples.Program;
import io.groupota.testkit.Esp32Image;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example server as a process of its own. */
class OtaServerTest {
  private static final String FLEET =
      """
      {"owners":[{"id":"5e10fc5e77ba18070312e171","bearer":"secret","groupOta":true},
                 {"id":"5e10fc5e77ba18070312e172","bearer":"free","groupOta":false}],
       "groups":[{"id":"5e1b76bc4315b70eb242567a","token":"AATluvfLURijoH9d","name":"cooling",
                  "owner":"5e10fc5e77ba18070312e171"}],
       "devices":[{"id":"5e1b5774afd4e404d68aebd6","token":"iIP2C3D4B07O",
                   "group":"5e1b76bc4315b70eb242567a","mqttUser":"Hcixd1Fx"},
                  {"id":"5e1b5774afd4e404d68aebd7","token":"iIP2C3D4B07P","mqttUser":"Hcixd1Fx",
                   "addressing":"device"}]}
      """;

  @TempDir Path folder;

  private final HttpClient client = HttpClient.newHttpClient();

  @BeforeEach
  void writeFleet() throws IOException {
    Files.writeString(folder.resolve("fleet.json"), FLEET);
  }

  @Test
  void aKilledServerComesBackWithEverything() throws Exception {
    Program server = start("fleet.json");
    String http = http(server);
    assertThat(deploy(http, "secret").statusCode()).isEqualTo(201);
    assertThat(deploy(http, "free").statusCode()).isEqualTo(403);
    assertThat(deploy(http, "wrong").statusCode()).isEqualTo(401);
    String page = get(http + "/v1/ota/group", "secret");
    server.kill();
    server.await();

    Files.writeString(folder.resolve("empty.json"), "{}");
    server = start("empty.json");
    http = http(server);

    assertThat(get(http + "/v1/ota/group", "secret")).isEqualTo(page).contains("\"1.2.7\"");
    assertThat(get(http + "/v1/ota/group/latest/5e1b76bc4315b70eb242567a", "secret"))
        .isEqualTo("{\"ver\":\"1.2.7\"}");
    Program.Result second =
        Program.run(folder, OtaServer.class, options("127.0.0.1:0", "fleet.json"));
    assertThat(second.exitCode()).as("the folder is in use").isEqualTo(1);
    assertThat(second.err().lines().filter(line -> line.startsWith("ota-server:"))).hasSize(1);
    server.terminate();
    Program.Result end = server.await();
    assertThat(end.exitCode()).isIn(0, 143);
    assertThat(end.out().lines()).hasSize(1);
    assertThat(end.err())
        .doesNotContain("Exception")
        .doesNotContain("secret", "AATluvfLURijoH9d", "iIP2C3D4B07O");
  }

  @Test
  void aPortInUseIsSaidInOneLine() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Program.Result result =
          Program.run(
              folder, OtaServer.class, options("127.0.0.1:" + taken.getLocalPort(), "fleet.json"));
      assertThat(result.exitCode()).isEqualTo(1);
      assertThat(result.out()).isEmpty();
      assertThat(result.err()).contains("ota-server: ").contains("" + taken.getLocalPort());
    }
  }

  @Test
  void aMalformedOptionIsOneLineAndExitCode2() throws Exception {
    Program.Result result = Program.run(folder, OtaServer.class, "--http", "nowhere");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err().lines()).hasSize(1).allMatch(line -> line.startsWith("ota-server: "));
    assertThat(Program.run(folder, OtaServer.class, "--help").out()).contains("--retrigger");
  }

  private Program start(String fleet) throws IOException {
    return Program.start(folder, OtaServer.class, options("127.0.0.1:0", fleet));
  }

  private static String[] options(String http, String fleet) {
    return new String[] {
      "--http", http, "--mqtt", "127.0.0.1:0", "--data", "data", "--fleet", fleet
    };
  }

  private static String http(Program server) throws Exception {
    return server.awaitLine("ready").replaceAll("ready (\\S+) .*", "$1");
  }

  private String get(String url, String bearer) throws Exception {
    return client
        .send(
            HttpRequest.newBuilder(URI.create(url))
                .header("Authorization", "Bearer " + bearer)
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private HttpResponse<String> deploy(String http, String bearer) throws Exception {
    StringBuilder head = new StringBuilder();
    String[] fields = {
      "group", "5e1b76bc4315b70eb242567a", "token", "AATluvfLURijoH9d", "version", "1.2.7"
    };
    for (int i = 0; i < fields.length; i += 2) {
      head.append("--b\r\nContent-Disposition: form-data; name=\"")
          .append(fields[i])
          .append("\"\r\n\r\n")
          .append(fields[i + 1])
          .append("\r\n");
    }
    head.append(
        "--b\r\nContent-Disposition: form-data; name=\"firmware\"; filename=\"f.bin\"\r\n\r\n");
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(http + "/v1/ota/group"))
            .header("Authorization", "Bearer " + bearer)
            .header("Content-Type", "multipart/form-data; boundary=b")
            .POST(
                HttpRequest.BodyPublishers.concat(
                    HttpRequest.BodyPublishers.ofString(head.toString()),
                    HttpRequest.BodyPublishers.ofByteArray(Esp32Image.builder().build().bytes()),
                    HttpRequest.BodyPublishers.ofString(
                        "\r\n--b--\r\n", StandardCharsets.US_ASCII)))
            .build();
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }
}
