package io.groupota.storage.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;

/**
 * One connection at a time changes the tables of an H2 database, whichever processes the others are
 * in: a table that two add a column to at once can be lost. No lock does that, since each statement
 * that changes a table commits and so gives up all locks. So a row says whose turn it is, and
 * counts as long as the session of that connection lasts. Only an administrator sees the sessions
 * of others; for anyone else a turn counts for nothing.
 */
final class SchemaTurn implements AutoCloseable {
  /** Of no lost race: nobody waits again. */
  private static final String TIMEOUT = "HYT01";

  private static final int MOST_MILLIS = 60_000;
  private static final int PAUSE_MILLIS = 20;

  private static final String TABLE =
      "CREATE TABLE IF NOT EXISTS ota_schema_turn (turn INTEGER NOT NULL PRIMARY KEY,"
          + " session_id INTEGER NOT NULL, session_start TIMESTAMP(9) WITH TIME ZONE NOT NULL)";

  private static final String END_STALE =
      "DELETE FROM ota_schema_turn t WHERE NOT EXISTS (SELECT 1 FROM information_schema.sessions s"
          + " WHERE s.session_id = t.session_id AND s.session_start = t.session_start)";

  private static final String TAKE =
      "INSERT INTO ota_schema_turn (turn, session_id, session_start)"
          + " SELECT 1, session_id, session_start FROM information_schema.sessions"
          + " WHERE session_id = SESSION_ID()";

  private static final String END = "DELETE FROM ota_schema_turn WHERE session_id = SESSION_ID()";

  private final Statement statement;

  private SchemaTurn(Statement statement) {
    this.statement = statement;
  }

  /** Waits for the turn of a connection that commits each statement. */
  static SchemaTurn take(Connection connection) throws SQLException {
    Statement statement = connection.createStatement();
    try {
      statement.execute(TABLE);
      for (int waited = 0; !isTaken(statement); waited += PAUSE_MILLIS) {
        pause(waited);
      }
      return new SchemaTurn(statement);
    } catch (SQLException | RuntimeException e) {
      statement.close();
      throw e;
    }
  }

  private static boolean isTaken(Statement statement) throws SQLException {
    try {
      statement.execute(END_STALE);
      statement.execute(TAKE);
      return true;
    } catch (SQLException e) {
      if (Dialect.H2.isLostRace(Failures.sqlState(e))) {
        return false;
      }
      throw e;
    }
  }

  private static void pause(int waited) throws SQLException {
    if (waited >= MOST_MILLIS) {
      throw new SQLException("Another process changes the tables all the time", TIMEOUT);
    }
    try {
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLException("Interrupted", e);
    }
  }

  @Override
  public void close() throws SQLException {
    try (statement) {
      statement.execute(END);
    }
  }
}
