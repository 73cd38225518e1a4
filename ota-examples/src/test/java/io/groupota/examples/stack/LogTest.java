package io.groupota.examples.stack;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.testkit.Esp32Image;
import io.groupota.testkit.device.Fault;
import io.groupota.testkit.device.SimulatedDevice;
import io.groupota.testkit.device.SimulatedDeviceBuilder;
import io.groupota.testkit.device.SimulatedFleet;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * All that the library logs, down to the last level, while everything happens to a server that can
 * happen: who runs it finds the group and the update in each line, and nobody finds a secret.
 */
class LogTest {
  private static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");
  private static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  private static final Token TOKEN = Token.of("AATluvfLURijoH9d");
  private static final String BEARER = "bearerOfTheOwner";
  private static final Device TOGETHER = device(1, Addressing.GROUP, "iIP2C3D4B07O");
  private static final Device ALONE = device(2, Addressing.DEVICE, "kKR4E5F6D29Q");
  private static final List<String> SECRETS =
      List.of(TOKEN.value(), BEARER, "wrongBearer", "wrongToken", "iIP2C3D4B07O", "kKR4E5F6D29Q");

  @TempDir Path folder;

  private final Log log = new Log();
  private final HttpClient client = HttpClient.newHttpClient();
  private ServerStack stack;
  private SimulatedFleet simulated;

  @BeforeEach
  void start() {
    stack =
        ServerStack.start(
            new ServerStack.Settings(
                Address.loopback(),
                Address.loopback(),
                folder,
                Duration.ofSeconds(2),
                1L << 20,
                External.NONE),
            new Fleet(
                List.of(new Fleet.Owner(OWNER, BEARER, true)),
                List.of(new Group(GROUP, OWNER, TOKEN, "cooling")),
                List.of(TOGETHER, ALONE)));
    simulated = SimulatedFleet.builder().build();
  }

  @AfterEach
  void stop() {
    simulated.close();
    stack.close();
    log.close();
  }

  @Test
  void noLineHoldsASecretAndEachLineOnAGroupNamesItAndTheUpdate() throws Exception {
    SimulatedDevice together = simulated.add(simulated(TOGETHER).group(GROUP, TOKEN));
    SimulatedDevice alone = simulated.add(simulated(ALONE).token(ALONE.token()));
    together.inject(Fault.FALL_BACK, 1);
    simulated.start(Duration.ZERO);
    assertThat(deploy(BEARER, TOKEN.value(), "1.0.0", image("1.0.0"))).isEqualTo(201);
    await(() -> together.version().equals("1.0.0") && alone.version().equals("1.0.0"));
    String first = served().id().value();
    simulated.close();

    refusals();
    stack.service().redeploy(OWNER, GROUP, served().id());
    String second = served().id().value();
    await(() -> log.has("Triggered group " + GROUP + " for 1.0.0 (update " + first));
    lostFiles();
    stack.close();

    assertThat(log.lines()).isNotEmpty();
    assertThat(log.lines()).allSatisfy(line -> assertThat(SECRETS).noneMatch(line::contains));
    assertThat(log.lines())
        .anyMatch(line -> line.contains("serves 1.0.0 now (update " + first))
        .anyMatch(line -> line.contains("serves 1.0.0 again (update " + second + ", of " + first))
        .anyMatch(line -> line.contains("(status 500, group " + GROUP + ", update " + second))
        .anyMatch(line -> line.contains("uploading firmware file (status 500, group " + GROUP));
    assertThat(log.linesOf("Deployments", "TriggerRounds"))
        .hasSizeGreaterThanOrEqualTo(3)
        .allMatch(line -> line.contains(GROUP.value()))
        .allMatch(line -> line.contains(first) || line.contains(second));
    assertThat(log.linesOf("http.Failures", "http.DownloadHandler"))
        .hasSizeGreaterThanOrEqualTo(2)
        .allMatch(line -> line.contains(GROUP.value()));
  }

  private void refusals() throws Exception {
    assertThat(deploy("wrongBearer", TOKEN.value(), "2.0.0", image("2.0.0"))).isEqualTo(401);
    assertThat(deploy(BEARER, "wrongToken", "2.0.0", image("2.0.0"))).isEqualTo(404);
    assertThat(deploy(BEARER, TOKEN.value(), "2", image("2.0.0"))).isEqualTo(400);
    assertThat(deploy(BEARER, TOKEN.value(), "2.0.0", new byte[] {1, 2, 3})).isEqualTo(400);
    assertThat(deploy(BEARER, TOKEN.value(), "2.0.0", new byte[(1 << 20) + 1])).isEqualTo(413);
    assertThat(get("group", "?search_value=" + TOKEN.value())).isEqualTo(200);
    assertThat(get("group", "?limit=many")).isEqualTo(400);
    assertThat(get("group/download/" + GROUP + TOKEN.value(), "")).isEqualTo(200);
    assertThat(get("group/download/" + GROUP + "wrongToken", "")).isEqualTo(404);
    assertThat(get("device/download/" + ALONE.id() + ALONE.token().value(), "")).isEqualTo(200);
  }

