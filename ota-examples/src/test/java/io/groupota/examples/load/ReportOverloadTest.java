package io.groupota.examples.load;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.ReportCounts;
import io.groupota.spi.OtaRepository;
import io.groupota.storage.fs.FileSystemBlobStore;
import io.groupota.storage.jdbc.JdbcGroupRegistry;
import io.groupota.storage.jdbc.JdbcOtaRepository;
import io.groupota.testkit.fault.FaultyProxy;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The database hangs while a fleet goes on reporting to a service that has not room for all. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ReportOverloadTest {
  private static final int CAPACITY = 2_000;
  private static final int STRANGERS = 2_000;
  private static final long PATIENCE_SECONDS = 60;

  @TempDir Path folder;

  /** The first ones are remembered by the service, the others have not reported yet. */
  private final RunningFleet fleet = new RunningFleet(CAPACITY + STRANGERS);

  private EmbeddedPostgres postgres;
  private FaultyProxy toDatabase;
  private HikariDataSource pool;
  private OtaRepository repository;
  private GroupOtaService service;
  private int refused;

  @BeforeEach
  void start() throws Exception {
    postgres = EmbeddedPostgres.builder().setServerConfig("fsync", "off").start();
    toDatabase =
        FaultyProxy.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), postgres.getPort()));
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(
        "jdbc:postgresql://127.0.0.1:%d/postgres?socketTimeout=10".formatted(toDatabase.port()));
    config.setUsername("postgres");
    config.setMaximumPoolSize(4);
    config.setConnectionTimeout(5_000);
    pool = new HikariDataSource(config);
    repository = JdbcOtaRepository.using(pool);
    JdbcGroupRegistry registry = JdbcGroupRegistry.builder(pool).migrate(false).build();
    fleet.register(registry);
    service =
        GroupOta.builder()
            .repository(repository)
            .blobStore(FileSystemBlobStore.in(folder))
            .groups(registry)
            .reportCapacity(CAPACITY)
            .lastSeenInterval(Duration.ofMillis(500))
            .flushInterval(Duration.ofMillis(50))
            .build();
    fleet.deploy(service);
    service.start();
  }

  @AfterEach
  void stop() throws Exception {
    toDatabase.restore();
    service.close();
    pool.close();
    toDatabase.close();
    postgres.close();
  }

  @Test
  void refreshesAreDroppedFirstAndVersionsAreSavedAfterwards() throws Exception {
    for (int device = 0; device < CAPACITY; device++) {
      int each = device;
      await("taken", () -> service.report(fleet.status(each)));
    }
    await("all saved", () -> service.reportCounts().waiting() == 0);
    assertThat(fleet.wronglyKnown(repository)).allMatch(device -> device >= CAPACITY);
    ReportCounts before = service.reportCounts();

    toDatabase.hang();
    // Until a refresh of every device is due and there is no room for one more.
    await(
        "refreshes fill their part",
        () -> {
          reportAll(0, CAPACITY);
          return service.reportCounts().waiting() >= CAPACITY * 3 / 4
              && service.reportCounts().droppedRefreshes() > before.droppedRefreshes();
        });
    assertThat(service.reportCounts().refusedChanges()).isEqualTo(before.refusedChanges());
    assertThat(refused).as("refreshes refused").isPositive();

    reportAll(CAPACITY, CAPACITY + STRANGERS);
    awaitRestart();
    for (int device = 0; device < CAPACITY; device += 20) {
      fleet.change(device);
    }
    int refusedVersions = 0;
    for (int device = 0; device < CAPACITY; device += 20) {
      refusedVersions += report(device) ? 0 : 1;
    }
    ReportCounts full = service.reportCounts();
    System.out.printf("%,d versions of %,d refused; %s%n", refusedVersions, fleet.changes(), full);
    assertThat(full.waiting()).isLessThanOrEqualTo(CAPACITY);
    assertThat(full.refusedChanges() - before.refusedChanges())
        .as("strangers of whom more came than there is room for")
        .isPositive();
    assertThat(refusedVersions).as("versions, for which room was left").isZero();
    assertThat(full.droppedRefreshes() + full.refusedChanges())
        .as("nothing is refused without being counted")
        .isGreaterThanOrEqualTo(refused);

    toDatabase.restore();
    await("all saved", () -> service.reportCounts().waiting() == 0);
    assertThat(fleet.wronglyKnown(repository)).allMatch(device -> device >= CAPACITY);
    await(
        "the others, at their next status",
        () -> {
          reportAll(CAPACITY, CAPACITY + STRANGERS);
          return fleet.wronglyKnown(repository).isEmpty();
        });
  }

  private void reportAll(int from, int to) {
    for (int device = from; device < to; device++) {
      report(device);
    }
  }

  private boolean report(int device) {
    boolean taken = service.report(fleet.status(device));
    refused += taken ? 0 : 1;
    assertThat(service.reportCounts().waiting()).isLessThanOrEqualTo(CAPACITY);
    return taken;
  }

  /** Before a device runs another version it is silent for longer than times are imprecise. */
  private static void awaitRestart() throws InterruptedException {
    long up = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(200);
    await("restarted", () -> System.nanoTime() > up);
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }
}
