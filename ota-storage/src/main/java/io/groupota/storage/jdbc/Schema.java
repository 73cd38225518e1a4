package io.groupota.storage.jdbc;

import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/**
 * Creates and upgrades the {@code ota_*} tables. Keeps its own history, so that the host's tables
 * and its own Flyway, if it has one, are left alone.
 */
final class Schema {
  private static final String HISTORY = "ota_schema_history";

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
