package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.OtaQuery;
import io.groupota.StorageException;
import io.groupota.spi.Addressing;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.TriggerQueue.Claim;
import io.groupota.spi.UpdateLog.Outcome;
import io.groupota.testkit.Race;
import io.groupota.testkit.SettableClock;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransactionsTest {
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void everyConnectionIsGivenBackAsItWas(boolean autocommit) {
    HikariConfig config = TestDatabase.postgres();
    config.setAutoCommit(autocommit);
    try (HikariDataSource pool = new HikariDataSource(config)) {
      JdbcOtaRepository.using(pool);
      Spy spy = new Spy(pool);
      OtaRepository repository = node(spy);
      List<String> single =
          autocommit
              ? List.of("close")
              : List.of("setAutoCommit false", "commit", "setAutoCommit false", "close");
      spy.calls.clear();
      repository.served(Samples.GROUP);
      assertThat(spy.calls).containsExactlyElementsOf(single);
      spy.calls.clear();
      repository.reserve(Samples.update(1, "1.0.0").blob());
      assertThat(spy.calls).containsExactlyElementsOf(single);
      spy.calls.clear();
      repository.abandon(Samples.update(1, "1.0.0").blob());
      assertThat(spy.calls)
          .containsExactly("setAutoCommit false", "commit", "setAutoCommit " + autocommit, "close");
      spy.calls.clear();
      spy.failWith(failingAt("prepareStatement", () -> new LinkageError("no memory")));
      assertThatThrownBy(() -> repository.abandon(Samples.update(1, "1.0.0").blob()))
          .isInstanceOf(LinkageError.class);
      assertThat(spy.calls)
          .containsExactly(
              "setAutoCommit false", "rollback", "setAutoCommit " + autocommit, "close");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"40001", "40P01", "23505"})
  void aLostRaceRepeatsTheWholeTransaction(String sqlState) {
    try (HikariDataSource pool = h2()) {
      Spy spy = new Spy(pool);
      OtaRepository repository = node(spy);
      repository.reserve(Samples.update(1, "1.0.0").blob());
      AtomicInteger commits = new AtomicInteger();
      spy.failWith(
          method -> {
            if (method.equals("commit") && commits.incrementAndGet() <= 2) {
              throw new SQLException("lost", sqlState);
            }
          });
      spy.calls.clear();
      spy.prepared.clear();
      assertThat(repository.record(Samples.entry(1, "1.0.0")).outcome())
          .isEqualTo(Outcome.RECORDED);
      assertThat(spy.calls.stream().filter("rollback"::equals)).hasSize(2);
      // Eight statements, three times; and once what makes the commit durable.
      assertThat(spy.prepared).hasSize(25).endsWith("CHECKPOINT SYNC");
      assertThat(spy.prepared.subList(0, 8)).isEqualTo(spy.prepared.subList(16, 24));
      assertThat(repository.history(Samples.GROUP, 0, 10).total()).isEqualTo(1);
    }
  }

  /** Its first one starts the flight recorder of the JVM, which takes a tenth of a second. */
  @Test
  void currentTablesAreOpenedWithoutAStatementOfJdbi() {
    try (HikariDataSource pool = h2()) {
      JdbcOtaRepository.using(pool);
      Spy spy = new Spy(pool);
      OtaRepository repository = node(spy);
      assertThat(spy.prepared).as("by Jdbi").isEmpty();
      repository.reserve(Samples.update(1, "1.0.0").blob());
      assertThat(spy.prepared).endsWith("CHECKPOINT SYNC");
    }
  }

  @Test
  void aUserThatMayNotFlushIsServedWithoutIt() throws SQLException {
    try (HikariDataSource pool = h2()) {
      JdbcOtaRepository.using(pool);
      try (Connection connection = pool.getConnection();
          Statement statement = connection.createStatement()) {
        statement.execute("CREATE USER guest PASSWORD 'guest'");
        statement.execute("GRANT ALL ON SCHEMA public TO guest");
      }
      HikariConfig config = new HikariConfig();
      // Setting this takes the same rights.
      config.setJdbcUrl(pool.getJdbcUrl().replace(";DB_CLOSE_DELAY=-1", ""));
      config.setUsername("guest");
      config.setPassword("guest");
      try (HikariDataSource guests = new HikariDataSource(config)) {
        Spy spy = new Spy(guests);
        node(spy).reserve(Samples.update(1, "1.0.0").blob());
        assertThat(spy.prepared).isNotEmpty().doesNotContain("CHECKPOINT SYNC");
      }
    }
  }

  @Test
  void aRaceThatIsAlwaysLostEnds() {
    try (HikariDataSource pool = h2()) {
      Spy spy = new Spy(pool);
      OtaRepository repository = node(spy);
      spy.failWith(failingAt("commit", () -> new SQLException("lost", "40001")));
      spy.calls.clear();
      assertThatThrownBy(() -> repository.abandon(Samples.update(1, "1.0.0").blob()))
          .isInstanceOf(StorageException.class)
          .hasMessage("The OTA repository could not be written (SQL state 40001)");
      assertThat(spy.calls.stream().filter("commit"::equals)).hasSizeBetween(3, 20);
      assertThat(spy.calls.stream().filter("close"::equals))
          .hasSameSizeAs(spy.calls.stream().filter("commit"::equals).toList());
    }
  }

  @Test
  void anotherFailureIsNotRepeated() {
    try (HikariDataSource pool = h2()) {
      Spy spy = new Spy(pool);
      OtaRepository repository = node(spy);
      spy.failWith(failingAt("commit", () -> new SQLException("disk full", "53100")));
      spy.calls.clear();
      assertThatThrownBy(() -> repository.abandon(Samples.update(1, "1.0.0").blob()))
          .isInstanceOf(StorageException.class)
          .hasMessage("The OTA repository could not be written (SQL state 53100)")
          .hasRootCauseMessage("java.sql.SQLException: disk full");
      assertThat(spy.calls.stream().filter("commit"::equals)).hasSize(1);
    }
  }

  @Test
  void anInterruptedThreadStopsRepeating() {
    try (HikariDataSource pool = h2()) {
      Spy spy = new Spy(pool);
      OtaRepository repository = node(spy);
      spy.failWith(
          failingAt(
              "commit",
              () -> {
                Thread.currentThread().interrupt();
                return new SQLException("lost", "40001");
              }));
      spy.calls.clear();
      assertThatThrownBy(() -> repository.abandon(Samples.update(1, "1.0.0").blob()))
          .isInstanceOf(StorageException.class);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(spy.calls.stream().filter("commit"::equals)).hasSize(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFailedRowChangesNothingAndIsQuotedNowhere(TestDatabase.Kind kind) throws SQLException {
    try (HikariDataSource pool = kind.pool(4)) {
      JdbcOtaRepository.using(pool);
      try (Connection connection = pool.getConnection();
          Statement statement = connection.createStatement()) {
        // PostgreSQL quotes the whole row that breaks a rule, H2 the row that breaks a key.
        statement.execute("ALTER TABLE ota_latest ADD CHECK (version <> '6.6.6')");
        statement.execute("CREATE UNIQUE INDEX path_once ON ota_latest (path)");
      }
      OtaRepository repository = JdbcOtaRepository.builder(pool).migrate(false).build();
      Samples.deploy(repository, 1, "1.0.0");
      for (String version : List.of("6.6.6", "9".repeat(65))) {
        repository.reserve(Samples.update(version.length(), version).blob());
        assertThatThrownBy(() -> repository.record(Samples.entry(version.length(), version)))
            .isInstanceOf(StorageException.class)
            .hasMessageStartingWith("The OTA repository could not be written (SQL state 2")
            .satisfies(e -> assertThat(printed(e)).doesNotContain(Samples.TOKEN, "9999"));
      }
      assertThat(repository.history(Samples.GROUP, 0, 10).total()).isEqualTo(1);
      assertThat(repository.served(Samples.GROUP)).contains(Samples.update(1, "1.0.0"));
    }
  }

  @Test
  void aDatabaseThatIsAwayIsSaidSo() {
    try (HikariDataSource pool = h2()) {
      Spy spy = new Spy(pool);
      OtaRepository repository = node(spy);
      spy.failWith(
          failingAt(
              "getConnection",
              () -> new SQLTransientConnectionException("no connection in 30000 ms", "08001")));
      assertThatThrownBy(() -> repository.latest(Samples.OWNER, OtaQuery.builder().build()))
          .isInstanceOf(StorageException.class)
          .hasMessage("The database of the OTA repository could not be reached (SQL state 08001)")
          .hasRootCauseMessage(
              "java.sql.SQLTransientConnectionException: no connection in 30000 ms");
      assertThatThrownBy(() -> JdbcGroupRegistry.using(spy.dataSource()))
          .isInstanceOf(StorageException.class)
          .hasMessage("The database of the group registry could not be reached (SQL state 08001)");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          mem:secret;PASSWORD | 90046: the URL is malformed
          secret/ota | 90011: the path in the URL is relative: begin it with ./ or with /
          {folder}/secret | 90020: another process has the database open
          """)
  void aDatabaseThatCannotBeOpenedIsExplainedWithoutItsUrl(
      String url, String said, @TempDir Path folder) throws IOException {
    JdbcDataSource database = new JdbcDataSource();
    database.setURL("jdbc:h2:" + url.replace("{folder}", folder.toString()));
    try (FileChannel file =
        FileChannel.open(
            folder.resolve("secret.mv.db"),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE)) {
      assertThat(file.lock().isValid()).isTrue();
      assertThatThrownBy(() -> JdbcOtaRepository.using(database))
          .isInstanceOf(StorageException.class)
          .hasMessage(
              "The database of the OTA repository could not be reached (SQL state " + said + ")")
          .satisfies(e -> assertThat(printed(e)).doesNotContain("secret"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void timesAreKeptWhateverTheZoneOfTheSession(TestDatabase.Kind kind) {
    try (HikariDataSource pool = kind.pool(4)) {
      SettableClock clock = SettableClock.at(Samples.NOON);
      OtaRepository repository = JdbcOtaRepository.builder(pool).clock(clock).build();
      // 1:30 in the morning happens twice on that day in the zone of the session.
      Instant first = Instant.parse("2026-11-01T04:00:00.001Z");
      Instant second = Instant.parse("2026-11-01T05:00:00.002Z");
      for (Instant time : List.of(first, second, first.plusNanos(999_999_999))) {
        clock.set(time);
        repository.save(List.of(Samples.sighting(time.toEpochMilli(), "1.0.0")));
        DeviceState state =
            repository
                .states(List.of(Samples.device(time.toEpochMilli(), Addressing.GROUP).id()))
                .values()
                .iterator()
                .next();
        assertThat(state.lastSeen()).isEqualTo(time.truncatedTo(ChronoUnit.MICROS));
        assertThat(state.versionSince()).contains(state.lastSeen());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aReportDoesNotBecomeYoungerWhileItWaits(TestDatabase.Kind kind) throws Exception {
    try (HikariDataSource pool = kind.pool(4)) {
      Spy spy = new Spy(pool);
      OtaRepository repository = node(spy);
      Duration wait = Duration.ofSeconds(3);
      AtomicInteger waits = new AtomicInteger();
      spy.failWith(
          method -> {
            // For a connection, and because a race is lost.
            if (method.equals("getConnection") && waits.incrementAndGet() <= 2) {
              awaitEndOf(wait);
            }
            if (method.equals("commit") && waits.get() == 1) {
              throw new SQLException("lost", "40001");
            }
          });
      Instant called = databaseTime(pool);
      repository.save(List.of(Samples.sighting(1, "1.0.0")));
      assertThat(waits).hasValueGreaterThanOrEqualTo(2);
      assertThat(databaseTime(pool)).isAfter(called.plus(wait).plus(wait));
      DeviceId device = new DeviceId(Samples.id(1));
      DeviceState state = repository.states(List.of(device)).get(device);
      assertThat(state.lastSeen()).isBetween(called.minus(wait), called.plus(wait));
      assertThat(state.versionSince()).contains(state.lastSeen());
    }
  }

  private static void awaitEndOf(Duration wait) {
    long end = System.nanoTime() + wait.toNanos();
    while (System.nanoTime() - end < 0) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
  }

  private static Instant databaseTime(HikariDataSource pool) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT CURRENT_TIMESTAMP AS present")) {
      row.next();
      return Columns.presentInstant(row, "present");
    }
  }

  @ParameterizedTest
  @EnumSource
  void theClockOfTheDatabaseDecidesWhatIsDue(TestDatabase.Kind kind) {
    try (HikariDataSource pool = kind.pool(4)) {
      OtaRepository repository = JdbcOtaRepository.using(pool);
      Samples.deploy(repository, 1, "1.0.0");
      assertThat(repository.claimDue(Duration.ofHours(1), 10)).hasSize(1);
      assertThat(repository.claimDue(Duration.ofHours(1), 10)).isEmpty();
      repository.reserve(Samples.update(3, "1.0.0").blob());
      assertThat(repository.claimAbandoned(Duration.ofMinutes(5), 10)).isEmpty();
      assertThat(repository.claimAbandoned(Duration.ZERO, 10)).hasSize(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aLeaseEndsByTheClockOfTheDatabase(TestDatabase.Kind kind) {
    try (HikariDataSource pool = kind.pool(4)) {
      OtaRepository repository = JdbcOtaRepository.using(pool);
      Samples.deploy(repository, 1, "1.0.0");
      Duration lease = Duration.ofMillis(200);
      long start = System.nanoTime();
      List<Claim> first = repository.claimDue(lease, 10);
      assertThat(first).hasSize(1);
      List<Claim> second = repository.claimDue(lease, 10);
      while (second.isEmpty() && System.nanoTime() - start < Duration.ofSeconds(20).toNanos()) {
        second = repository.claimDue(lease, 10);
      }
      assertThat(second).hasSize(1);
      assertThat(System.nanoTime() - start).isGreaterThan(Duration.ofMillis(150).toNanos());
      assertThat(repository.complete(first.get(0))).isFalse();
      assertThat(repository.complete(second.get(0))).isTrue();
    }
  }

  /** A process that is killed while H2 saves one transaction must not find half of another. */
  @Test
  void onH2OneTransactionWritesAtATimeWhoeverHasTheDataSource() throws Exception {
    try (HikariDataSource pool = h2()) {
      AtomicInteger open = new AtomicInteger();
      AtomicInteger most = new AtomicInteger();
      Spy spy = new Spy(pool);
      DataSource shared = spy.dataSource();
      List<OtaRepository> nodes =
          List.of(JdbcOtaRepository.using(shared), JdbcOtaRepository.using(shared));
      JdbcGroupRegistry registry = JdbcGroupRegistry.using(shared);
      spy.failWith(
          method -> {
            if (method.equals("getConnection")) {
              most.accumulateAndGet(open.incrementAndGet(), Math::max);
            } else if (method.equals("close")) {
              open.decrementAndGet();
            }
          });
      AtomicInteger writers = new AtomicInteger();
      Race.of(
          6,
          () -> {
            int writer = writers.incrementAndGet();
            for (int i = 0; i < 20; i++) {
              if (writer % 3 == 0) {
                registry.removeGroup(Samples.GROUP);
              } else {
                nodes.get(writer % 2).reserve(Samples.update(100 * writer + i, "1.0.0").blob());
              }
            }
            return writer;
          });
      assertThat(most).hasValue(1);
      assertThat(open).hasValue(0);
    }
  }

  @Test
  void aPoolStaysOpen() {
    try (HikariDataSource pool = h2()) {
      node(new Spy(pool)).served(Samples.GROUP);
      assertThat(pool.isClosed()).isFalse();
    }
  }

  private static HikariDataSource h2() {
    return new HikariDataSource(TestDatabase.h2Memory());
  }

  private static OtaRepository node(Spy spy) {
    return JdbcOtaRepository.using(spy.dataSource());
  }

  private static Spy.Fault failingAt(String method, Supplier<Throwable> failure) {
    return called -> {
      if (called.equals(method)) {
        Throwable thrown = failure.get();
        if (thrown instanceof Error error) {
          throw error;
        }
        throw (SQLException) thrown;
      }
    };
  }

  private static String printed(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
