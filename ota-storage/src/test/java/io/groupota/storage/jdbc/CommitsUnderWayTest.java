package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.DeployRequest;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OtaUpdate;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.firmware.FirmwareSource;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.Stage;
import io.groupota.spi.Group;
import io.groupota.testkit.Race;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A commit that takes longer than the driver waits for it, as that of a slow standby does. */
@Tag("postgresql")
@Timeout(120)
class CommitsUnderWayTest {
  /** Holds up each commit that adds an update for as long as another session has the lock. */
  private static final String SLOW_COMMITS =
      "CREATE FUNCTION wait() RETURNS TRIGGER LANGUAGE plpgsql AS"
          + " 'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END';"
          + " CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON ota_update"
          + " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()";

  private HikariDataSource pool;
  private HikariDataSource impatient;
  private GroupOtaService service;

  @BeforeEach
  void open() throws SQLException {
    HikariConfig config = TestDatabase.postgres();
    pool = new HikariDataSource(config);
    JdbcGroupRegistry registry = JdbcGroupRegistry.using(pool);
    registry.saveGroups(
        List.of(new Group(Samples.GROUP, Samples.OWNER, Token.of(Samples.TOKEN), "")));
    TestDatabase.execute(pool, SLOW_COMMITS);
    HikariConfig other = new HikariConfig();
    other.setJdbcUrl(config.getJdbcUrl());
    other.addDataSourceProperty("socketTimeout", "2");
    impatient = new HikariDataSource(other);
    service =
        GroupOta.builder()
            .repository(JdbcOtaRepository.using(impatient))
            .blobStore(new InMemoryBlobStore())
            .groups(registry)
            .build();
  }

  @AfterEach
  void close() {
    service.close();
    impatient.close();
    pool.close();
  }

  @Test
  void aDeployIsWhatBecameOfItsCommit() throws Exception {
    OtaUpdate update = whileCommitsWait(() -> service.deploy(request()));
    assertThat(service.served(Samples.GROUP)).contains(update);
    assertThat(service.download(Samples.GROUP, Token.of(Samples.TOKEN))).isPresent();
  }

  /** One statement, which commits by itself. */
  @Test
  void aDeployThatReplacesAnotherIsWhatBecameOfItsStatement() throws Exception {
    OtaUpdate before = service.deploy(request());
    OtaUpdate update = whileCommitsWait(() -> service.deploy(request()));
    assertThat(service.served(Samples.GROUP)).contains(update);
    assertThat(update).isNotEqualTo(before);
  }

  @Test
  void aRolloutIsWhatBecameOfItsCommit() throws Exception {
    RolloutPlan plan = RolloutPlan.builder().stage(Stage.everyone()).build();
    Rollout rollout = whileCommitsWait(() -> service.rollouts().deploy(request(), Map.of(), plan));
    assertThat(service.rollouts().get(Samples.OWNER, rollout.id())).isEqualTo(rollout);
  }

  @Test
  void aDeployWhoseCommitTakesTooLongSaysThatNobodyKnows() throws Exception {
    try (Connection blocker = pool.getConnection();
        Statement statement = blocker.createStatement()) {
      statement.execute("SELECT pg_advisory_lock(1)");
      assertThatThrownBy(() -> service.deploy(request()))
          .isInstanceOf(StorageException.class)
          .hasMessageEndingWith("whether the firmware is deployed is unknown");
      statement.execute("SELECT pg_advisory_unlock(1)");
      awaitWaiting(0);
    }
    assertThat(service.history(Samples.OWNER, Samples.GROUP, 0, OptionalInt.of(1)).total())
        .isEqualTo(1);
  }

  /** The commit goes on once something else waits for its end. */
  private <T> T whileCommitsWait(Callable<T> deploy) throws Exception {
    try (Connection blocker = pool.getConnection();
        Statement statement = blocker.createStatement()) {
      statement.execute("SELECT pg_advisory_lock(1)");
      Callable<T> release =
          () -> {
            awaitWaiting(2);
            statement.execute("SELECT pg_advisory_unlock(1)");
            return null;
          };
      return Race.<T>of(List.of(deploy, release)).get(0);
    }
  }

  private void awaitWaiting(int transactions) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      while (TestDatabase.waiting(statement) != transactions) {
        Thread.onSpinWait();
      }
    }
  }

  private static DeployRequest request() {
    return DeployRequest.of(
        Samples.OWNER,
        Samples.GROUP.value(),
        Samples.TOKEN,
        "1.0.0",
        FirmwareSource.bytes(new byte[] {1, 2, 3}));
  }
}
