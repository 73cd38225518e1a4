package io.groupota.examples.load;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.ReportCounts;
import io.groupota.examples.nodes.SharedBroker;
import io.groupota.mqtt.MqttDeviceListener;
import io.groupota.mqtt.MqttLink;
import io.groupota.spi.OtaRepository;
import io.groupota.storage.fs.FileSystemBlobStore;
import io.groupota.storage.jdbc.JdbcGroupRegistry;
import io.groupota.storage.jdbc.JdbcOtaRepository;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Status messages of a fleet at the rate of 100,000 devices, on a PostgreSQL that syncs. One in a
 * thousand comes with another version. {@code -Dota.load.seconds=60 -Dota.load.devices=100000} is
 * the long run, {@code -Dota.load.broker=20000} the rate through the broker.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class ReportLoadTest {
  private static final int RATE = 20_000;
  private static final int SECONDS = Integer.getInteger("ota.load.seconds", 3);
  private static final int DEVICES = Integer.getInteger("ota.load.devices", 5_000);
  private static final int RATE_OF_BROKER = Integer.getInteger("ota.load.broker", 2_000);
  private static final int ONE_IN = 1_000;
  private static final long PATIENCE_SECONDS = 240;

  @TempDir Path folder;

  private final RunningFleet fleet = new RunningFleet(DEVICES);
  private EmbeddedPostgres postgres;
  private HikariDataSource pool;
  private OtaRepository repository;
  private GroupOtaService service;
  private int mostWaiting;

  @BeforeEach
  void start() throws Exception {
    postgres =
        EmbeddedPostgres.builder()
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .setServerConfig("full_page_writes", "on")
            .start();
    HikariConfig config = new HikariConfig();
    config.setDataSource(postgres.getPostgresDatabase());
    config.setMaximumPoolSize(4);
    pool = new HikariDataSource(config);
    repository = JdbcOtaRepository.using(pool);
    JdbcGroupRegistry registry = JdbcGroupRegistry.builder(pool).migrate(false).build();
    fleet.register(registry);
    service =
        GroupOta.builder()
            .repository(repository)
            .blobStore(FileSystemBlobStore.in(folder.resolve("blobs")))
            .groups(registry)
            .build();
    fleet.deploy(service);
    service.start();
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
    pool.close();
    postgres.close();
  }

  @Test
  void noVersionIsLostAndNothingGrows() throws Exception {
    long heapBefore = usedHeap();
    showUp();
    ReportCounts before = service.reportCounts();
    mostWaiting = 0;
    double rate =
        Pace.keep(
            RATE,
            SECONDS,
            number -> {
              int device = number % DEVICES;
              fleet.maybeChange(device, ONE_IN);
              assertThat(service.report(fleet.status(device))).isTrue();
            },
            this::look);
    await("all saved", () -> service.reportCounts().waiting() == 0);
    ReportCounts counts = service.reportCounts();
    long grown = usedHeap() - heapBefore;
    print("through the service", RATE, rate, counts, grown);

    fleet.assertKnown(repository);
    assertThat(mostWaiting).isLessThanOrEqualTo(counts.capacity());
    assertThat(counts.refusedChanges()).isEqualTo(before.refusedChanges());
    assertThat(counts.droppedRefreshes()).isEqualTo(before.droppedRefreshes());
    assertThat(counts.taken() + counts.repeated() - before.taken() - before.repeated())
        .isEqualTo((long) RATE * SECONDS);
    assertThat(fleet.changes()).isPositive();
    assertThat(counts.versionChanges()).isBetween((long) DEVICES, (long) DEVICES + fleet.changes());
    // As the setting of the capacity promises, doubled.
    assertThat(grown).isLessThan(2L * 512 * counts.capacity());
  }

  /** All devices report to a service that knows none of them; who is refused tries again. */
  private void showUp() throws InterruptedException {
    long begin = System.nanoTime();
    for (int device = 0; device < DEVICES; device++) {
      int each = device;
      await("room for device " + each, () -> service.report(fleet.status(each)));
      look();
    }
    await("all saved", () -> service.reportCounts().waiting() == 0);
    System.out.printf(
        "%,d devices that were not known took %.1f s, at most %,d waiting%n",
        DEVICES, (System.nanoTime() - begin) / 1e9, mostWaiting);
  }

  @Test
  void noVersionIsLostOnItsWayThroughABroker() throws Exception {
    try (SharedBroker broker = SharedBroker.start(folder);
        StatusStream devices = new StatusStream(broker.port(), "devices");
        MqttLink link = MqttLink.builder().host("127.0.0.1").port(broker.port()).build();
        MqttDeviceListener listener = link.listener(service)) {
      link.start();
      listener.start();
      await("subscribed", listener::isSubscribed);
      long heapBefore = usedHeap();
      double rate =
          Pace.keep(
              RATE_OF_BROKER,
              SECONDS,
              number -> {
                int device = number % DEVICES;
                fleet.maybeChange(device, ONE_IN);
                devices.publish(fleet.topic(device), fleet.payload(device));
              },
              () -> {
                devices.flush();
                look();
              });
      long sent = (long) RATE_OF_BROKER * SECONDS;
      awaitSilence(listener);
      ReportCounts counts = service.reportCounts();
      print("through a broker", RATE_OF_BROKER, rate, counts, usedHeap() - heapBefore);
      System.out.printf(
          "  %,d sent, %,d received, %,d refused%n",
          sent, listener.counts().received(), listener.counts().refused());
      assertThat(listener.counts().received()).isBetween(1L, sent);
      assertThat(listener.counts().reported()).isEqualTo(counts.taken() + counts.repeated());
      assertThat(mostWaiting).isLessThanOrEqualTo(counts.capacity());
      repeatUntilKnown(devices);
    }
  }

  /** QoS 0 may lose a message; a device says it again. */
  private void repeatUntilKnown(StatusStream devices) throws Exception {
    long deadline = deadline();
    List<Integer> wrong = fleet.wronglyKnown(repository);
    System.out.printf("  %,d devices repeat their status%n", wrong.size());
    while (!wrong.isEmpty()) {
      assertThat(System.nanoTime()).as("%d not known", wrong.size()).isLessThan(deadline);
      for (int device : wrong) {
        devices.publish(fleet.topic(device), fleet.payload(device));
      }
      devices.flush();
      TimeUnit.SECONDS.sleep(1);
      wrong = fleet.wronglyKnown(repository);
    }
  }

  private void awaitSilence(MqttDeviceListener listener) throws InterruptedException {
    long received;
    do {
      received = listener.counts().received();
      TimeUnit.SECONDS.sleep(1);
    } while (listener.counts().received() > received || service.reportCounts().waiting() > 0);
  }

  private void look() {
    mostWaiting = Math.max(mostWaiting, service.reportCounts().waiting());
  }

  private void print(String what, int wanted, double rate, ReportCounts counts, long grown) {
    System.out.printf(
        "%,d devices %s, %d s: %,.0f messages a second of %,d wanted; %,d changes of a version;"
            + " at most %,d waiting of %,d; heap grown by %d MB; %s%n",
        DEVICES,
        what,
        SECONDS,
        rate,
        wanted,
        fleet.changes(),
        mostWaiting,
        counts.capacity(),
        grown >> 20,
        counts);
  }

  private static long usedHeap() {
    // Twice: what the first one only marks as free is free after the second.
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = deadline();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private static long deadline() {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
  }
}
