package io.groupota.storage.jdbc;

import io.groupota.StorageException;
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

  static void migrate(DataSource dataSource, Dialect dialect) {
    try {
      Flyway.configure(Schema.class.getClassLoader())
          .dataSource(dataSource)
          .locations("classpath:" + dialect.migrations())
          .failOnMissingLocations(true)
          .table(HISTORY)
          // The schema may hold tables of the host; version 0 is before the first of ours.
          .baselineOnMigrate(true)
          .baselineVersion("0")
          .baselineDescription("before Group OTA")
          .cleanDisabled(true)
          .load()
          .migrate();
    } catch (FlywayException e) {
      String what = "The tables of Group OTA could not be created or upgraded";
      if (Failures.rootOf(e) != null) {
        throw Failures.unavailable(what, e);
      }
      throw new StorageException(
          what + " (Flyway: " + e.getErrorCode() + "); compare the history in " + HISTORY, null);
    }
  }
}
