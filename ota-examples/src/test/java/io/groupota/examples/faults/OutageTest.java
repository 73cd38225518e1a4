package io.groupota.examples.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt3.Mqtt3Client;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.DeviceState;
import io.groupota.FirmwareDownload;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.event.Deployed;
import io.groupota.event.OtaEvent;
import io.groupota.examples.stack.Address;
import io.groupota.examples.stack.EmbeddedBroker;
import io.groupota.firmware.FirmwareSource;
import io.groupota.mqtt.MqttDeviceListener;
import io.groupota.mqtt.MqttLink;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.storage.fs.FileSystemBlobStore;
import io.groupota.storage.jdbc.JdbcGroupRegistry;
import io.groupota.storage.jdbc.JdbcOtaRepository;
import io.groupota.testkit.fault.FaultyProxy;
import io.groupota.testkit.fault.FaultyProxy.Ending;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A whole service whose database and broker stand behind proxies. The timeouts of the database are
 * the host's, set on the driver and the pool as here; Group OTA adds none of its own.
 */
@Timeout(120)
class OutageTest {
  private static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");
  private static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  private static final DeviceId DEVICE = new DeviceId("5e1b5774afd4e404d68aebd6");
  private static final Token TOKEN = Token.of("AATluvfLURijoH9d");

  /** Of the driver and of the pool, each. */
  private static final int TIMEOUT_SECONDS = 1;

  /**
   * A call that fails has waited once for a connection and once for an answer; a deploy looks and
   * tidies up after that. The rest is for a slow machine.
   */
  private static final Duration WITHIN = Duration.ofSeconds(3 * 2 * TIMEOUT_SECONDS + 4);

  private static final long PATIENCE_SECONDS = 40;

  /** What happens to every connection until it is restored. */
  private enum Fault {
    HANG {
      @Override
      void on(FaultyProxy proxy) {
        proxy.hang();
      }
    },
    REFUSE {
      @Override
      void on(FaultyProxy proxy) {
        proxy.refuse();
        proxy.reset();
      }
    };

    abstract void on(FaultyProxy proxy);
  }

  /** The tests share a database, so each deploy has a version of its own. */
  private static final AtomicInteger DEPLOYS = new AtomicInteger();

  @TempDir static Path shared;

  private static EmbeddedPostgres postgres;
  private static EmbeddedBroker broker;

  @TempDir Path folder;

  private final Set<String> triggered = ConcurrentHashMap.newKeySet();
  private FaultyProxy toDatabase;
  private FaultyProxy toBroker;
  private HikariDataSource pool;
  private MqttLink link;
  private MqttDeviceListener listener;
  private Mqtt3AsyncClient devices;
  private GroupOtaService service;

  @BeforeAll
  static void startServers() throws Exception {
    postgres = EmbeddedPostgres.builder().setServerConfig("fsync", "off").start();
    broker = EmbeddedBroker.start(Address.loopback(), shared);
  }

  @AfterAll
  static void stopServers() throws Exception {
    broker.close();
    postgres.close();
  }

