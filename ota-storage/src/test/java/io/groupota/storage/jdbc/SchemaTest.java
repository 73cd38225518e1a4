package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.DeviceId;
import io.groupota.Retention;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.UpdateId;
import io.groupota.spi.Group;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.UpdateLog.Pruned;
import io.groupota.testkit.Race;
import io.groupota.testkit.SettableClock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SchemaTest {
  private static final String EMPTY_HISTORY =
      "CREATE TABLE ota_schema_history (installed_rank INT NOT NULL PRIMARY KEY,"
          + " version VARCHAR(50), description VARCHAR(200) NOT NULL, type VARCHAR(20) NOT NULL,"
          + " script VARCHAR(1000) NOT NULL, checksum INTEGER, installed_by VARCHAR(100) NOT NULL,"
          + " installed_on TIMESTAMP NOT NULL DEFAULT NOW(), execution_time INTEGER NOT NULL,"
          + " success BOOLEAN NOT NULL)";

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void nodesThatStartAtOnceCreateTheTablesOnce(TestDatabase.Kind kind) throws Exception {
    try (HikariDataSource pool = kind.pool(16)) {
      List<OtaRepository> nodes = Race.of(4, () -> JdbcOtaRepository.using(pool));
      assertWorks(nodes.get(0));
      JdbcOtaRepository again = JdbcOtaRepository.using(pool);
      assertThat(again.served(Samples.GROUP)).isEqualTo(nodes.get(3).served(Samples.GROUP));
    }
  }

  @ParameterizedTest
  @EnumSource
  void nodesThatStartAtOnceInTheSchemaOfAHostCreateTheTablesOnce(TestDatabase.Kind kind)
      throws Exception {
    try (HikariDataSource pool = kind.pool(16)) {
      TestDatabase.execute(pool, "CREATE TABLE customer (id INT PRIMARY KEY)");
      List<OtaRepository> nodes = Race.of(4, () -> JdbcOtaRepository.using(pool));
      assertWorks(nodes.get(0));
    }
  }

  @Test
  void theHistoryThatAnotherNodeHasJustCreatedIsWaitedFor() throws Exception {
    try (HikariDataSource pool = TestDatabase.Kind.POSTGRESQL.pool(4)) {
      Spy spy = new Spy(pool);
      AtomicBoolean created = new AtomicBoolean();
      spy.failWith(
          method -> {
            // Flyway has seen no history; it asks now whether the schema is empty.
            if (method.equals("prepareStatement")
                && spy.prepared.get(spy.prepared.size() - 1).contains("pg_depend")
                && created.compareAndSet(false, true)) {
              TestDatabase.execute(pool, EMPTY_HISTORY);
            }
          });
      TestDatabase.execute(pool, "CREATE TABLE customer (id INT PRIMARY KEY)");
      assertWorks(JdbcOtaRepository.using(spy.dataSource()));
      assertThat(created).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aHostWithTablesAndMigrationsOfItsOwnIsLeftAlone(TestDatabase.Kind kind) throws Exception {
    Files.writeString(
        folder.resolve("V1__host.sql"), "CREATE TABLE customer (id INT PRIMARY KEY);");
    try (HikariDataSource pool = kind.pool(4)) {
      hostFlyway(pool).migrate();
      TestDatabase.execute(pool, "INSERT INTO customer VALUES (7)");
      assertWorks(JdbcOtaRepository.using(pool));
      Files.writeString(folder.resolve("V2__host.sql"), "ALTER TABLE customer ADD COLUMN age INT;");
      assertThat(hostFlyway(pool).migrate().migrationsExecuted).isEqualTo(1);
      assertThat(column(pool, "SELECT id FROM customer")).containsExactly("7");
      assertThat(
              column(
                  pool,
                  "SELECT \"version\" FROM \"flyway_schema_history\""
                      + " WHERE \"version\" IS NOT NULL ORDER BY 1"))
          .containsExactly("1", "2");
      assertThat(JdbcOtaRepository.using(pool).served(Samples.GROUP)).isPresent();
    }
  }

  /** On H2 one creates the tables, on PostgreSQL two. */
  @ParameterizedTest
  @CsvSource({"H2, 1", "POSTGRESQL, 2"})
  void aSmallPoolIsEnough(TestDatabase.Kind kind, int connections) {
    try (HikariDataSource pool = kind.pool(connections)) {
      assertWorks(JdbcOtaRepository.using(pool));
      JdbcGroupRegistry.using(pool);
    }
  }

  @Test
  void aDatabaseThatGoesWithItsLastConnectionIsSaidToNeedADelay() {
    JdbcDataSource unpooled = new JdbcDataSource();
    unpooled.setURL("jdbc:h2:mem:" + UUID.randomUUID());
    String gone =
        "The tables of Group OTA are gone again after they were created: an in-memory H2 needs"
            + " ;DB_CLOSE_DELAY=-1 in its URL";
    assertThatThrownBy(() -> JdbcOtaRepository.using(unpooled))
        .isInstanceOf(StorageException.class)
        .hasMessage(gone);
    assertThatThrownBy(() -> JdbcGroupRegistry.using(unpooled))
        .isInstanceOf(StorageException.class)
        .hasMessage(gone);
    unpooled.setURL(unpooled.getURL() + ";DB_CLOSE_DELAY=-1");
    assertWorks(JdbcOtaRepository.using(unpooled));
  }

  @ParameterizedTest
  @EnumSource
  void theRegistryAndTheRepositoryShareTheTables(TestDatabase.Kind kind) {
    try (HikariDataSource pool = kind.pool(4)) {
      JdbcGroupRegistry registry = JdbcGroupRegistry.using(pool);
      assertWorks(JdbcOtaRepository.using(pool));
      Group group = new Group(Samples.GROUP, Samples.OWNER, Token.of(Samples.TOKEN), "cooling");
      registry.saveGroups(List.of(group));
      assertThat(JdbcGroupRegistry.builder(pool).migrate(false).build().group(Samples.GROUP))
          .contains(group);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aNodeThatIsOlderThanTheTablesKeepsWorking(TestDatabase.Kind kind) throws Exception {
    try (HikariDataSource pool = kind.pool(4)) {
      JdbcOtaRepository.using(pool);
      TestDatabase.execute(pool, "ALTER TABLE ota_update ADD COLUMN signed_by INT");
      TestDatabase.execute(pool, "UPDATE ota_schema SET version = 99");
      assertWorks(JdbcOtaRepository.using(pool));
    }
  }

  @ParameterizedTest
  @EnumSource
  void withoutMigrationNothingIsCreated(TestDatabase.Kind kind) throws Exception {
    try (HikariDataSource pool = kind.pool(4)) {
      JdbcOtaRepository.Builder builder = JdbcOtaRepository.builder(pool).migrate(false);
      assertThatThrownBy(builder::build)
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("no tables of Group OTA")
          .hasMessageContaining("writeSchema");
      assertThatThrownBy(() -> JdbcGroupRegistry.builder(pool).migrate(false).build())
          .isInstanceOf(StorageException.class);
      assertThat(
              column(
                  pool,
                  "SELECT table_name FROM information_schema.tables"
                      + " WHERE LOWER(table_name) LIKE 'ota%'"))
          .isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aHostCanRunTheSqlItself(TestDatabase.Kind kind) throws Exception {
    try (HikariDataSource pool = kind.pool(4)) {
      JdbcOtaRepository.Builder builder = JdbcOtaRepository.builder(pool).migrate(false);
      TestDatabase.execute(pool, TestDatabase.schema(builder));
      assertWorks(builder.build());
      JdbcGroupRegistry.builder(pool).migrate(false).build();
      assertThat(TestDatabase.schema(builder)).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void tablesOfAnOlderReleaseAreNamedAndUpgradedByTheSql(TestDatabase.Kind kind) throws Exception {
    try (HikariDataSource pool = kind.pool(4)) {
      JdbcOtaRepository.Builder builder = JdbcOtaRepository.builder(pool).migrate(false);
      String all = TestDatabase.schema(builder);
      int second = all.indexOf("-- V2__");
      TestDatabase.execute(pool, all.substring(0, second));
      assertThatThrownBy(builder::build)
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("have version 1 but this release needs version 10")
          .hasMessageContaining("writeSchema");
      // On H2 it may have been cut off in its first script, which does not say when it is done.
      assertThat(TestDatabase.schema(builder))
          .isEqualTo(kind == TestDatabase.Kind.H2 ? all : all.substring(second));
      TestDatabase.execute(pool, TestDatabase.schema(builder));
      assertWorks(builder.build());
    }
  }

  @ParameterizedTest
  @EnumSource
  void theServedUpdateOfAnOlderReleaseIsTheLastOneWhateverItsTime(TestDatabase.Kind kind)
      throws Exception {
    try (HikariDataSource pool = kind.pool(4)) {
      JdbcOtaRepository.Builder builder = JdbcOtaRepository.builder(pool).migrate(false);
      String all = TestDatabase.schema(builder);
      TestDatabase.execute(pool, all.substring(0, all.indexOf("-- V3__")));
      // 5 is served; the clock of the node that deployed it was behind.
      for (int n = 1; n <= 5; n++) {
        TestDatabase.execute(pool, oldUpdate(n, n == 5 ? "2020-01-01" : "2020-01-0" + (6 - n)));
      }
      TestDatabase.execute(
          pool,
          "INSERT INTO ota_latest (group_id, record_id, update_id, owner, version, path,"
              + " last_updated) VALUES ('"
              + String.join("', '", Samples.GROUP.value(), Samples.id(9), Samples.id(5))
              + "', 'owner', '1.0.0', 'path', '2020-01-01')");
      TestDatabase.execute(pool, TestDatabase.schema(builder));
      OtaRepository repository = builder.build();
      Pruned pruned = repository.prune(new Retention(2, Duration.ofHours(1))).orElseThrow();
      assertThat(pruned.removed())
          .extracting(UpdateId::value)
          .containsExactly(Samples.id(4), Samples.id(3), Samples.id(2));
      assertThat(repository.served(Samples.GROUP)).isPresent();
      Samples.deploy(repository, 6, "1.2.7");
      assertThat(repository.history(Samples.GROUP, 0, 10).total()).isEqualTo(3);
    }
  }

  /** The statement by which a node of the release before saves a report. */
  private static final String OLD_SAVE =
      "UPDATE ota_device_state SET version_since = CASE WHEN reported_version = '%1$s'"
          + " THEN version_since ELSE CAST('%2$s' AS TIMESTAMP WITH TIME ZONE) END,"
          + " reported_version = '%1$s', core_version = '6.0.0',"
          + " last_seen = CAST('%2$s' AS TIMESTAMP WITH TIME ZONE)";

  @ParameterizedTest
  @EnumSource
  void whatAnOlderNodeSavesCountsByItsTime(TestDatabase.Kind kind) throws Exception {
    try (HikariDataSource pool = kind.pool(4)) {
      JdbcOtaRepository.Builder builder = JdbcOtaRepository.builder(pool).migrate(false);
      String all = TestDatabase.schema(builder);
      TestDatabase.execute(pool, all.substring(0, all.indexOf("-- V5__")));
      TestDatabase.execute(
          pool,
          "INSERT INTO ota_device_state (device_id, group_id, mqtt_user, addressing, last_seen)"
              + " VALUES ('%s', '%s', 'alice', 'GROUP', CURRENT_TIMESTAMP)"
                  .formatted(Samples.id(1), Samples.GROUP.value()));
      TestDatabase.execute(pool, OLD_SAVE.formatted("1.0.0", Samples.NOON));
      TestDatabase.execute(pool, TestDatabase.schema(builder));
      // A late report, between two of the older node, and the next one.
      SettableClock clock = SettableClock.at(Samples.NOON.minusSeconds(1));
      OtaRepository node = builder.clock(clock).build();
      assertThat(versionAfterReporting(node, "1.0.1")).isEqualTo("1.0.0");
      clock.advance(Duration.ofSeconds(2));
      assertThat(versionAfterReporting(node, "1.0.2")).isEqualTo("1.0.2");
      TestDatabase.execute(pool, OLD_SAVE.formatted("1.0.3", Samples.NOON.plusSeconds(3)));
      clock.advance(Duration.ofSeconds(1));
      assertThat(versionAfterReporting(node, "1.0.4")).isEqualTo("1.0.3");
      clock.advance(Duration.ofSeconds(2));
      assertThat(versionAfterReporting(node, "1.0.5")).isEqualTo("1.0.5");
    }
  }

  private static String versionAfterReporting(OtaRepository node, String version) {
    node.save(List.of(Samples.sighting(1, version)));
    DeviceId device = new DeviceId(Samples.id(1));
    return node.states(List.of(device)).get(device).reportedVersion().orElseThrow();
  }

  private static String oldUpdate(int n, String day) {
    return "INSERT INTO ota_update (id, group_id, owner, version, size, md5, sha256, blob_key,"
        + " created_at) VALUES ('"
        + String.join("', '", Samples.id(n), Samples.GROUP.value(), "owner", "1.0." + n)
        + "', 1, '"
        + String.join("', '", "0".repeat(32), "0".repeat(64), "blob-" + n, day)
        + "')";
  }

  @ParameterizedTest
  @EnumSource
  void tablesThatThisReleaseDoesNotUnderstandAreRefused(TestDatabase.Kind kind) throws Exception {
    try (HikariDataSource pool = kind.pool(4)) {
      JdbcOtaRepository.using(pool);
      TestDatabase.execute(pool, "UPDATE ota_schema SET version = 98, usable_from = 2");
      assertWorks(JdbcOtaRepository.using(pool));
      TestDatabase.execute(pool, "UPDATE ota_schema SET version = 99, usable_from = 98");
      for (boolean migrate : new boolean[] {true, false}) {
        assertThatThrownBy(() -> JdbcOtaRepository.builder(pool).migrate(migrate).build())
            .isInstanceOf(StorageException.class)
            .hasMessageContaining("have version 99")
            .hasMessageContaining("upgrade it");
      }
    }
  }

  @Test
  void tablesInAnotherSchemaOfTheSearchPathAreFound() throws Exception {
    HikariConfig config = TestDatabase.postgres();
    try (HikariDataSource pool = new HikariDataSource(config)) {
      JdbcOtaRepository.using(pool);
      TestDatabase.execute(pool, "CREATE SCHEMA app");
      TestDatabase.execute(
          pool,
          "DO 'BEGIN EXECUTE ''ALTER DATABASE '' || CURRENT_DATABASE()"
              + " || '' SET search_path = app, public''; END'");
    }
    // Another pool: one that is still filling has connections of before, whatever is evicted.
    try (HikariDataSource pool = new HikariDataSource(config)) {
      assertThat(column(pool, "SELECT CURRENT_SCHEMA")).containsExactly("app");
      assertWorks(JdbcOtaRepository.builder(pool).migrate(false).build());
    }
  }

  @Test
  void tablesThatTheUserMayNotReadAreSomebodyElses() throws Exception {
    HikariConfig config = TestDatabase.postgres();
    String tenant = "tenant_" + Long.toHexString(System.nanoTime());
    try (HikariDataSource pool = new HikariDataSource(config)) {
      JdbcOtaRepository.using(pool);
      TestDatabase.execute(pool, "CREATE ROLE " + tenant + " LOGIN");
      TestDatabase.execute(pool, "CREATE SCHEMA AUTHORIZATION " + tenant);
    }
    HikariConfig other = new HikariConfig();
    other.setJdbcUrl(config.getJdbcUrl().replace("user=postgres", "user=" + tenant));
    try (HikariDataSource pool = new HikariDataSource(other)) {
      assertWorks(JdbcOtaRepository.using(pool));
      assertThat(
              column(
                  pool,
                  "SELECT table_schema FROM information_schema.tables"
                      + " WHERE table_name = 'ota_update'"))
          .containsExactly(tenant);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theSqlHoldsEveryMigration(TestDatabase.Kind kind) throws Exception {
    String folderOfScripts =
        kind == TestDatabase.Kind.H2
            ? "/io/groupota/storage/jdbc/h2"
            : "/io/groupota/storage/jdbc/postgresql";
    try (HikariDataSource pool = kind.pool(2);
        Stream<Path> scripts =
            Files.list(Path.of(SchemaTest.class.getResource(folderOfScripts).toURI()))) {
      String all = TestDatabase.schema(JdbcOtaRepository.builder(pool));
      assertThat(scripts.toList())
          .isNotEmpty()
          .allSatisfy(script -> assertThat(all).contains(Files.readString(script)));
    }
  }

  @Test
  void anUnknownDatabaseIsRefusedByItsName() {
    try (HikariDataSource pool = TestDatabase.Kind.H2.pool(2)) {
      Spy spy = new Spy(pool);
      spy.claimToBe("SuperBase");
      assertThatThrownBy(() -> JdbcOtaRepository.using(spy.dataSource()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Group OTA supports the databases H2 and PostgreSQL, but this is SuperBase");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"LATIN1", "SQL_ASCII"})
  void anEncodingThatDoesNotHoldEveryVersionIsRefused(String encoding) {
    try (HikariDataSource pool =
        new HikariDataSource(TestDatabase.postgresWithEncoding(encoding))) {
      for (Callable<?> use :
          List.<Callable<?>>of(
              () -> JdbcOtaRepository.using(pool),
              () -> JdbcOtaRepository.builder(pool).migrate(false).build(),
              () -> JdbcGroupRegistry.using(pool),
              () -> TestDatabase.schema(JdbcOtaRepository.builder(pool)))) {
        assertThatThrownBy(use::call)
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("needs a PostgreSQL database with the encoding UTF8")
            .hasMessageContaining("this one has " + encoding);
      }
    }
  }

  @Test
  void aRestartOnTheSameFileLosesNothing() {
    List<Object> before = new ArrayList<>();
    try (HikariDataSource pool = new HikariDataSource(TestDatabase.h2File(folder))) {
      OtaRepository repository = JdbcOtaRepository.using(pool);
      assertWorks(repository);
      repository.save(List.of(Samples.sighting(1, "1.2.6")));
      before.add(repository.served(Samples.GROUP));
      before.add(repository.history(Samples.GROUP, 0, 10));
      before.add(repository.versionCounts(Samples.GROUP));
    }
    try (HikariDataSource pool = new HikariDataSource(TestDatabase.h2File(folder))) {
      OtaRepository repository = JdbcOtaRepository.using(pool);
      assertThat(before)
          .containsExactly(
              repository.served(Samples.GROUP),
              repository.history(Samples.GROUP, 0, 10),
              repository.versionCounts(Samples.GROUP));
      assertThat(repository.claimDue(Duration.ofMinutes(1), 10)).hasSize(1);
    }
  }

  private Flyway hostFlyway(DataSource dataSource) {
    return Flyway.configure().dataSource(dataSource).locations("filesystem:" + folder).load();
  }

  private static void assertWorks(OtaRepository repository) {
    Samples.deploy(repository, 1, "1.2.7");
    assertThat(repository.served(Samples.GROUP)).contains(Samples.update(1, "1.2.7"));
  }

  private static List<String> column(DataSource dataSource, String sql) throws SQLException {
    List<String> values = new ArrayList<>();
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        values.add(rows.getString(1));
      }
    }
    return values;
  }
}
