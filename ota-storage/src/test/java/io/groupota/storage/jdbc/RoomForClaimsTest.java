package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.groupota.spi.OtaRepository;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Where PostgreSQL keeps the rows of triggers: what stays on its page needs no new index entry. */
@Tag("postgresql")
class RoomForClaimsTest {
  private static final int GROUPS = 2_000;

  private static final String GROUP_ROWS =
      "INSERT INTO ota_latest (group_id, record_id, update_id, owner, version, path, last_updated)"
          + " SELECT lpad(n::text, 24, '0'), lpad(n::text, 24, '1'), lpad(n::text, 24, '2'), 'owner',"
          + " '1.0.0', 'path', now() FROM generate_series(1, %d) n".formatted(GROUPS);

  private static final String TRIGGER_ROWS =
      "INSERT INTO ota_trigger (group_id, last_triggered) SELECT group_id, now() FROM ota_latest";

  /** Statistics are not gathered while the test looks. */
  private static final String NO_AUTOVACUUM = "ALTER TABLE %s SET (autovacuum_enabled = off)";

  private static final String ALL_DUE = "UPDATE ota_trigger SET due = now(), reason = 'DEPLOYED'";

  @Test
  void aClaimStaysOnThePageWhereItsGroupBecameDue() throws SQLException {
    try (HikariDataSource pool = new HikariDataSource(TestDatabase.postgres())) {
      OtaRepository repository = JdbcOtaRepository.using(pool);
      TestDatabase.execute(pool, NO_AUTOVACUUM.formatted("ota_latest"));
      TestDatabase.execute(pool, NO_AUTOVACUUM.formatted("ota_trigger"));
      TestDatabase.execute(pool, GROUP_ROWS);
      TestDatabase.execute(pool, TRIGGER_ROWS);
      TestDatabase.execute(pool, ALL_DUE);
      Map<String, String> due = pages(pool);
      awaitNoSnapshots(pool);
      assertThat(repository.claimDue(Duration.ofSeconds(30), GROUPS)).hasSize(GROUPS);
      assertThat(pages(pool)).isEqualTo(due).hasSize(GROUPS);
    }
  }

  /** What another transaction may still see, such as one that gathers statistics, takes room. */
  private static void awaitNoSnapshots(HikariDataSource pool) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      while (snapshots(statement) > 0) {
        Thread.onSpinWait();
      }
    }
  }

  private static int snapshots(Statement statement) throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
                + " AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL")) {
      row.next();
      return row.getInt(1);
    }
  }

  private static Map<String, String> pages(HikariDataSource pool) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT group_id, (ctid::text::point)[0]::text AS page FROM ota_trigger")) {
      Map<String, String> pages = new HashMap<>();
      while (row.next()) {
        pages.put(row.getString("group_id"), row.getString("page"));
      }
      return pages;
    }
  }
}
