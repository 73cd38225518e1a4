package io.groupota.storage.jdbc;

import io.groupota.StorageException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Objects;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/**
 * Creates and upgrades the {@code ota_*} tables. Keeps its own history, so that the host's tables
 * and its own Flyway, if it has one, are left alone.
 */
final class Schema {
  private static final String HISTORY = "ota_schema_history";

  /** In their order; the version of the schema is their number. */
  private static final List<String> SCRIPTS =
      List.of(
          "V1__updates_devices_and_triggers.sql",
          "V2__schema_version.sql",
          "V3__retention.sql",
          "V4__retention_indexes.sql",
          "V5__order_of_reports.sql",
          "V6__rollouts.sql",
          "V7__counts.sql",
          "V8__offers.sql",
          "V9__triggers.sql");

  private static final int NEEDED = SCRIPTS.size();

  /** The first version with rollouts. */
  static final int ROLLOUTS = 6;

  /** What a database holds: its version, 0 for none, and who may use it. */
  private record Found(int version, int usableFrom) {}

  private Schema() {}

  /**
   * Nodes may start at once. Flyway locks the rows of its history, which on H2 lock nobody out
   * while there are none: nodes in one process, the usual place of an H2 database, take turns here;
   * for others the first script can run twice.
   */
  static void migrate(DataSource dataSource, Dialect dialect) {
    if (dialect == Dialect.H2) {
      synchronized (Schema.class) {
        migrateInTurn(dataSource, dialect);
      }
    } else {
      migrateInTurn(dataSource, dialect);
    }
  }

  /**
   * Flyway fails when it meets the history of another node that is created but still empty, so it
   * is asked again.
   */
  private static void migrateInTurn(DataSource dataSource, Dialect dialect) {
    Flyway flyway = flyway(dataSource, dialect);
    for (int attempt = 1; ; attempt++) {
      try {
        if (!dialect.undoesStatements() && hasHistory(dataSource, dialect)) {
          // Forgets scripts that failed in the middle, and takes the present text of the others for
          // what was run: all can be run again.
          flyway.repair();
        }
        flyway.migrate();
        return;
      } catch (FlywayException e) {
        boolean ofTheDatabase = Failures.rootOf(e) != null;
        boolean race = !ofTheDatabase || dialect.isLostRace(Failures.sqlState(e));
        if (!race || !Backoff.again(attempt)) {
          String what = "The tables of Group OTA could not be created or upgraded";
          String code = " (Flyway: " + e.getErrorCode() + "); compare the history in " + HISTORY;
          throw Failures.unavailable(ofTheDatabase ? what : what + code, e);
        }
      }
    }
  }

  private static boolean hasHistory(DataSource dataSource, Dialect dialect) {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      return exists(statement, dialect, HISTORY);
    } catch (SQLException e) {
      throw Failures.unavailable("The history of the tables could not be read", e);
    }
  }

  /** Whether there is nothing to migrate; finding that out takes Flyway half a second. */
  static boolean isCurrent(Connection connection, Dialect dialect) throws SQLException {
    return find(connection, dialect).version() >= NEEDED;
  }

  /** Fails with what to do unless the tables are those that this release works with. */
  static void require(Connection connection, Dialect dialect) throws SQLException {
    Found found = find(connection, dialect);
    if (found.version() == 0) {
      throw new StorageException(
          "There are no tables of Group OTA in this database, and migration is off; run the SQL"
              + " that JdbcOtaRepository.builder(dataSource).writeSchema(out) writes",
          null);
    }
    if (found.version() < NEEDED) {
      throw new StorageException(
          "The tables of Group OTA have version "
              + found.version()
              + " but this release needs version "
              + NEEDED
              + ", and migration is off; run the SQL that"
              + " JdbcOtaRepository.builder(dataSource).writeSchema(out) writes",
          null);
    }
    if (found.usableFrom() > NEEDED) {
      throw new StorageException(
          "The tables of Group OTA have version "
              + found.version()
              + ", which releases for version "
              + found.usableFrom()
              + " or newer understand, but this release is for version "
              + NEEDED
              + "; upgrade it",
          null);
    }
  }

  /** Writes the scripts that a database lacks. */
  static void write(Connection connection, Dialect dialect, Appendable out)
      throws SQLException, IOException {
    for (String script :
        SCRIPTS.subList(Math.min(find(connection, dialect).version(), NEEDED), NEEDED)) {
      out.append("-- ").append(script).append('\n');
      out.append(read(dialect.migrations() + "/" + script)).append('\n');
    }
  }

  private static String read(String resource) throws IOException {
    try (InputStream in = Schema.class.getClassLoader().getResourceAsStream(resource)) {
      return new String(
          Objects.requireNonNull(in, resource).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static Found find(Connection connection, Dialect dialect) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      if (exists(statement, dialect, "ota_schema")) {
        try (ResultSet row =
            statement.executeQuery("SELECT version, usable_from FROM ota_schema")) {
          if (row.next()) {
            return new Found(row.getInt(1), row.getInt(2));
          }
        }
      }
      // The first version did not say so; this was its last table.
      return exists(statement, dialect, "ota_blob") ? new Found(1, 1) : new Found(0, 0);
    }
  }

  private static boolean exists(Statement statement, Dialect dialect, String table)
      throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            "SELECT COUNT(*) FROM information_schema.tables WHERE LOWER(table_name) = '"
                + table
                + "' AND table_schema "
                + dialect.visibleSchemas())) {
      row.next();
      return row.getInt(1) > 0;
    }
  }

  private static Flyway flyway(DataSource dataSource, Dialect dialect) {
    return Flyway.configure(Schema.class.getClassLoader())
        .dataSource(dataSource)
        .locations("classpath:" + dialect.migrations())
        .failOnMissingLocations(true)
        .table(HISTORY)
        // The schema may hold tables of the host; version 0 is before the first of ours.
        .baselineOnMigrate(true)
        .baselineVersion("0")
        .baselineDescription("before Group OTA")
        .cleanDisabled(true)
        .load();
  }
}
