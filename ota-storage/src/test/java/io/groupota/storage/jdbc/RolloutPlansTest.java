package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.OtaRepository;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Reads the plans of PostgreSQL for the devices of a rollout that has begun since the statistics
 * were made: those know one rollout of one group, and it is not this one. Then those for many
 * devices of a rollout that the statistics do know.
 */
@Tag("postgresql")
class RolloutPlansTest {
  private static final int DEVICES = 20_000;

  /** So many that, of a table of this size, PostgreSQL would rather read all than look them up. */
  private static final int MANY = 1_000;

  private static final RolloutId YOUNG = new RolloutId(Samples.id(2));
  private static final RolloutId KNOWN = new RolloutId(Samples.id(1));
  private static final GroupId GROUP = new GroupId(Samples.id(2));
  private static final List<DeviceId> SOME =
      List.of(new DeviceId(Samples.id(7)), new DeviceId(Samples.id(8)));

  private HikariDataSource pool;
  private Spy spy;
  private Database database;

  @BeforeEach
  void fill() throws SQLException {
    pool = new HikariDataSource(TestDatabase.postgres());
    JdbcOtaRepository.using(pool);
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("ALTER TABLE ota_rollout_device SET (autovacuum_enabled = FALSE)");
      statement.execute(devices(1));
      statement.execute("VACUUM ANALYZE ota_rollout_device");
      statement.execute(devices(2));
    }
    spy = new Spy(pool);
    database = Database.open(spy.dataSource(), "repository", false, null);
    spy.explain();
  }

  private static String devices(int rollout) {
    String id = "'" + Samples.id(rollout) + "'";
    return "INSERT INTO ota_rollout_device SELECT "
        + (id + ", LPAD(TO_HEX(n), 24, '0'), " + id)
        + ", 'DEVICE', 0, n, 'QUEUED', 0, NULL, NOW(), NULL, NULL, 0"
        + (" FROM generate_series(1, " + DEVICES + ") n");
  }

  @AfterEach
  void close() {
    pool.close();
  }

  @Test
  void manyDevicesChangeWithoutBeingComparedWithEachOther() {
    String plan = plan(handle -> admit(handle, YOUNG, DEVICES / 2));
    assertThat(plan).contains("ota_rollout_device_queue").doesNotContain("Join Filter");
  }

  @Test
  void manyDevicesChangeWithoutReadingTheOthers() {
    assertThat(plan(handle -> admit(handle, KNOWN, MANY)))
        .contains("ota_rollout_device_queue", "Update on ota_rollout_device")
        .doesNotContain("Seq Scan on ota_rollout_device");
  }

  private static long admit(Handle handle, RolloutId rollout, int devices) {
    SqlRolloutChange change =
        new SqlRolloutChange(
            "state = 'QUEUED' AND addressing = 'DEVICE' AND stage <= :stage",
            "stage, place, device_id",
            true,
            Map.of("stage", 0),
            Optional.of(RolloutDeviceState.ADMITTED),
            OptionalInt.empty(),
            "attempts = attempts + 1",
            Map.of());
    long changed = change.run(handle, Dialect.POSTGRESQL, rollout, devices);
    assertThat(changed).isEqualTo(devices);
    return changed;
  }

  @Test
  void aDeviceOfARolloutIsReadByItsKey() {
    String plan =
        plan(
            handle ->
                RolloutDeviceRows.assignments(
                    handle,
                    Dialect.POSTGRESQL,
                    YOUNG,
                    SOME.stream().collect(Collectors.toMap(id -> id, id -> GROUP))));
    assertReadByKey(plan);
  }

  @Test
  void aDeviceOfARolloutIsLockedByItsKey() {
    assertReadByKey(
        plan(
            handle ->
                assertThat(RolloutDeviceRows.lock(handle, Dialect.POSTGRESQL, YOUNG, SOME))
                    .hasSize(2)));
  }

  /** Of groups that have nothing left, in rollouts in which others have. */
  @Test
  void aGroupInWhichNothingIsLeftIsNotReadThrough() throws SQLException {
    for (RolloutId rollout : List.of(YOUNG, KNOWN)) {
      try (Connection connection = pool.getConnection();
          Statement statement = connection.createStatement()) {
        statement.execute(
            "INSERT INTO ota_rollout_count VALUES ('" + rollout + "', 0, 'DEVICE', 'QUEUED', 1)");
        statement.execute(
            "INSERT INTO ota_rollout_group SELECT '"
                + rollout
                + "', LPAD(TO_HEX(n), 24, '0'), n, 'x', NULL, 'x', 'x', 0, 'RELEASED', NULL"
                + " FROM generate_series(10, 100) n");
      }
      Set<GroupId> lost =
          IntStream.rangeClosed(10, 100)
              .mapToObj(n -> new GroupId(Samples.id(n)))
              .collect(Collectors.toSet());
      String plan =
          plan(
              handle -> {
                assertThat(SqlRolloutSteps.unfinished(handle, Dialect.POSTGRESQL, rollout, lost))
                    .isEmpty();
                return lost;
              });
      assertReadsTheNext(plan);
    }
  }

  private static void assertReadsTheNext(String plan) {
    assertThat(plan)
        .containsPattern("using ota_rollout_device_by_group[^\n]*\n *Index Cond: [^\n]*ROW")
        .doesNotContain(
            "Seq Scan on ota_rollout_device", "ota_rollout_device_by_state", "Sort Key: d.");
  }

  /** The statistics say that all devices of the group are excluded, but none is any more. */
  @Test
  void aGroupThatNothingHoldsUpAnyMoreIsNotReadThrough() throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("UPDATE ota_rollout_device SET addressing = 'GROUP', state = 'EXCLUDED'");
      statement.execute("VACUUM ANALYZE ota_rollout_device");
      statement.execute("UPDATE ota_rollout_device SET state = 'UPDATED'");
    }
    String plan =
        plan(
            handle -> {
              boolean blocked = SqlRolloutSteps.isBlocked(handle, Dialect.POSTGRESQL, YOUNG, GROUP);
              assertThat(blocked).isFalse();
              return blocked;
            });
    assertReadsTheNext(plan);
    OtaRepository repository = JdbcOtaRepository.builder(spy.dataSource()).migrate(false).build();
    spy.plans.clear();
    assertThat(repository.rollout(YOUNG)).isEmpty();
    assertReadsTheNext(String.join("\n", spy.plans));
  }

  private static void assertReadByKey(String plan) {
    assertThat(plan)
        .containsPattern("using ota_rollout_device_pkey[^\n]*\n *Index Cond: [^\n]*device_id")
        .doesNotContain(
            "ota_rollout_device_by", "ota_rollout_device_queue", "Seq Scan on ota_rollout_device");
  }

  private String plan(Function<Handle, ?> work) {
    spy.plans.clear();
    database.write(work::apply);
    return String.join("\n", spy.plans);
  }
}
