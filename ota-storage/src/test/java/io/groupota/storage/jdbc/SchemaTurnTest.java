package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.testkit.Race;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/**
 * Nodes in several processes that start at once on one H2 server. Those of one process wait for
 * each other before, so the scripts are run directly, each time with a data source of its own.
 */
class SchemaTurnTest {
  private static final int NODES = 4;

  private final String url = "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1";

  @RepeatedTest(10)
  void nodesThatStartAtOnceCreateTheTables() throws Exception {
    startAtOnce();
    assertWhole(0);
  }

  @RepeatedTest(10)
  void nodesThatStartAtOnceUpgradeTablesOfBefore() throws Exception {
    Path before = Path.of(SchemaTurnTest.class.getResource("h2-tables-of-before.sql").toURI());
    TestDatabase.execute(database(), Files.readString(before));
    TestDatabase.execute(
        database(),
        "INSERT INTO ota_device (id, token, mqtt_user, addressing)"
            + " SELECT x, 'token', 'user', 'GROUP' FROM SYSTEM_RANGE(1, 500)");
    startAtOnce();
    assertWhole(500);
  }

  @Test
  void theTurnOfAProcessThatDiedIsNotWaitedFor() throws Exception {
    startAtOnce();
    TestDatabase.execute(
        database(),
        "INSERT INTO ota_schema_turn SELECT 1, SESSION_ID(), TIMESTAMP '2020-01-01 00:00:00'");
    try (Connection connection = database().getConnection()) {
      SchemaTurn turn = SchemaTurn.take(connection);
      assertThat(number("SELECT session_id FROM ota_schema_turn"))
          .isEqualTo(number(connection, "SELECT SESSION_ID()"));
      turn.close();
    }
    assertThat(number("SELECT COUNT(*) FROM ota_schema_turn")).isZero();
  }

  @Test
  void whoeverSeesNoOtherSessionsCreatesTheTablesToo() throws Exception {
    TestDatabase.execute(database(), "CREATE USER guest PASSWORD 'guest'");
    TestDatabase.execute(database(), "GRANT ALTER ANY SCHEMA TO guest");
    JdbcDataSource guest = new JdbcDataSource();
    guest.setURL(url.replaceAll(";.*", ""));
    guest.setUser("guest");
    guest.setPassword("guest");
    Schema.runScripts(guest, Dialect.H2);
    assertWhole(0);
  }

  private void startAtOnce() throws Exception {
    Race.of(
        NODES,
        () -> {
          Schema.runScripts(database(), Dialect.H2);
          return true;
        });
  }

  private void assertWhole(int devices) throws SQLException {
    assertThat(number("SELECT COUNT(*) FROM ota_schema")).isEqualTo(1);
    assertThat(number("SELECT COUNT(attributes) + COUNT(*) FROM ota_device")).isEqualTo(devices);
    TestDatabase.empty(database());
    Samples.deploy(JdbcOtaRepository.using(database()), 1, "1.2.7");
  }

  private JdbcDataSource database() {
    JdbcDataSource dataSource = new JdbcDataSource();
    dataSource.setURL(url);
    return dataSource;
  }

  private int number(String sql) throws SQLException {
    try (Connection connection = database().getConnection()) {
      return number(connection, sql);
    }
  }

  private static int number(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getInt(1);
    }
  }
}
