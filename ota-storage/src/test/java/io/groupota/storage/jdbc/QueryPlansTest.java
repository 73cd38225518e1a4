package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.BlobKey;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaQuery;
import io.groupota.OwnerId;
import io.groupota.Retention;
import io.groupota.UpdateId;
import io.groupota.spi.Addressing;
import io.groupota.spi.GroupRegistry;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.TriggerQueue.Claim;
import io.groupota.spi.UpdateLog.Pruned;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/**
 * Reads the plans that PostgreSQL makes for the statements that run often, on a filled database:
 * with statistics of what is there, without any, and with those of a time when it was nearly empty;
 * for the values that are bound and for any values.
 */
@Tag("postgresql")
class QueryPlansTest {
  private static final OwnerId OWNER = new OwnerId("owner-2");
  private static final GroupId GROUP = new GroupId(Samples.id(2));

  /** The group with many updates is looked at first, and serves the last one recorded. */
  private static final String SERVED_LAST =
      "UPDATE ota_latest SET prune_due = NOW() - INTERVAL '1' DAY, update_id = hex(49990)"
          + " WHERE group_id = hex(2)";

  private static final String HEX =
      "CREATE FUNCTION hex(n BIGINT) RETURNS TEXT AS"
          + " 'SELECT LPAD(TO_HEX(n), 24, ''0'')' LANGUAGE SQL IMMUTABLE";

  /**
   * In the end a hundred owners of 200 groups each, one group with 10,000 of the 100,000 devices
   * and 5,000 updates.
   */
  private static List<String> rows(int from, int to) {
    String groups = " FROM generate_series(%d, %d) n".formatted(from / 5, to / 5 - 1);
    String updates = " FROM generate_series(%d, %d) n".formatted(from / 2, to / 2 - 1);
    String devices = " FROM generate_series(%d, %d) n".formatted(from, to - 1);
    return List.of(
        "INSERT INTO ota_group SELECT hex(n), 'owner-' || n % 100, 'token', ''" + groups,
        "INSERT INTO ota_rollout_hold SELECT hex(n), CASE WHEN n % 2 = 0 THEN hex(n) END" + groups,
        "INSERT INTO ota_rollout_group SELECT hex(n), hex(n), 0, hex(n), hex(n), hex(n), 'path', 0,"
            + " 'WAITING', NULL"
            + groups,
        "INSERT INTO ota_rollout (id, owner, version, plan, created_at, state, stage, stage_since,"
            + " despite_guards, accepted, pace, tokens, tokens_at, enrol_group, enrol_places,"
            + " enrol_complete) SELECT hex(n), 'owner-1', '1.2.3', '', NOW(), 'RUNNING', 0, NOW(),"
            + " FALSE, 0, '', 0, NOW(), 0, '', TRUE"
            + groups,
        "INSERT INTO ota_rollout_device SELECT hex(n), hex(n), hex(n), 'DEVICE', 0, n, 'QUEUED', 0,"
            + " NULL, NOW(), NULL, NULL, 0"
            + devices,
        "INSERT INTO ota_offer SELECT hex(n), hex(n), NOW()" + devices,
        "INSERT INTO ota_latest SELECT hex(n), hex(n), hex(n), 'owner-' || n % 100, '1.2.' || n,"
            + " 'ota/group/' || hex(n) || 'token/firmware.bin', NOW() - n * INTERVAL '1' SECOND"
            + groups,
        "INSERT INTO ota_trigger SELECT hex(n), CASE WHEN n % 500 = 0 THEN NOW() END, 'BEHIND'"
            + groups,
        "INSERT INTO ota_update SELECT hex(n), hex(CASE WHEN n % 10 = 0 THEN 2 ELSE n END),"
            + " 'owner-1', '1.2.' || n, 1, REPEAT('0', 32), REPEAT('0', 64), NULL, NULL, NULL,"
            + " NULL, NULL, 'blob-' || n, NULL, NOW() - n * INTERVAL '1' SECOND"
            + updates,
        "INSERT INTO ota_blob SELECT 'blob-' || n, CASE WHEN n % 1000 = 0 THEN 'RESERVED'"
            + " WHEN n % 1001 = 0 THEN 'CLAIMED' ELSE 'RECORDED' END, NOW() - INTERVAL '1' HOUR"
            + updates,
        "INSERT INTO ota_device SELECT hex(n), 'token', hex(CASE WHEN n % 10 = 0 THEN 2 ELSE n END),"
            + " 'user-' || n % 3, CASE WHEN n % 4 = 0 THEN 'DEVICE' ELSE 'GROUP' END"
            + devices,
        "INSERT INTO ota_device_state SELECT id, group_id, mqtt_user, addressing,"
            + " '1.2.' || LENGTH(LTRIM(id, '0')), NOW(), '5.0.0', NOW() FROM ota_device"
            + " ON CONFLICT DO NOTHING");
  }

