package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.BlobKey;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutQuery;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates.Heard;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutLog.Opening;
import io.groupota.spi.RolloutLog.Target;
import io.groupota.spi.RolloutQueue.DueMember;
import io.groupota.spi.RolloutQueue.Move;
import io.groupota.spi.RolloutStep.Cancel;
import io.groupota.spi.RolloutStep.Enrolled;
import io.groupota.spi.TrackedRollout;
import io.groupota.spi.UpdateLog.Entry;
import io.groupota.spi.UpdateLog.Outcome;
import io.groupota.testkit.Race;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Rollouts, their devices and their blobs are locked in one order by all who lock them, and no
 * report waits for a lock for ever, on PostgreSQL.
 */
@Tag("postgresql")
@Timeout(120)
class LocksOfReportsTest {
  private static final Duration LEASE = Duration.ofMinutes(1);
  private static final DeviceId FIRST = new DeviceId(Samples.id(1));
  private static final DeviceId LAST = new DeviceId(Samples.id(2));
  private static final RolloutId YOUNG = new RolloutId(Samples.id(20));

  private static final String LOCK_DEVICE =
      "SELECT 1 FROM ota_device_state WHERE device_id = '" + FIRST + "' FOR UPDATE";

  private HikariDataSource pool;
  private Spy spy;
  private OtaRepository repository;

  @BeforeEach
  void open() {
    pool = new HikariDataSource(TestDatabase.postgres());
    spy = new Spy(pool);
    repository = JdbcOtaRepository.using(spy.dataSource());
    // The device with the higher id is in the rollout with the lower one.
    enroll(new RolloutId(Samples.id(10)), LAST, group(LAST));
    enroll(YOUNG, FIRST, group(FIRST));
  }

  @AfterEach
  void close() {
    pool.close();
  }

  private static GroupId group(DeviceId device) {
    return new GroupId("a" + device.value().substring(1));
  }

  private void enroll(RolloutId id, DeviceId device, GroupId group) {
    long number = Long.parseLong(id.value(), 16);
    OtaUpdate update = update(number, group, Samples.update(number, "2.0.0").blob());
    repository.reserve(update.blob());
    repository.open(opening(number, update));
    repository.enrollLate(
        id,
        List.of(
            new Enrolled(
                device,
                group,
                Addressing.DEVICE,
                1,
                0,
                RolloutDeviceState.QUEUED,
                Optional.of(Duration.ZERO))));
  }

  private static Opening opening(long number, OtaUpdate... updates) {
    Opening sample = Samples.opening(number, "2.0.0");
    return new Opening(
        sample.id(),
        sample.owner(),
        sample.version(),
        sample.plan(),
        Stream.of(updates)
            .map(to -> new Target(to, "5" + to.id().value().substring(1), "path" + to.group(), 1))
            .toList(),
        sample.createdAt());
  }

  private static OtaUpdate update(long number, GroupId group, BlobKey blob) {
    OtaUpdate sample = Samples.update(number, "2.0.0");
    return new OtaUpdate(
        sample.id(),
        group,
        sample.owner(),
        sample.version(),
        sample.firmware(),
        blob,
        sample.redeployOf(),
        sample.mustPassThrough(),
        sample.createdAt());
  }

  @Test
  void aRolloutThatTakesOverAGroupAndADeployOfTheSameFileDoNotWaitForEachOther() throws Exception {
    GroupId taken = new GroupId(Samples.id(30));
    GroupId deployed = new GroupId(Samples.id(31));
    BlobKey blob = Samples.update(30, "2.0.0").blob();
    repository.reserve(blob);
    Opening both = opening(30, update(30, taken, blob), update(31, deployed, blob));
    repository.open(both);
    Opening next = opening(32, update(32, taken, blob));
    Entry entry =
        new Entry(update(33, deployed, blob), Samples.id(34), "path" + deployed, Optional.empty());
    spy.calls.clear();
    try (Connection blocker = pool.getConnection();
        Statement statement = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      statement.execute("SELECT 1 FROM ota_rollout WHERE id = '" + both.id() + "' FOR UPDATE");
      Callable<Outcome> deploy = () -> repository.record(entry).outcome();
      Callable<Outcome> open =
          () -> {
            awaitWaiting(1);
            return repository.open(next);
          };
      Callable<Outcome> release =
          () -> {
            awaitWaiting(2);
            blocker.commit();
            return Outcome.RECORDED;
          };
      assertThat(Race.of(List.of(deploy, open, release))).containsOnly(Outcome.RECORDED);
    }
    assertThat(spy.calls).as("of transactions").doesNotContain("rollback");
  }

