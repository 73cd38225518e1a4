package io.groupota.storage.jdbc;

import io.groupota.StorageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
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
          "V9__triggers.sql",
          "V10__room_for_claims.sql");

  private static final int NEEDED = SCRIPTS.size();

  /** The first version with rollouts. */
  static final int ROLLOUTS = 6;

  /** What a database holds: the version of the tables, 0 for none, and who may use them. */
  record Found(Dialect dialect, int version, int usableFrom) {
    /** Whether there is nothing to migrate; finding that out takes Flyway half a second. */
    boolean isCurrent() {
      return version >= NEEDED;
    }

    /** Fails with what to do unless the tables are those that this release works with. */
    void require() {
      if (version == 0) {
        throw new StorageException(
            "There are no tables of Group OTA in this database, and migration is off; run the SQL"
                + " that JdbcOtaRepository.builder(dataSource).writeSchema(out) writes",
            null);
      }
      if (version < NEEDED) {
        throw new StorageException(
            "The tables of Group OTA have version "
                + version
                + " but this release needs version "
                + NEEDED
                + ", and migration is off; run the SQL that"
                + " JdbcOtaRepository.builder(dataSource).writeSchema(out) writes",
            null);
      }
      if (usableFrom > NEEDED) {
        throw new StorageException(
            "The tables of Group OTA have version "
                + version
                + ", which releases for version "
                + usableFrom
                + " or newer understand, but this release is for version "
                + NEEDED
                + "; upgrade it",
            null);
      }
    }

    private List<String> missing() {
      // The first script says nothing at its end: where it can be cut off, it may be there in part.
      boolean doubtful = version == 1 && !dialect.undoesStatements();
      return SCRIPTS.subList(doubtful ? 0 : Math.min(version, NEEDED), NEEDED);
    }
  }

  private Schema() {}

  /** Nodes may start at once. */
  static void migrate(DataSource dataSource, Dialect dialect) {
    for (int attempt = 1; ; attempt++) {
      try {
        if (dialect.undoesStatements()) {
          flyway(dataSource, dialect).migrate();
        } else {
          runInTurn(dataSource, dialect);
        }
        return;
      } catch (FlywayException | SQLException e) {
        // Flyway fails, too, when it meets the history of another node, created but still empty.
        boolean race = Failures.rootOf(e) == null || dialect.isLostRace(Failures.sqlState(e));
        if (!race || !Backoff.again(attempt)) {
          throw failed(e);
        }
      }
    }
  }

  private static StorageException failed(Exception e) {
    String what = "The tables of Group OTA could not be created or upgraded";
    if (Failures.rootOf(e) == null && e instanceof FlywayException flyway) {
      what += " (Flyway: " + flyway.getErrorCode() + "); compare the history in " + HISTORY;
    }
    return Failures.unavailable(what, e);
  }

  /** Nodes in one process take turns also where those of others cannot: see {@link SchemaTurn}. */
  private static void runInTurn(DataSource dataSource, Dialect dialect) throws SQLException {
    synchronized (Schema.class) {
      runScripts(dataSource, dialect);
    }
  }

  /** Scripts that can be run again need no history, only the version that each ends with. */
  @SuppressWarnings("try") // The turn is only held.
  static void runScripts(DataSource dataSource, Dialect dialect) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      boolean commits = connection.getAutoCommit();
      connection.setAutoCommit(true);
      try (SchemaTurn turn = SchemaTurn.take(connection)) {
        for (String script : find(connection).missing()) {
          run(connection, read(dialect, script));
        }
      } finally {
        connection.setAutoCommit(commits);
      }
    }
  }

  /** One statement after the other: given several, H2 parses all that are left after each. */
  private static void run(Connection connection, String script) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String one : script.stripTrailing().split(";\n", -1)) {
        statement.execute(one);
      }
    }
  }

  /** Writes the scripts that a database lacks. */
  static void write(Found found, Appendable out) throws IOException {
    for (String script : found.missing()) {
      out.append("-- ").append(script).append('\n');
      out.append(read(found.dialect(), script)).append('\n');
    }
  }

  private static String read(Dialect dialect, String script) {
    String resource = dialect.migrations() + "/" + script;
    try (InputStream in = Schema.class.getClassLoader().getResourceAsStream(resource)) {
      return new String(
          Objects.requireNonNull(in, resource).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("The class path has no readable " + resource, e);
    }
  }

  static Found find(Connection connection) throws SQLException {
    Dialect dialect = Dialect.of(connection);
    try (Statement statement = connection.createStatement()) {
      if (exists(statement, dialect, "ota_schema")) {
        try (ResultSet row =
            statement.executeQuery("SELECT version, usable_from FROM ota_schema")) {
          if (row.next()) {
            return new Found(dialect, row.getInt(1), row.getInt(2));
          }
        }
      }
      // The first version did not say so; this was its last table.
      int version = exists(statement, dialect, "ota_blob") ? 1 : 0;
      return new Found(dialect, version, version);
    }
  }

  private static boolean exists(Statement statement, Dialect dialect, String table)
      throws SQLException {
    try (ResultSet row = statement.executeQuery(dialect.exists(table))) {
      row.next();
      return row.getBoolean(1);
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