  private static HikariConfig filled;

  @BeforeAll
  static void fill() throws SQLException {
    filled = TestDatabase.postgres();
    try (HikariDataSource pool = new HikariDataSource(filled)) {
      JdbcOtaRepository.using(pool);
      for (String table : TestDatabase.TABLES) {
        execute(pool, List.of("ALTER TABLE " + table + " SET (autovacuum_enabled = FALSE)"));
      }
      execute(pool, List.of(HEX));
      execute(pool, rows(10, 100));
      execute(pool, List.of("ANALYZE"));
      execute(pool, rows(100, 100_000));
      execute(pool, List.of(SERVED_LAST));
    }
  }

  private static void execute(DataSource database, List<String> statements) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  @Nested
  class WithStatistics extends Plans {
    WithStatistics() throws SQLException {
      super(List.of("VACUUM ANALYZE"));
    }
  }

  @Nested
  class WithoutStatistics extends Plans {
    WithoutStatistics() throws SQLException {
      super(
          List.of(
              "DELETE FROM pg_statistic WHERE starelid IN"
                  + " (SELECT oid FROM pg_class WHERE relname LIKE 'ota%')",
              "UPDATE pg_class SET reltuples = -1, relpages = 0, relallvisible = 0"
                  + " WHERE relname LIKE 'ota%'"));
    }
  }

  @Nested
  class WithOldStatistics extends Plans {
    WithOldStatistics() throws SQLException {
      super(List.of());
    }
  }

  @TestInstance(Lifecycle.PER_CLASS)
  abstract static class Plans {
    private final HikariDataSource pool = new HikariDataSource(TestDatabase.copyOf(filled));
    private final Spy spy = new Spy(pool);
    private final OtaRepository repository;
    private final GroupRegistry registry;

    Plans(List<String> statistics) throws SQLException {
      execute(pool, statistics);
      repository = JdbcOtaRepository.builder(spy.dataSource()).migrate(false).build();
      registry = JdbcGroupRegistry.builder(spy.dataSource()).migrate(false).build();
    }

    @AfterAll
    void close() {
      pool.close();
    }

    @Test
    void whatAGroupServesIsFoundByKey() {
      String plan = plan(() -> assertThat(repository.served(GROUP)).isPresent());
      assertThat(plan).contains("using ota_latest_pkey", "using ota_update_pkey");
      assertThat(plan(() -> repository.update(new UpdateId(Samples.id(17)))))
          .contains("using ota_update_pkey");
      List<GroupId> groups =
          LongStream.range(100, 900).mapToObj(i -> new GroupId(Samples.id(10 * i + 3))).toList();
      assertThat(plan(() -> assertThat(repository.served(groups)).hasSize(800)))
          .contains("ota_latest_pkey", "using ota_update_pkey");
    }

