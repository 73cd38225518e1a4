package io.groupota.examples.rollouts;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.UpdateCode;
import io.groupota.firmware.FirmwareSource;
import io.groupota.rollout.DeviceLimits;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Pace;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutState;
import io.groupota.rollout.Stage;
import io.groupota.rollout.StopRule;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.storage.fs.FileSystemBlobStore;
import io.groupota.storage.jdbc.JdbcGroupRegistry;
import io.groupota.storage.jdbc.JdbcOtaRepository;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two nodes on one PostgreSQL drive a rollout, one of them is killed in each stage, and the counts
 * are compared with the devices all the time. {@code -Dota.rollout.devices=10000} makes it the long
 * run.
 */
class RolloutKillTest {
  private static final int DEVICES = Integer.getInteger("ota.rollout.devices", 1_000);
  private static final int SLOTS = Math.max(50, DEVICES / 20);
  private static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");
  private static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  private static final Token TOKEN = Token.of("AATluvfLURijoH9d");
  private static final long PATIENCE_MINUTES = 20;

  /** How often a device says what it runs. */
  private static final long REPEAT_NANOS = TimeUnit.SECONDS.toNanos(5);

  @TempDir private Path folder;
  private EmbeddedPostgres postgres;
  private HikariDataSource pool;
  private GroupOtaService console;

  /** Devices act side by side, so that no node waits; each takes its triggers one by one. */
  private final List<ExecutorService> radio =
      Stream.generate(Executors::newSingleThreadExecutor).limit(8).toList();

  private final NodeProcess[] nodes = new NodeProcess[2];

  /** What each device runs, in truth. */
  private final Map<DeviceId, String> fleet = new ConcurrentHashMap<>();

  private final Set<DeviceId> triggered = ConcurrentHashMap.newKeySet();

  /** Triggered devices that do not act before a node is killed in their stage. */
  private final Queue<DeviceId> hesitating = new ConcurrentLinkedQueue<>();

  private volatile boolean hesitant;
  private final Set<Integer> killedIn = new HashSet<>();
  private long repeatedAt = System.nanoTime();

  /** Whether a device that is updated says that it failed. */
  private volatile Set<DeviceId> broken = Set.of();