  @Test
  void aBatchOfReportsAndABatchOfMovesDoNotWaitForEachOther() throws Exception {
    List<Move> moves =
        repository.claimDevices(LEASE, 10).stream().map(LocksOfReportsTest::updated).toList();
    assertThat(moves).hasSize(2);
    spy.calls.clear();
    try (Connection blocker = pool.getConnection();
        Statement statement = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      statement.execute(
          "SELECT 1 FROM ota_rollout_device WHERE rollout_id = '" + YOUNG + "' FOR UPDATE");
      Callable<Boolean> reports =
          () -> {
            repository.save(List.of(reports(FIRST), reports(LAST)));
            return true;
          };
      Callable<Boolean> moving =
          () -> {
            awaitWaiting(1);
            return repository.move(moves).isEmpty();
          };
      Callable<Boolean> release =
          () -> {
            awaitWaiting(2);
            blocker.commit();
            return true;
          };
      assertThat(Race.of(List.of(reports, moving, release)))
          .as("the reports came first")
          .containsOnly(true);
    }
    assertThat(spy.calls).as("of transactions").doesNotContain("rollback");
  }

  /** Its row is not the one any more that the step found, and has to be looked at again. */
  @Test
  void aDeviceThatReportsWhileAStepWaitsForItIsChangedAndCounted() throws Exception {
    TrackedRollout seen = repository.rollout(YOUNG).orElseThrow();
    try (Connection blocker = pool.getConnection();
        Statement statement = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      statement.execute(
          "UPDATE ota_rollout_device SET revision = revision + 1, due = NOW()"
              + (" WHERE rollout_id = '" + YOUNG + "'"));
      Callable<Boolean> cancel =
          () ->
              repository
                  .advance(seen, seen.progress(), new Cancel(Set.of(), false, 10))
                  .equals(OptionalLong.of(1));
      Callable<Boolean> release =
          () -> {
            awaitWaiting(1);
            blocker.commit();
            return true;
          };
      assertThat(Race.of(List.of(cancel, release))).containsOnly(true);
    }
    Rollout after = repository.rollout(YOUNG).orElseThrow().rollout();
    assertThat(after.counts().in(RolloutDeviceState.CANCELED)).isEqualTo(1);
    assertThat(repository.rolloutDevices(after, RolloutQuery.all()).devices())
        .extracting(RolloutDevice::state)
        .containsExactly(RolloutDeviceState.CANCELED);
  }

  /** A node that lost its power holds its locks for hours. */
  @Test
  void aBatchOfReportsDoesNotWaitForALockForEver() throws Exception {
    repository.save(List.of(reports(FIRST), reports(LAST)));
    spy.prepared.clear();
    try (Connection blocker = pool.getConnection();
        Statement statement = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      statement.execute(LOCK_DEVICE);
      assertRefused(repository);
      repository.save(List.of(reports(LAST)));
      assertThat(TestDatabase.waiting(statement)).as("on the server").isZero();
    }
    repository.save(List.of(reports(FIRST)));
    assertThat(spy.prepared).as("round trips").noneMatch(sql -> sql.startsWith("SET"));
  }

  @Test
  void howLongAHostLetsItsTransactionsWaitIsLeftAsItIs() throws Exception {
    repository.save(List.of(reports(FIRST)));
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(pool.getJdbcUrl());
    config.setConnectionInitSql("SET lock_timeout = '20ms'");
    try (HikariDataSource impatient = new HikariDataSource(config);
        Connection blocker = pool.getConnection();
        Statement statement = blocker.createStatement()) {
      OtaRepository other = JdbcOtaRepository.using(impatient);
      blocker.setAutoCommit(false);
      statement.execute(LOCK_DEVICE);
      long start = System.nanoTime();
      assertRefused(other);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
    }
  }

  private static void assertRefused(OtaRepository repository) {
    assertThatThrownBy(() -> repository.save(List.of(reports(FIRST))))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("(SQL state 55P03)");
  }

  private static Move updated(DueMember due) {
    return new Move(
        due.member(), RolloutDeviceState.UPDATED, 0, Optional.empty(), Optional.empty());
  }

  private static Sighting reports(DeviceId device) {
    return new Sighting(
        new Device(
            device,
            Token.of("device-token"),
            Optional.of(group(device)),
            "Hcixd1Fx",
            Addressing.DEVICE),
        Optional.of(new Heard("1.0.0", Duration.ZERO)),
        Optional.of(Duration.ZERO),
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        Duration.ZERO);
  }

  /** Until so many transactions wait for a lock. */
  private void awaitWaiting(int transactions) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      while (TestDatabase.waiting(statement) < transactions) {
        Thread.onSpinWait();
      }
    }
  }
}