    @Test
    void aPageOfTheLatestUpdatesReadsItsOwnRowsInTheirOrder() {
      for (OtaQuery.Order order : OtaQuery.Order.values()) {
        OtaQuery query = OtaQuery.builder().order(order).offset(20).limit(25).build();
        String plan = plan(() -> assertThat(repository.latest(OWNER, query).updates()).hasSize(25));
        assertThat(plan).contains("ota_latest_by_owner").doesNotContain("ota_update");
      }
      OtaQuery search = OtaQuery.builder().search("77").limit(25).build();
      assertThat(plan(() -> assertThat(repository.latest(OWNER, search).filtered()).isPositive()))
          .contains("ota_latest_by_owner")
          .doesNotContain("ota_update");
    }

    @Test
    void theHistoryOfAGroupIsReadInItsOrder() {
      assertThat(plan(() -> assertThat(repository.history(GROUP, 10, 10).updates()).hasSize(10)))
          .contains("Index Scan Backward using ota_update_by_seq");
    }

    @Test
    void aDeployFindsItsRowsByKey() {
      BlobKey key = Samples.update(1L << 40, "1.0.0").blob();
      assertThat(plan(() -> repository.reserve(key))).contains("Insert on ota_blob");
      assertThat(plan(() -> repository.record(Samples.entry(1L << 40, "1.0.0"))))
          .contains("ota_latest_pkey", "ota_blob_pkey");
      repository.reserve(Samples.update(2L << 40, "1.0.1").blob());
      assertThat(plan(() -> repository.record(Samples.entry(2L << 40, "1.0.1"))))
          .contains("Update on ota_latest");
    }

    @Test
    void abandonedBlobsAreFoundAmongManyRecordedOnes() {
      assertThat(
              plan(
                  () ->
                      assertThat(repository.claimAbandoned(Duration.ofMinutes(1), 60)).hasSize(60)))
          .contains("ota_blob_by_state", "ota_blob_pkey");
      assertThat(plan(() -> repository.forget(List.of(new BlobKey("blob-1001")))))
          .containsAnyOf("ota_blob_pkey", "ota_blob_by_state");
      assertThat(plan(() -> repository.abandon(new BlobKey("blob-1"))))
          .containsAnyOf("ota_blob_pkey", "ota_blob_by_state");
    }

    @Test
    void oldUpdatesAreFoundAndRemovedByIndex() {
      Retention retention = new Retention(10, Duration.ofHours(1));
      String plan =
          plan(
              () -> {
                Pruned pruned = repository.prune(retention).orElseThrow();
                assertThat(pruned.group()).isEqualTo(GROUP);
                assertThat(pruned.removed()).hasSize(50);
              });
      assertThat(plan)
          .contains("ota_latest_by_prune", "ota_update_by_seq", "ota_update_by_blob")
          .contains("Delete on ota_update");
    }

    @Test
    void dueTriggersAreFoundByTheirTimeAndEndedByKey() {
      assertThat(
              plan(
                  () -> {
                    List<Claim> claims = repository.claimDue(Duration.ofMinutes(1), 20);
                    assertThat(claims).hasSize(20);
                    assertThat(repository.extend(claims, Duration.ofMinutes(1))).hasSize(20);
                    repository.complete(claims.get(0));
                    repository.retry(claims.get(1), Duration.ofSeconds(1));
                  }))
          .contains("ota_trigger_by_due", "ota_trigger_pkey", "ota_latest_pkey");
      assertThat(plan(() -> repository.markBehind(List.of(GROUP), Duration.ofMinutes(10))))
          .contains("ota_trigger_pkey");
    }

    @Test
    void statesAreReadAndSavedByKey() {
      List<DeviceId> ids = List.of(new DeviceId(Samples.id(12)), new DeviceId(Samples.id(13)));
      assertThat(plan(() -> assertThat(repository.states(ids)).hasSize(2)))
          .contains("ota_device_state_pkey");
      assertThat(plan(() -> repository.save(List.of(Samples.sighting(12, "1.2.4")))))
          .contains("LockRows", "ota_device_state_pkey", "Update on ota_device_state");
      assertThat(plan(() -> repository.save(List.of(Samples.refresh(12)))))
          .contains("LockRows", "ota_device_state_pkey", "Update on ota_device_state");
      assertThat(plan(() -> repository.save(List.of(Samples.sighting(1L << 40, "1.2.4")))))
          .contains("LockRows", "ota_device_state_pkey", "Insert on ota_device_state");
      assertThat(plan(() -> repository.forgetDevices(ids))).contains("ota_device_state_pkey");
    }

