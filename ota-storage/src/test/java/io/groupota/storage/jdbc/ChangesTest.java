package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.groupota.GroupId;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

/** Transactions end in another order than they begin; no node may miss one. */
class ChangesTest {
  @Test
  void anUpdateThatIsCommittedLateIsToldLate() throws Exception {
    try (HikariDataSource pool = TestDatabase.Kind.POSTGRESQL.pool(4);
        Connection late = begin(pool)) {
      JdbcOtaRepository repository = JdbcOtaRepository.using(pool);
      String mark = repository.changes(null).orElseThrow().mark();
      GroupId slow = new GroupId(Samples.id(7));
      insert(late, slow);
      Samples.deploy(repository, 1, "1.2.7");
      var early = repository.changes(mark).orElseThrow();
      assertThat(early.groups()).contains(Samples.GROUP).doesNotContain(slow);
      late.commit();
      assertThat(repository.changes(early.mark()).orElseThrow().groups()).contains(slow);
    }
  }

  @Test
  void whatIsToldOnceIsNotToldForEver() throws Exception {
    try (HikariDataSource pool = TestDatabase.Kind.POSTGRESQL.pool(4)) {
      JdbcOtaRepository repository = JdbcOtaRepository.using(pool);
      String mark = repository.changes(null).orElseThrow().mark();
      Samples.deploy(repository, 1, "1.2.7");
      var changes = repository.changes(mark).orElseThrow();
      assertThat(changes.groups()).containsExactly(Samples.GROUP);
      assertThat(repository.changes(changes.mark()).orElseThrow().groups()).isEmpty();
    }
  }

  @Test
  void theRowsOfADumpThatCameFromAnotherServerAreNoNews() throws Exception {
    try (HikariDataSource pool = TestDatabase.Kind.POSTGRESQL.pool(4);
        Connection connection = pool.getConnection()) {
      JdbcOtaRepository repository = JdbcOtaRepository.using(pool);
      Samples.deploy(repository, 1, "1.2.7");
      try (Statement statement = connection.createStatement()) {
        statement.execute("UPDATE ota_latest SET served_by = '900000000000'");
      }
      String mark = repository.changes(null).orElseThrow().mark();
      assertThat(repository.changes(mark).orElseThrow().groups()).isEmpty();
    }
  }

  private static Connection begin(HikariDataSource pool) throws SQLException {
    JdbcOtaRepository.using(pool);
    Connection connection = pool.getConnection();
    connection.setAutoCommit(false);
    return connection;
  }

  private static void insert(Connection connection, GroupId group) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "INSERT INTO ota_latest (group_id, record_id, update_id, owner, version, path,"
              + (" last_updated) VALUES ('" + group + "', '" + Samples.id(98) + "', '")
              + (Samples.id(99) + "', 'owner', '1.0.0', 'path', NOW())"));
    }
  }
}
