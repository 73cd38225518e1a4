package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaQuery;
import io.groupota.OwnerId;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Addressing;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutLog.Hold;
import io.groupota.spi.RolloutQueue.DueMember;
import io.groupota.spi.RolloutQueue.Move;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.RolloutStep.Enrolled;
import io.groupota.spi.TrackedRollout;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Reads the plans that PostgreSQL makes for the statements on rollouts that run often, on a filled
 * database.
 */
class RolloutPlansTest {
  private static final OwnerId OWNER = new OwnerId("owner-1");

  /** The rollout and the group with many devices. */
  private static final RolloutId ROLLOUT = new RolloutId(Samples.id(1));

  private static final GroupId GROUP = new GroupId(Samples.id(1));

  /** Ten owners of 1,000 rollouts, one of them with 100,000 devices, 5,000 others with 20. */
  private static final List<String> FILL =
      List.of(
          "CREATE FUNCTION hex(n BIGINT) RETURNS TEXT AS"
              + " 'SELECT LPAD(TO_HEX(n), 24, ''0'')' LANGUAGE SQL IMMUTABLE",
          "INSERT INTO ota_rollout (id, owner, version, plan, created_at, state, stage, stage_since,"
              + " despite_guards, accepted, pace, tokens, tokens_at, enrol_group, enrol_places,"
              + " enrol_complete, due) SELECT hex(n), 'owner-' || n % 10, '2.0.' || n,"
              + " '{\"stages\":[{\"percent\":10},{\"percent\":100}]}', NOW() - n * INTERVAL '1' SECOND,"
              + " CASE WHEN n % 100 = 0 THEN 'RUNNING' ELSE 'COMPLETED' END, 1, NOW(), FALSE, 0,"
              + " '{}', 1, NOW(), 0, '', TRUE,"
              + " CASE WHEN n % 100 = 0 THEN NOW() - INTERVAL '1' MINUTE END"
              + " FROM generate_series(1, 10000) n",
          "INSERT INTO ota_rollout_group SELECT hex(n), hex(n), 0, hex(n), hex(20000 + n), hex(n),"
              + " 'path', 1, 'WAITING', CASE WHEN n > 1 THEN hex(n - 1) END"
              + " FROM generate_series(1, 10000) n",
          "INSERT INTO ota_rollout_hold SELECT hex(n), hex(n) FROM generate_series(1, 10000) n",
          "INSERT INTO ota_latest SELECT hex(n), hex(n), hex(20000 + n), 'owner-' || n % 10, '1.0.0',"
              + " 'path', NOW() FROM generate_series(1, 10000) n",
          "INSERT INTO ota_update SELECT hex(n), hex(n % 10000), 'owner-1', '1.2.' || n, 1,"
              + " REPEAT('0', 32), REPEAT('0', 64), NULL, NULL, NULL, NULL, NULL, 'blob-' || n, NULL,"
              + " NOW() - n * INTERVAL '1' SECOND FROM generate_series(1, 30000) n",
          "INSERT INTO ota_rollout_device SELECT hex(CASE WHEN n % 2 = 0 THEN 1 ELSE 2 + n / 40 END),"
              + " hex(n), hex(CASE WHEN n % 2 = 0 THEN 1 ELSE 2 + n / 40 END),"
              + " CASE WHEN n % 8 = 0 THEN 'GROUP' ELSE 'DEVICE' END, n % 3 % 2,"
              + " n * 7919 % 1000003, CASE WHEN n % 10 < 6 THEN 'QUEUED' WHEN n % 10 < 9 THEN"
              + " 'UPDATED' ELSE 'TRIGGERED' END, 0, NULL, NOW(), CASE WHEN n % 100 = 9 THEN"
              + " NOW() - INTERVAL '1' MINUTE WHEN n % 10 = 9 THEN NOW() + INTERVAL '1' HOUR END,"
              + " NULL, 0 FROM generate_series(1, 200000) n",
          "INSERT INTO ota_rollout_count SELECT rollout_id, stage, addressing, state, COUNT(*)"
              + " FROM ota_rollout_device GROUP BY rollout_id, stage, addressing, state",
          "INSERT INTO ota_device_state SELECT hex(n), hex(n % 1000), 'user', 'DEVICE', '1.0.0', NOW(),"
              + " '5.0.0', NOW() FROM generate_series(1, 100000) n",
          "VACUUM ANALYZE");

  private static HikariDataSource pool;