    @Test
    void whatADeviceWasToldIsReadAndSavedByKey() {
      DeviceId device = new DeviceId(Samples.id(14));
      UpdateId update = new UpdateId(Samples.id(14));
      assertThat(plan(() -> assertThat(repository.offer(device)).isPresent()))
          .contains("ota_offer_pkey");
      assertThat(plan(() -> repository.offer(device, update))).contains("Update on ota_offer");
      assertThat(plan(() -> repository.withdrawOffer(device))).contains("Delete on ota_offer");
    }

    @Test
    void whichRolloutsHoldGroupsIsReadByKey() {
      List<GroupId> groups =
          LongStream.range(0, 10).mapToObj(n -> new GroupId(Samples.id(n))).toList();
      for (Runnable question :
          List.<Runnable>of(
              () -> repository.hold(GROUP),
              () -> repository.holds(groups, Duration.ofMinutes(2)))) {
        assertThat(plan(question))
            .contains("ota_rollout_hold_pkey", "ota_rollout_group_pkey", "ota_rollout_pkey");
      }
    }

    @Test
    void countsAndChangesAreReadByIndexAndNotByCounting() {
      assertThat(plan(() -> assertThat(repository.versionCounts(GROUP)).isNotEmpty()))
          .contains("ota_version_count")
          .doesNotContain("ota_device_state");
      assertThat(plan(() -> assertThat(registry.members(GROUP).devices()).isPositive()))
          .contains("ota_member_count")
          .doesNotContain("on ota_device ");
      String mark = repository.changes(null).orElseThrow().mark();
      assertThat(plan(() -> assertThat(repository.changes(mark)).isPresent()))
          .contains("ota_latest_by_transaction");
    }

    @Test
    void devicesThatReportAVersionAreReadInTheirOrder() {
      String plan =
          plan(
              () ->
                  assertThat(
                          repository.reporting(
                              GROUP,
                              List.of("1.2.3", "1.2.4"),
                              null,
                              new DeviceId(Samples.id(4_000)),
                              100))
                      .hasSize(100));
      assertThat(plan).contains("ota_device_state_by_version");
    }

    @Test
    void theDirectoryIsReadByIndex() {
      assertThat(plan(() -> assertThat(registry.group(GROUP)).isPresent()))
          .contains("ota_group_pkey");
      assertThat(
              plan(
                  () ->
                      assertThat(registry.devices(List.of(new DeviceId(Samples.id(12)))))
                          .hasSize(1)))
          .contains("ota_device_pkey");
      assertThat(plan(() -> assertThat(registry.members(GROUP).devices()).isEqualTo(9_999)))
          .contains("ota_member_count_by_group");
      for (Addressing addressing : Addressing.values()) {
        assertThat(
                plan(
                    () ->
                        assertThat(
                                registry.devices(
                                    GROUP, addressing, new DeviceId(Samples.id(9_000)), 100))
                            .hasSize(100)))
            .contains("ota_device_by_group");
      }
      assertThat(plan(() -> assertThat(registry.devices(GROUP, null, null, 100)).hasSize(100)))
          .contains("ota_device_by_group");
    }

    /** The plans of all statements of a call; none of them may read a whole table. */
    private String plan(Runnable call) {
      spy.plans.clear();
      spy.explain();
      call.run();
      String plans = String.join("\n", spy.plans);
      assertThat(plans).isNotEmpty().doesNotContain("Seq Scan");
      return plans;
    }
  }
}
