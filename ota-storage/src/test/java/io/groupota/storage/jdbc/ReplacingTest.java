package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.groupota.OtaUpdate;
import io.groupota.UpdateId;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.UpdateLog.Entry;
import io.groupota.spi.UpdateLog.Outcome;
import io.groupota.spi.UpdateLog.Recording;
import io.groupota.testkit.Race;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The one statement of a deploy, on PostgreSQL, while others change the rows that it waits for. */
@Tag("postgresql")
@Timeout(60)
class ReplacingTest {
  private static final OtaUpdate FIRST = Samples.update(1, "1.0.0");
  private static final OtaUpdate SECOND = Samples.update(2, "2.0.0");

  private HikariDataSource pool;
  private Spy spy;
  private OtaRepository repository;

  @BeforeEach
  void open() {
    pool = new HikariDataSource(TestDatabase.postgres());
    spy = new Spy(pool);
    repository = JdbcOtaRepository.using(spy.dataSource());
    Samples.deploy(repository, 1, "1.0.0");
    repository.reserve(SECOND.blob());
    spy.prepared.clear();
  }

  @AfterEach
  void close() {
    pool.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ota_rollout_hold SET released_at = now()",
        "ota_latest SET prune_due = now()",
        "ota_blob SET state = 'ABANDONED' WHERE state = 'RESERVED'",
        "ota_trigger SET attempts = 7"
      })
  void whatChangesMeanwhileAndDoesNotMatterDoesNotMatter(String change) throws Exception {
    Recording recording = recordDuring(change, Optional.empty());
    assertThat(recording).isEqualTo(new Recording(Outcome.RECORDED, Optional.of(FIRST)));
    assertThat(spy.prepared).as("of the deploy").hasSize(1);
    assertThat(repository.served(Samples.GROUP)).contains(SECOND);
    assertThat(repository.history(Samples.GROUP, 0, 10).updates()).containsExactly(SECOND, FIRST);
    assertThat(column("attempts FROM ota_trigger")).isEqualTo("0");
    assertThat(column("state FROM ota_blob WHERE blob_key = '" + SECOND.blob() + "'"))
        .isEqualTo("RECORDED");
  }

  @Test
  void aTriggerThatIsClaimedMeanwhileIsSuperseded() throws Exception {
    recordDuring(
        "ota_trigger SET lease = 'other', lease_until = now() + INTERVAL '1 hour'",
        Optional.empty());
    assertThat(column("lease || superseded FROM ota_trigger")).isEqualTo("othertrue");
  }

  @Test
  void aBlobThatIsClaimedMeanwhileIsGone() throws Exception {
    Recording recording =
        recordDuring("ota_blob SET state = 'CLAIMED' WHERE state = 'RESERVED'", Optional.empty());
    assertThat(recording).isEqualTo(new Recording(Outcome.BLOB_GONE, Optional.empty()));
    assertThat(repository.served(Samples.GROUP)).contains(FIRST);
    assertThat(repository.history(Samples.GROUP, 0, 10).updates()).containsExactly(FIRST);
  }

  /** The same version by another update: only the id tells. */
  @ParameterizedTest
  @CsvSource({"false, RECORDED", "true, SERVED_CHANGED"})
  void anUpdateThatIsServedMeanwhileIsWhatIsReplacedOrRefused(boolean guarded, Outcome outcome)
      throws Exception {
    OtaUpdate other = Samples.update(3, "1.0.0");
    copyOfFirst(other.id());
    Recording recording =
        recordDuring(
            "ota_latest SET update_id = '" + other.id() + "'",
            guarded ? Optional.of(Optional.of(FIRST.id())) : Optional.empty());
    assertThat(recording.outcome()).isEqualTo(outcome);
    assertThat(recording.previous().map(OtaUpdate::id))
        .isEqualTo(guarded ? Optional.empty() : Optional.of(other.id()));
  }

  private void copyOfFirst(UpdateId id) throws SQLException {
    execute(
        "INSERT INTO ota_update (id, group_id, owner, version, size, md5, sha256, blob_key,"
            + (" must_pass_through, created_at) SELECT '" + id + "', group_id, owner, version,")
            + " size, md5, sha256, blob_key, must_pass_through, created_at FROM ota_update");
  }

  /** Records the second update while another transaction has changed rows and then commits. */
  private Recording recordDuring(String change, Optional<Optional<UpdateId>> replaces)
      throws Exception {
    Entry any = Samples.entry(2, "2.0.0");
    Entry entry = new Entry(any.update(), any.recordId(), any.path(), replaces);
    try (Connection blocker = pool.getConnection();
        Statement statement = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      assertThat(statement.executeUpdate("UPDATE " + change)).isEqualTo(1);
      Callable<Optional<Recording>> deploy = () -> Optional.of(repository.record(entry));
      Callable<Optional<Recording>> release =
          () -> {
            awaitWaiting();
            blocker.commit();
            return Optional.empty();
          };
      return Race.of(List.of(deploy, release)).get(0).orElseThrow();
    }
  }

  private void awaitWaiting() throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      while (TestDatabase.waiting(statement) < 1) {
        Thread.onSpinWait();
      }
    }
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private String column(String query) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT " + query)) {
      assertThat(row.next()).isTrue();
      return row.getString(1);
    }
  }
}