  @BeforeAll
  static void fill() throws SQLException {
    pool = TestDatabase.Kind.POSTGRESQL.pool(4);
    JdbcOtaRepository.using(pool);
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      for (String sql : FILL) {
        statement.execute(sql);
      }
    }
  }

  @AfterAll
  static void close() {
    pool.close();
  }

  private final Spy spy = new Spy(pool);
  private final OtaRepository repository =
      JdbcOtaRepository.builder(spy.dataSource()).migrate(false).build();

  @Test
  void aRolloutIsReadByKeyWithoutReadingItsDevices() {
    assertThat(plan(() -> assertThat(repository.rollout(ROLLOUT)).isPresent()))
        .contains("ota_rollout_pkey", "ota_rollout_group_pkey", "ota_rollout_count_pkey")
        .doesNotContain("ota_rollout_device_pkey");
  }

  @Test
  void rolloutsThatAreDueAreFoundByTheirTime() {
    assertThat(
            plan(
                () ->
                    assertThat(repository.claimRollouts(Duration.ofMinutes(1), 10)).hasSize(10)))
        .contains("ota_rollout_by_due", "ota_rollout_pkey")
        .doesNotContain("ota_rollout_device_pkey");
  }

  @Test
  void aPageOfRolloutsReadsItsOwnRowsInTheirOrder() {
    for (OtaQuery.Order order : OtaQuery.Order.values()) {
      Optional<RolloutState> any = Optional.empty();
      RolloutQuery<RolloutState> query =
          new RolloutQuery<>("", any, 50, OptionalInt.of(25), order);
      assertThat(
              plan(
                  () ->
                      assertThat(repository.rollouts(OWNER, query).rollouts()).hasSize(25)))
          .contains("ota_rollout_by_owner", "ota_rollout_group_pkey");
    }
  }

  @Test
  void aPageOfDevicesIsReadInItsOrder() {
    TrackedRollout rollout = repository.rollout(ROLLOUT).orElseThrow();
    for (OtaQuery.Order order : OtaQuery.Order.values()) {
      Optional<RolloutDeviceState> any = Optional.empty();
      RolloutQuery<RolloutDeviceState> all =
          new RolloutQuery<>("", any, 50, OptionalInt.of(25), order);
      assertThat(devices(rollout, all)).contains("ota_rollout_device_pkey");
      assertThat(devices(rollout, all.in(RolloutDeviceState.TRIGGERED)))
          .contains("ota_rollout_device_by_state")
          .doesNotContain("Sort Key: ota_rollout_device");
    }
  }

  private String devices(TrackedRollout rollout, RolloutQuery<RolloutDeviceState> query) {
    return plan(
        () ->
            assertThat(repository.rolloutDevices(rollout.rollout(), query).devices())
                .hasSize(25));
  }

  @Test
  void whatARolloutSaysOfADeviceIsFoundByKey() {
    assertThat(
            plan(
                () -> {
                  Hold hold = repository.hold(new GroupId(Samples.id(7))).orElseThrow();
                  List<DeviceId> devices =
                      List.of(new DeviceId(Samples.id(201)), new DeviceId(Samples.id(203)));
                  assertThat(repository.assignments(hold, devices)).hasSize(2);
                }))
        .contains("ota_rollout_hold_pkey", "ota_rollout_group_pkey", "ota_rollout_device_pkey");
  }

  @Test
  void devicesThatAreDueAreFoundByTheirTimeAndMovedByKey() {
    String plan =
        plan(
            () -> {
              List<DueMember> due = repository.claimDevices(Duration.ofMinutes(1), 500);
              assertThat(due).hasSize(500);
              List<Move> moves =
                  due.stream()
                      .map(
                          one ->
                              new Move(
                                  one.member(),
                                  RolloutDeviceState.TIMED_OUT,
                                  1,
                                  Optional.empty(),
                                  Optional.empty()))
                      .toList();
              assertThat(repository.move(moves)).hasSize(500);
            });
    assertThat(plan)
        .contains(
            "ota_rollout_device_by_due",
            "ota_rollout_device_pkey",
            "ota_device_state_pkey",
            "ota_rollout_pkey");
  }

  @Test
  void aReportFindsTheRolloutOfItsDeviceByKey() {
    assertThat(plan(() -> repository.save(List.of(Samples.sighting(2, "9.9.9")))))
        .contains("Update on ota_rollout_device", "ota_rollout_hold_pkey")
        .contains("ota_rollout_device_pkey");
  }

  @Test
  void devicesAreLetThroughInTheOrderOfTheQueue() {
    assertThat(step(new RolloutStep.Admit(1, 100, Duration.ofMinutes(1)), 100))
        .contains("ota_rollout_device_queue", "ota_rollout_device_pkey")
        .doesNotContain("Sort Key: ota_rollout_device.stage");
  }

  @Test
  void devicesAreCanceledInTheOrderOfAnIndex() {
    assertThat(step(new RolloutStep.Cancel(Optional.empty(), false, 100), 100))
        .contains("ota_rollout_device_by_state", "ota_rollout_device_pkey");
    assertThat(step(new RolloutStep.Cancel(Optional.of(GROUP), false, 100), 100))
        .contains("ota_rollout_device_by_group", "ota_rollout_device_pkey");
  }

  @Test
  void aGroupIsReachedByIndex() {
    RolloutId rollout = new RolloutId(Samples.id(9));
    TrackedRollout seen = repository.rollout(rollout).orElseThrow();
    RolloutStep step = new RolloutStep.Reach(new GroupId(Samples.id(9)), Duration.ofMinutes(1));
    assertThat(
            plan(
                () ->
                    assertThat(repository.advance(seen, seen.progress(), step)).isPresent()))
        .contains("ota_rollout_device_by_group", "ota_latest_pkey", "ota_update_pkey");
  }

  @Test
  void devicesAreTakenInByKey() {
    Enrolled device =
        new Enrolled(
            new DeviceId(Samples.id(1L << 40)),
            GROUP,
            Addressing.DEVICE,
            1,
            1,
            RolloutDeviceState.QUEUED,
            Optional.empty());
    assertThat(step(new RolloutStep.Enroll(List.of(device)), 1))
        .contains("Conflict Arbiter Indexes: ota_rollout_device_pkey");
    assertThat(plan(() -> repository.enrollLate(ROLLOUT, List.of(device))))
        .contains("Conflict Arbiter Indexes: ota_rollout_device_pkey");
  }

  @Test
  void updatesToPassThroughAreFoundByIndex() {
    assertThat(plan(() -> repository.mustPassThrough(GROUP))).contains("ota_update_to_pass");
  }

  private String step(RolloutStep step, int changes) {
    TrackedRollout seen = repository.rollout(ROLLOUT).orElseThrow();
    return plan(
        () ->
            assertThat(repository.advance(seen, seen.progress(), step)).hasValue(changes));
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