  @BeforeEach
  void start() throws Exception {
    postgres = EmbeddedPostgres.builder().start();
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url());
    pool = new HikariDataSource(config);
    JdbcGroupRegistry registry = JdbcGroupRegistry.using(pool);
    registry.saveGroups(List.of(new Group(GROUP, OWNER, TOKEN, "cooling")));
    List<Device> devices = new ArrayList<>();
    for (int i = 1; i <= DEVICES; i++) {
      DeviceId id = new DeviceId(String.format("%024x", i));
      devices.add(new Device(id, Token.of("t" + i), Optional.of(GROUP), "u1", Addressing.DEVICE));
      fleet.put(id, "1.0.0");
    }
    registry.saveDevices(devices);
    console =
        GroupOta.builder()
            .repository(JdbcOtaRepository.using(pool))
            .blobStore(FileSystemBlobStore.in(folder.resolve("firmware")))
            .groups(registry)
            .cacheTtl(Duration.ofMillis(1))
            .build();
    console.deploy(request("1.0.0"));
    fleet.keySet().forEach(id -> console.report(DeviceReport.version(id, "1.0.0")));
    console.runOnce();
    for (int i = 0; i < nodes.length; i++) {
      nodes[i] = startNode();
    }
  }

  @AfterEach
  void stop() throws Exception {
    for (NodeProcess node : nodes) {
      if (node != null) {
        node.kill();
      }
    }
    radio.forEach(ExecutorService::shutdownNow);
    for (ExecutorService thread : radio) {
      assertThat(thread.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
    }
    console.close();
    pool.close();
    postgres.close();
  }

  private NodeProcess startNode() throws IOException, InterruptedException {
    return NodeProcess.start(folder, url(), device -> act(device, this::onTrigger));
  }

  private void act(DeviceId device, Consumer<DeviceId> action) {
    radio.get(Math.floorMod(device.hashCode(), radio.size())).execute(() -> action.accept(device));
  }

  private String url() {
    return postgres.getJdbcUrl("postgres", "postgres");
  }

  private static DeployRequest request(String version) {
    byte[] firmware = ("firmware " + version).repeat(1_000).getBytes(StandardCharsets.US_ASCII);
    return DeployRequest.of(
        OWNER, GROUP.value(), TOKEN.value(), version, FirmwareSource.bytes(firmware));
  }

  private static RolloutPlan.Builder plan() {
    return RolloutPlan.builder()
        .pace(new Pace(OptionalDouble.empty(), 1, 1, OptionalDouble.empty(), OptionalInt.of(SLOTS)))
        .devices(
            new DeviceLimits(
                Duration.ofSeconds(20),
                Duration.ofSeconds(20),
                100,
                Duration.ofSeconds(1),
                Duration.ofSeconds(2),
                Duration.ofMillis(500)));
  }

  private void onTrigger(DeviceId device) {
    triggered.add(device);
    if (hesitant) {
      hesitating.add(device);
    } else {
      update(device);
    }
  }

  /** A device checks, and updates or fails. */
  private void update(DeviceId device) {
    String target = console.served(device).map(OtaUpdate::version).orElseThrow();
    if (target.equals(fleet.get(device))) {
      return;
    }
    say(device, "code " + device + " " + UpdateCode.DOWNLOAD_STARTED.code());
    if (broken.contains(device)) {
      say(device, "code " + device + " " + UpdateCode.FAILED.code());
    } else {
      fleet.put(device, target);
      say(device, "version " + device + " " + target);
    }
  }

  /** Reaches one of the nodes, as a shared subscription has it, or is lost with it. */
  private void say(DeviceId device, String line) {
    int first = Math.floorMod(device.hashCode() + line.length(), nodes.length);
    if (!nodes[first].send(line)) {
      nodes[1 - first].send(line);
    }
  }

  /**
   * Kills a node while devices of the stage are in flight, and starts another one. Then they act.
   */
  private Rollout killOnceAStage(RolloutId id) throws Exception {
    int before = hesitating.size();
    Rollout seen = console.rollouts().get(OWNER, id);
    int stage = seen.stage();
    if (before > 0 && seen.state() == RolloutState.RUNNING && killedIn.add(stage)) {
      int victim = stage % nodes.length;
      nodes[victim].kill();
      nodes[victim] = startNode();
    }
    if (killedIn.contains(stage)) {
      // Those that were triggered since may be of the next stage.
      Stream.generate(hesitating::poll).limit(before).forEach(next -> act(next, this::update));
    }
    return seen;
  }

  @Test
  void everyDeviceIsUpdatedOnceAndTheCountsAreExactWhicheverNodeDies() throws Exception {
    Gate most = new Gate(90, Duration.ZERO, false);
    RolloutPlan plan =
        plan()
            .stage(Stage.percent(1, most))
            .stage(Stage.percent(10, most))
            .stage(Stage.percent(50, most))
            .stage(Stage.everyone())
            .build();
    hesitant = true;
    RolloutId id = console.rollouts().deploy(request("2.0.0"), Map.of(), plan).id();
    int samples = 0;
    Rollout seen = console.rollouts().get(OWNER, id);
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(PATIENCE_MINUTES);
    while (!seen.state().isOver() && System.nanoTime() < deadline) {
      requireExactCounts(id);
      samples++;
      seen = killOnceAStage(id);
      assertThat(seen.counts().inFlight()).isLessThanOrEqualTo(SLOTS);
      repeatReports();
    }
    requireExactCounts(id);
    assertThat(seen.state()).isEqualTo(RolloutState.COMPLETED);
    assertThat(seen.counts().byState())
        .isEqualTo(Map.of(RolloutDeviceState.UPDATED, (long) DEVICES));
    assertThat(killedIn).containsExactlyInAnyOrder(0, 1, 2, 3);
    assertThat(triggered).hasSize(DEVICES);
    assertThat(fleet.values()).containsOnly("2.0.0");
    System.out.println(
        "Rollout of " + DEVICES + " devices, 4 kills: counts exact at " + samples + " samples");
  }

  @Test
  void aFirmwareThatFailsOnAFifthOfTheDevicesIsStoppedInTheFirstStage() throws Exception {
    Set<DeviceId> fifth = new HashSet<>();
    fleet.keySet().stream().filter(id -> id.hashCode() % 5 == 0).forEach(fifth::add);
    broken = fifth;
    RolloutId id =
        console
            .rollouts()
            .deploy(
                request("2.0.0"),
                Map.of(),
                plan()
                    .devices(
                        new DeviceLimits(
                            Duration.ofSeconds(20),
                            Duration.ofSeconds(20),
                            0,
                            Duration.ofSeconds(1),
                            Duration.ofSeconds(1),
                            Duration.ZERO))
                    .stage(Stage.percent(10, new Gate(95, Duration.ZERO, false)))
                    .stage(Stage.everyone())
                    .stopWhen(StopRule.above(5, 20, StopRule.Action.ROLL_BACK))
                    .build())
            .id();
    Rollout seen = console.rollouts().get(OWNER, id);
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(PATIENCE_MINUTES);
    boolean back = false;
    while (!back && System.nanoTime() < deadline) {
      requireExactCounts(id);
      repeatReports();
      seen = console.rollouts().get(OWNER, id);
      back =
          seen.state() == RolloutState.ROLLED_BACK
              && seen.counts().open() == 0
              && Set.copyOf(fleet.values()).equals(Set.of("1.0.0"));
    }
    assertThat(back).as("rolled back: %s, fleet %s", seen.counts(), counts()).isTrue();
    assertThat(seen.stage()).isZero();
    assertThat(triggered).isNotEmpty().hasSizeLessThanOrEqualTo(DEVICES / 10);
  }

  private Map<String, Long> counts() {
    return fleet.values().stream()
        .collect(Collectors.groupingBy(version -> version, Collectors.counting()));
  }

  /** Devices repeat what they run every 5 seconds; those whose last word was lost, at once. */
  private void repeatReports() throws SQLException {
    if (System.nanoTime() - repeatedAt > REPEAT_NANOS) {
      repeatedAt = System.nanoTime();
      fleet.forEach((device, version) -> say(device, "version " + device + " " + version));
    }
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("SELECT device_id, reported_version FROM ota_device_state")) {
      while (row.next()) {
        DeviceId device = new DeviceId(row.getString(1));
        String runs = fleet.get(device);
        if (runs != null && !runs.equals(row.getString(2))) {
          say(device, "version " + device + " " + runs);
        }
      }
    }
  }

  /** In one snapshot. */
  private void requireExactCounts(RolloutId id) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT COALESCE(c.stage, d.stage), COALESCE(c.state, d.state), c.devices,"
                    + " d.devices FROM (SELECT stage, state, SUM(devices) AS devices"
                    + " FROM ota_rollout_count WHERE rollout_id = '"
                    + id
                    + "' GROUP BY stage, state) c FULL JOIN (SELECT stage, state,"
                    + " COUNT(*) AS devices FROM ota_rollout_device WHERE rollout_id = '"
                    + id
                    + "' GROUP BY stage, state) d ON d.stage = c.stage AND d.state = c.state"
                    + " WHERE COALESCE(c.devices, 0) <> COALESCE(d.devices, 0)")) {
      List<String> wrong = new ArrayList<>();
      while (row.next()) {
        wrong.add(
            "stage "
                + row.getInt(1)
                + " "
                + row.getString(2)
                + ": counted "
                + row.getLong(3)
                + ", are "
                + row.getLong(4));
      }
      assertThat(wrong).isEmpty();
    }
  }
}