  /** Takes the folder of the firmware away: downloads and deploys fail from now on. */
  private void lostFiles() throws Exception {
    Path blobs = folder.resolve("blobs");
    assertThat(blobs).isDirectory();
    try (Stream<Path> files = Files.walk(blobs)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    Files.write(blobs, new byte[0]);
    assertThat(get("group/download/" + GROUP + TOKEN.value(), "")).isEqualTo(500);
    assertThat(deploy(BEARER, TOKEN.value(), "3.0.0", image("3.0.0"))).isEqualTo(500);
  }

  private OtaUpdate served() {
    return stack.service().history(OWNER, GROUP, 0, OptionalInt.of(1)).updates().get(0);
  }

  private int get(String path, String query) throws Exception {
    return send(request(path + query, BEARER).GET());
  }

  private int deploy(String bearer, String token, String version, byte[] firmware)
      throws Exception {
    ByteArrayOutputStream form = new ByteArrayOutputStream();
    part(form, "group", GROUP.value().getBytes(StandardCharsets.US_ASCII));
    part(form, "token", token.getBytes(StandardCharsets.US_ASCII));
    part(form, "version", version.getBytes(StandardCharsets.US_ASCII));
    part(form, "firmware\"; filename=\"firmware.bin", firmware);
    form.writeBytes("--b--\r\n".getBytes(StandardCharsets.US_ASCII));
    return send(
        request("group", bearer)
            .header("Content-Type", "multipart/form-data; boundary=b")
            .POST(HttpRequest.BodyPublishers.ofByteArray(form.toByteArray())));
  }

  private static void part(ByteArrayOutputStream form, String name, byte[] value)
      throws IOException {
    String head = "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n";
    form.write(head.getBytes(StandardCharsets.US_ASCII));
    form.write(value);
    form.write("\r\n".getBytes(StandardCharsets.US_ASCII));
  }

  private HttpRequest.Builder request(String path, String bearer) {
    return HttpRequest.newBuilder(URI.create("http://" + stack.http() + "/v1/ota/" + path))
        .header("Authorization", "Bearer " + bearer);
  }

  private int send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray()).statusCode();
  }

  private SimulatedDeviceBuilder simulated(Device device) {
    return SimulatedDevice.builder(device.id())
        .mqttUser(device.mqttUser())
        .broker(stack.mqtt().getHost(), stack.mqtt().getPort())
        .server(URI.create("http://" + stack.http()))
        .version("0.9.0")
        .pace(Duration.ofMillis(100))
        .reboot(Duration.ofMillis(200))
        .statusInterval(Duration.ofMillis(300));
  }

  private static byte[] image(String version) {
    return Esp32Image.builder().version(version).size(100_000).build().bytes();
  }

  private static Device device(int number, Addressing addressing, String token) {
    return new Device(
        new DeviceId(String.format("%024x", number)),
        Token.of(token),
        Optional.of(GROUP),
        "alice",
        addressing);
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waiting").isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  /** What is logged: by the library on every level, by others on the levels that they have. */
  private static final class Log extends AppenderBase<ILoggingEvent> implements AutoCloseable {
    private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    private final Logger ours = (Logger) LoggerFactory.getLogger("io.groupota");
    private final PatternLayout layout = new PatternLayout();
    private final List<String> lines = new CopyOnWriteArrayList<>();

    Log() {
      layout.setContext(root.getLoggerContext());
      layout.setPattern("%level %logger %msg%n%ex");
      layout.start();
      setContext(root.getLoggerContext());
      start();
      ours.setLevel(Level.TRACE);
      root.addAppender(this);
    }

    @Override
    protected void append(ILoggingEvent event) {
      lines.add(layout.doLayout(event));
    }

    List<String> lines() {
      return List.copyOf(lines);
    }

    boolean has(String text) {
      return lines.stream().anyMatch(line -> line.contains(text));
    }

    List<String> linesOf(String... loggers) {
      return lines.stream()
          .filter(line -> Stream.of(loggers).anyMatch(name -> line.contains("." + name + " ")))
          .toList();
    }

    @Override
    public void close() {
      root.detachAppender(this);
      ours.setLevel(null);
    }
  }
}
