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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two servers, each a process, on one PostgreSQL, one S3 endpoint and one broker, with two hundred
 * devices behind a load balancer. Either of the servers is killed while they follow a deploy.
 */
class TwoServersTest {
  private static final int DEVICES = 200;
  private static final String GROUP = "5e1b76bc4315b70eb242567a";
  private static final String TOKEN = "AATluvfLURijoH9d";
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir Path folder;

  private Outside outside;
  private LoadBalancer balancer;
  private SimulatedFleet fleet;
  private final List<Program> servers = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    outside = new Outside(folder);
    balancer = new LoadBalancer();
    fleet = SimulatedFleet.builder().build();
    Files.writeString(folder.resolve("fleet.json"), fleetFile());
  }

  @AfterEach
  void stop() throws Exception {
    servers.forEach(Program::kill);
    fleet.close();
    balancer.close();
    outside.close();
  }

  @Test
  void eitherServerCanBeKilledWhileTheFleetFollowsADeploy() throws Exception {
    Node one = new Node("one", startServer("one"));
    Node two = new Node("two", startServer("two"));
    String urlOfOne = one.url();
    String urlOfTwo = two.url();
    balancer.add(urlOfOne);
    balancer.add(urlOfTwo);
    fleet.add(devices());
    fleet.start(Duration.ZERO);
    awaitReports("1.2.6", DEVICES);

    deploy(urlOfOne, "1.2.7");
    assertServedWithinASecond(urlOfTwo, "1.2.7");
    awaitDevices("1.2.7", DEVICES / 10);
    one.program().kill();
    awaitDevices("1.2.7", DEVICES);
    awaitReports("1.2.7", DEVICES);

    Node again = new Node("one", startServer("one"));
    balancer.add(again.url());
    deploy(urlOfTwo, "1.3.0");
    assertServedWithinASecond(again.url(), "1.3.0");
    awaitDevices("1.3.0", DEVICES / 10);
    two.program().kill();
    awaitDevices("1.3.0", DEVICES);
    awaitReports("1.3.0", DEVICES);

    assertThat(outside.count("SELECT COUNT(*) FROM ota_trigger WHERE due IS NOT NULL")).isZero();
    assertThat(outside.count("SELECT COUNT(*) FROM ota_blob WHERE state = 'RECORDED'"))
        .isEqualTo(outside.objects())
        .isEqualTo(2);
    assertThat(fleet.devices()).allMatch(device -> device.version().equals("1.3.0"));
  }

  private record Node(String name, Program program) {
    String url() throws Exception {
      return program.awaitLine("ready").replaceAll("ready (\\S+) .*", "$1");
    }
  }

  private Program startServer(String name) throws IOException {
    String[] own = {
      "--http", "127.0.0.1:0", "--data", name, "--fleet", "fleet.json", "--retrigger", "2s"
    };
    Program server =
        Program.start(
            folder,
            OtaServer.class,
            Stream.concat(Stream.of(own), Stream.of(outside.options())).toArray(String[]::new));
    servers.add(server);
    return server;
  }

  private static void deploy(String server, String version) throws Exception {
    assertThat(
            new Console(server, "secret")
                .deploy(GROUP, TOKEN, version, image(version))
                .statusCode())
        .isEqualTo(201);
  }

  private static byte[] image(String version) {
    return Esp32Image.builder().version(version).size(200_000).build().bytes();
  }

  private static void assertServedWithinASecond(String server, String version) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
    Console console = new Console(server, "secret");
    String body;
    do {
      body = console.get("/v1/ota/group/latest/" + GROUP).body();
    } while (!body.contains(version) && System.nanoTime() < deadline);
    assertThat(body).isEqualTo("{\"ver\":\"" + version + "\"}");
  }

  /** What the devices run. */
  private void awaitDevices(String version, int devices) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (running(version) < devices) {
      assertThat(System.nanoTime()).as("%d run %s", running(version), version).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private long running(String version) {
    return fleet.devices().stream().filter(device -> device.version().equals(version)).count();
  }

  /** What the servers have proof of. */
  private void awaitReports(String version, int devices) throws Exception {
    String sql = "SELECT COUNT(*) FROM ota_device_state WHERE reported_version = '" + version + "'";
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    long reported = outside.count(sql);
    while (reported < devices) {
      assertThat(System.nanoTime()).as("%d report %s", reported, version).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(50);
      reported = outside.count(sql);
    }
  }

  private List<SimulatedDeviceBuilder> devices() {
    return IntStream.range(0, DEVICES).mapToObj(this::device).toList();
  }

  private SimulatedDeviceBuilder device(int index) {
    SimulatedDeviceBuilder device =
        SimulatedDevice.builder(id(index))
            .mqttUser(user(index))
            .broker("127.0.0.1", outside.brokerPort())
            .server(balancer.url())
            .version("1.2.6")
            .pace(Duration.ofMillis(100 + 10 * (index % 100)))
            .reboot(Duration.ofMillis(200))
            .timeout(Duration.ofSeconds(10))
            .statusInterval(Duration.ofMillis(500));
    return isByItself(index)
        ? device.token(Token.of("token-" + index))
        : device.group(new GroupId(GROUP), Token.of(TOKEN));
  }

  private static DeviceId id(int index) {
    return new DeviceId(String.format("5e1b5774afd4e404%08x", index));
  }

  private static String user(int index) {
    return index % 2 == 0 ? "alice" : "bob";
  }

  private static boolean isByItself(int index) {
    return index % 10 == 0;
  }

  private static String fleetFile() {
    return """
        {"owners":[{"id":"5e10fc5e77ba18070312e171","bearer":"secret","groupOta":true}],
         "groups":[{"id":"%s","token":"%s","name":"cooling","owner":"5e10fc5e77ba18070312e171"}],
         "devices":[%s]}
        """
        .formatted(
            GROUP,
            TOKEN,
            IntStream.range(0, DEVICES)
                .mapToObj(TwoServersTest::entry)
                .collect(Collectors.joining(",\n")));
  }

  private static String entry(int index) {
    return String.format(
        "{\"id\":\"%s\",\"token\":\"token-%d\",\"group\":\"%s\",\"mqttUser\":\"%s\",\"addressing\":\"%s\"}",
        id(index), index, GROUP, user(index), isByItself(index) ? "device" : "group");
  }
}