  @BeforeEach
  void start() {
    toDatabase =
        FaultyProxy.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), postgres.getPort()));
    toBroker =
        FaultyProxy.to(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), broker.address().port()));
    pool = new HikariDataSource(database());
    link = MqttLink.builder().host("127.0.0.1").port(toBroker.port()).user("ota").build();
    service = service(pool);
    listener = link.listener(service);
    link.start();
    listener.start();
    devices =
        Mqtt3Client.builder()
            .serverHost("127.0.0.1")
            .serverPort(broker.address().port())
            .buildAsync();
    devices.connect().join();
    devices
        .subscribeWith()
        .topicFilter("/alice/groups/" + GROUP.value() + "/update-trigger")
        .callback(
            publish ->
                triggered.add(
                    new String(publish.getPayloadAsBytes(), StandardCharsets.UTF_8)
                        .replaceAll(".*\"ver\":\"([^\"]*)\".*", "$1")))
        .send()
        .join();
    await("subscribed", listener::isSubscribed);
  }

  @AfterEach
  void stop() {
    toDatabase.restore();
    toBroker.restore();
    listener.close();
    service.close();
    link.close();
    pool.close();
    devices.disconnect().join();
    await("no connections", () -> toDatabase.openConnections() + toBroker.openConnections() == 0);
    toDatabase.close();
    toBroker.close();
    await("no threads", () -> threads().values().stream().allMatch(count -> count == 0));
  }

  /** What a host sets, with short times. */
  private HikariConfig database() {
    HikariConfig config = new HikariConfig();
    config.setPoolName("outage-pool");
    config.setJdbcUrl(
        "jdbc:postgresql://127.0.0.1:"
            + toDatabase.port()
            + "/postgres?ApplicationName=outage&connectTimeout=%1$d&socketTimeout=%1$d"
                .formatted(TIMEOUT_SECONDS)
            + "&loginTimeout=%d&cancelSignalTimeout=%1$d".formatted(TIMEOUT_SECONDS));
    config.setUsername("postgres");
    config.setMaximumPoolSize(4);
    config.setConnectionTimeout(TimeUnit.SECONDS.toMillis(TIMEOUT_SECONDS));
    config.setValidationTimeout(500);
    return config;
  }

  private GroupOtaService service(DataSource database) {
    return builder(database).build();
  }

  private GroupOta.Builder builder(DataSource database) {
    JdbcOtaRepository repository = JdbcOtaRepository.using(database);
    JdbcGroupRegistry registry = JdbcGroupRegistry.builder(database).migrate(false).build();
    registry.saveGroups(List.of(new Group(GROUP, OWNER, TOKEN, "cooling")));
    registry.saveDevices(
        List.of(
            new Device(DEVICE, Token.of("device"), Optional.of(GROUP), "alice", Addressing.GROUP)));
    return GroupOta.builder()
        .repository(repository)
        .blobStore(FileSystemBlobStore.in(folder))
        .groups(registry)
        .notifier(link.notifier())
        .triggerTimeout(Duration.ofSeconds(1))
        .triggerLease(Duration.ofSeconds(2))
        .pollInterval(Duration.ofMillis(200))
        .flushInterval(Duration.ofMillis(100));
  }

  @ParameterizedTest
  @EnumSource
  void databaseIsAwayForAWhile(Fault fault) throws Exception {
    service.start();
    String before = deployAndAwaitTrigger();
    await("idle", () -> pool.getHikariPoolMXBean().getActiveConnections() == 0);

    fault.on(toDatabase);
    assertFails(() -> deploy(version()));
    assertFails(() -> service.latestUpdates(OWNER, OtaQuery.builder().build()));
    assertFails(() -> service.diff(OWNER, GROUP, "9.0.0"));
    assertFails(() -> service.history(OWNER, GROUP, 0, OptionalInt.empty()));
    String reported = "1.7." + DEPLOYS.get();
    assertThat(service.report(DeviceReport.version(DEVICE, reported))).isTrue();

    toDatabase.restore();
    await("report saved", () -> reportedVersion().equals(Optional.of(reported)));
    assertThat(service.history(OWNER, GROUP, 0, OptionalInt.empty()).updates())
        .as("a deploy that failed is not there")
        .first()
        .extracting(OtaUpdate::version)
        .isEqualTo(before);
    deployAndAwaitTrigger();
    assertNothingLeaks();
  }

  @ParameterizedTest
  @EnumSource
  void brokerIsAwayForAWhile(Fault fault) throws Exception {
    service.start();
    deployAndAwaitTrigger();

    for (int outage = 0; outage < 2; outage++) {
      fault.on(toBroker);
      String version = version();
      deploy(version);
      assertThat(servedBytes()).as("served meanwhile").isEqualTo(version);

      toBroker.restore();
      await("trigger of " + version, () -> triggered.contains(version));
      String reported = "1.8." + DEPLOYS.get();
      await("subscribed", listener::isSubscribed);
      await(
          "device heard",
          () -> {
            say(reported);
            return reportedVersion().equals(Optional.of(reported));
          });
      assertNothingLeaks();
    }
  }

  @ParameterizedTest
  @EnumSource
  void brokerBreaksInTheMiddleOfAReply(Ending ending) throws Exception {
    service.start();
    deployAndAwaitTrigger();
    toBroker.cutRepliesAfter(1, ending);
    String version = version();
    deploy(version);
    await("trigger of " + version, () -> triggered.contains(version));
    if (ending == Ending.HANG) {
      // The client would notice by its keep-alive, after a minute and a half.
      toBroker.reset();
    }
    deployAndAwaitTrigger();
    assertNothingLeaks();
  }

  /** At every place of everything that the database says during a deploy. */
  @ParameterizedTest
  @EnumSource(names = {"RESET", "CLOSE"})
  void databaseBreaksInTheMiddleOfAReply(Ending ending) throws Exception {
    int failed = 0;
    int succeeded = 0;
    for (int bytes = 0; bytes < 3_000; bytes += 83) {
      String version = version();
      // Warm: the pool does not ask a connection that was used just now whether it is alive.
      service.latestUpdates(OWNER, OtaQuery.builder().build());
      toDatabase.cutRepliesAfter(bytes, ending);
      boolean answered = answers(() -> deploy(version));
      toDatabase.restore();
      assertThat(history())
          .as("cut after %d bytes", bytes)
          .satisfies(
              all -> {
                assertThat(all.contains(version)).isEqualTo(answered);
              });
      failed += answered ? 0 : 1;
      succeeded += answered ? 1 : 0;
    }
    assertThat(failed).as("failed").isPositive();
    assertThat(succeeded).as("succeeded").isPositive();
    for (int bytes = 0; bytes < 400; bytes += 40) {
      toDatabase.cutRepliesAfter(bytes, ending);
      answers(() -> service.latestUpdates(OWNER, OtaQuery.builder().build()));
      answers(() -> service.diff(OWNER, GROUP, "9.0.0"));
      toDatabase.restore();
    }
    service.runOnce();
    assertNothingLeaks();
  }

  @Test
  void databaseFallsSilentInTheMiddleOfAReply() throws Exception {
    deploy(version());
    String version = version();
    toDatabase.cutRepliesAfter(100, Ending.HANG);
    assertFails(() -> deploy(version));
    assertThat(history()).doesNotContain(version);
    deploy(version());
    assertNothingLeaks();
  }

  /** The connection is lost after the commit was sent: with its answer, or before it arrived. */
  @ParameterizedTest
  @EnumSource
  void aCommitOfUnknownOutcomeIsLookedUp(Ending ending) throws Exception {
    OtaUpdate before = deploy(version());
    List<OtaEvent> events = new CopyOnWriteArrayList<>();
    try (GroupOtaService cut =
        builder(cutAtTheCommitOfADeploy(ending)).listener(events::add).build()) {
      String version = version();
      OtaUpdate update = cut.deploy(request(version));
      assertThat(events)
          .containsExactly(new Deployed(update, Optional.of(before), Optional.of(OWNER)));
      assertThat(history()).contains(version);
    }
  }

  @Test
  void aCommitThatNeverArrivedIsAFailure() throws Exception {
    Duration grace = Duration.ofMillis(100);
    deploy(version());
    try (GroupOtaService cut = builder(cutAtTheCommitOfADeploy(null)).deployGrace(grace).build()) {
      String version = version();
      assertFails(() -> cut.deploy(request(version)));
      // The pool may hand out another connection that the cut has broken.
      await("the pool has recovered", () -> answers(this::history));
      assertThat(history()).doesNotContain(version);
      // At once; or after its grace, if the deploy could not say any more that it gave up.
      await("the firmware is swept", () -> sweptBy(cut));
    }
  }

  private boolean sweptBy(GroupOtaService node) throws IOException {
    node.runOnce();
    try (Stream<Path> files = Files.walk(folder)) {
      // The served one stays.
      return files.filter(Files::isRegularFile).count() == 1;
    }
  }

  /** PostgreSQL's own answer when its disk is full, given in its place. */
  @Test
  void aFullDiskOfTheDatabaseIsNamedAndReadingGoesOn() throws Exception {
    String before = version();
    deploy(before);
    boolean[] full = {true};
    DataSource database =
        onStatements(
            sql -> {
              if (full[0] && sql.contains("INSERT INTO ota_update")) {
                throw new SQLException("could not extend file: No space left on device", "53100");
              }
            });
    try (GroupOtaService onFull = service(database)) {
      String version = version();
      assertThatThrownBy(() -> onFull.deploy(request(version)))
          .isInstanceOf(StorageException.class)
          .hasMessage("The OTA repository could not be written (SQL state 53100)");
      assertThat(onFull.served(GROUP)).map(OtaUpdate::version).contains(before);
      assertThat(servedBytes()).isEqualTo(before);
      onFull.runOnce();
      try (Stream<Path> files = Files.walk(folder)) {
        assertThat(files.filter(Files::isRegularFile)).as("the served one only").hasSize(1);
      }

      full[0] = false;
      onFull.deploy(request(version));
      assertThat(history()).contains(version);
    }
  }

  /**
   * Cuts the answer to the statement that records an update, which commits by itself; or, without
   * an ending, the connection before it. Preparing it here sends nothing yet.
   */
  private DataSource cutAtTheCommitOfADeploy(Ending ending) {
    boolean[] cut = new boolean[1];
    return connections(
        (method, sql, call) -> {
          if (sql.contains("INSERT INTO ota_update") && !cut[0]) {
            cut[0] = true;
            if (ending == null) {
              toDatabase.reset();
            } else {
              toDatabase.cutRepliesAfter(0, ending);
            }
          }
          return call.call();
        });
  }

  private interface Statements {
    void prepared(String sql) throws SQLException;
  }

  private DataSource onStatements(Statements statements) {
    return connections(
        (method, sql, call) -> {
          statements.prepared(sql);
          return call.call();
        });
  }

  /** What stands in the way of a call; the SQL is empty if the call has none. */
  private interface Interceptor {
    Object call(String method, String sql, Callable<Object> real) throws Exception;
  }

  /** The pool, with every call to its connections intercepted. */
  private DataSource connections(Interceptor interceptor) {
    return proxy(
        DataSource.class,
        pool,
        (method, sql, call) ->
            method.equals("getConnection")
                ? proxy(Connection.class, (Connection) call.call(), interceptor)
                : call.call());
  }

  private static <T> T proxy(Class<T> type, T real, Interceptor interceptor) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) ->
                interceptor.call(
                    method.getName(),
                    arguments != null && arguments[0] instanceof String sql ? sql : "",
                    () -> invoke(real, method, arguments))));
  }

  private static Object invoke(Object real, Method method, Object[] arguments) throws Exception {
    try {
      return method.invoke(real, arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Exception failure) {
        throw failure;
      }
      throw e;
    }
  }

  private String version() {
    return "1.0." + DEPLOYS.getAndIncrement();
  }

  private OtaUpdate deploy(String version) {
    return service.deploy(request(version));
  }

  private static DeployRequest request(String version) {
    return DeployRequest.of(
        OWNER,
        GROUP.value(),
        TOKEN.value(),
        version,
        FirmwareSource.bytes(version.getBytes(StandardCharsets.UTF_8)));
  }

  private String deployAndAwaitTrigger() {
    String version = version();
    deploy(version);
    await("trigger of " + version, () -> triggered.contains(version));
    return version;
  }

  private void say(String version) {
    devices
        .publishWith()
        .topic("/alice/devices/" + DEVICE.value() + "/status")
        .payload("{\"fw_version\":\"%s\"}".formatted(version).getBytes(StandardCharsets.UTF_8))
        .send()
        .join();
  }

  private List<String> history() {
    return service.history(OWNER, GROUP, 0, OptionalInt.of(1_000)).updates().stream()
        .map(OtaUpdate::version)
        .toList();
  }

  private Optional<String> reportedVersion() {
    return service.deviceState(OWNER, DEVICE).flatMap(DeviceState::reportedVersion);
  }

  private String servedBytes() throws Exception {
    FirmwareDownload download = service.download(GROUP, TOKEN).orElseThrow();
    try (InputStream bytes = download.open(0, download.update().firmware().size())) {
      return new String(bytes.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void assertFails(ThrowingCallable call) {
    long begin = System.nanoTime();
    assertThatThrownBy(call).isInstanceOf(StorageException.class);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(WITHIN);
  }

  /** Answers, or fails as it says. */
  private static boolean answers(Runnable call) {
    try {
      call.run();
      return true;
    } catch (StorageException e) {
      return false;
    }
  }

  /** No more connections than the pool has, all of them idle; and the same threads as ever. */
  private void assertNothingLeaks() {
    await("connections returned", () -> pool.getHikariPoolMXBean().getActiveConnections() == 0);
    await(
        "connections of the pool only",
        () -> toDatabase.openConnections() == pool.getHikariPoolMXBean().getTotalConnections());
    await(
        "connections of the pool only, on the server",
        () -> connectionsOnTheServer() == pool.getHikariPoolMXBean().getTotalConnections());
    assertThat(pool.getHikariPoolMXBean().getTotalConnections()).isLessThanOrEqualTo(4);
    await("one connection to the broker", () -> toBroker.openConnections() == 1);
    await(
        "threads",
        () -> {
          Map<String, Long> now = threads();
          return now.get("ota-") <= 8 && now.get("PostgreSQL JDBC driver connection") == 0;
        });
  }

  private static Map<String, Long> threads() {
    Set<Thread> all = Thread.getAllStackTraces().keySet();
    return List.of("ota-", "outage-pool", "faulty-proxy", "PostgreSQL JDBC driver connection")
        .stream()
        .collect(
            Collectors.toMap(
                Function.identity(),
                prefix -> all.stream().filter(t -> t.getName().startsWith(prefix)).count()));
  }

  private static long connectionsOnTheServer() throws SQLException {
    try (Connection direct = postgres.getPostgresDatabase().getConnection();
        Statement statement = direct.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'outage'")) {
      row.next();
      return row.getLong(1);
    }
  }

  private static void await(String what, Callable<Boolean> condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (true) {
      try {
        if (condition.call()) {
          return;
        }
      } catch (StorageException e) {
        // Not yet back.
      } catch (Exception e) {
        throw new AssertionError(what, e);
      }
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      try {
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }
}
