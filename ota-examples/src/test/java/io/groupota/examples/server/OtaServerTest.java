package io.groupota.examples.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.examples.Console;
import io.groupota.examples.Program;
import io.groupota.testkit.Esp32Image;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
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
    String page = get(http, "/v1/ota/group");
    server.kill();
    server.await();

    Files.writeString(folder.resolve("empty.json"), "{}");
    server = start("empty.json");
    http = http(server);

    assertThat(get(http, "/v1/ota/group")).isEqualTo(page).contains("\"1.2.7\"");
    assertThat(get(http, "/v1/ota/group/latest/5e1b76bc4315b70eb242567a"))
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

  private static String get(String http, String path) throws Exception {
    return new Console(http, "secret").get(path).body();
  }

  private static HttpResponse<String> deploy(String http, String bearer) throws Exception {
    return new Console(http, bearer)
        .deploy(
            "5e1b76bc4315b70eb242567a",
            "AATluvfLURijoH9d",
            "1.2.7",
            Esp32Image.builder().build().bytes());
  }
}
