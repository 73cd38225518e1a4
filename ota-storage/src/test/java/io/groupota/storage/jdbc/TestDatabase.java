package io.groupota.storage.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import javax.sql.DataSource;

/** Fresh, empty databases. The sessions' time zone is neither UTC nor that of the JVM. */
final class TestDatabase {
  private static final String ZONE = "America/St_Johns";

  /** Each database, for tests that run on all of them. */
  enum Kind {
    H2,
    POSTGRESQL;

    HikariConfig config() {
      return this == H2 ? h2Memory() : postgres();
    }

    HikariDataSource pool(int connections) {
      HikariConfig config = config();
      config.setMaximumPoolSize(connections);
      config.setConnectionTimeout(10_000);
      return new HikariDataSource(config);
    }
  }

  static final List<String> TABLES =
      List.of(
          "ota_group",
          "ota_device",
          "ota_device_state",
          "ota_update",
          "ota_latest",
          "ota_trigger",
          "ota_blob",
          "ota_rollout",
          "ota_rollout_group",
          "ota_rollout_hold",
          "ota_rollout_device",
          "ota_rollout_count",
          "ota_offer");

  private TestDatabase() {}

  /** One server for all tests; it ends with the JVM. */
  private static final class Server {
    static final EmbeddedPostgres POSTGRES = start();

    private static EmbeddedPostgres start() {
      try {
        EmbeddedPostgres server =
            EmbeddedPostgres.builder()
                .setServerConfig("fsync", "off")
                .setServerConfig("max_connections", "200")
                .start();
        requireVersion(server.getPostgresDatabase());
        return server;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** The build says which one it means, if it is not the newest. */
    private static void requireVersion(DataSource server) {
      String wanted = System.getProperty("ota.postgresql", "18");
      try (Connection connection = server.getConnection()) {
        String version = connection.getMetaData().getDatabaseProductVersion();
        if (!version.startsWith(wanted + ".")) {
          throw new IllegalStateException("PostgreSQL " + version + " instead of " + wanted);
        }
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  static HikariConfig h2Memory() {
    return h2("mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1");
  }

  static HikariConfig h2File(Path folder) {
    return h2("file:" + folder.resolve("ota"));
  }

  private static HikariConfig h2(String database) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl("jdbc:h2:" + database + ";TIME ZONE=" + ZONE);
    config.setMaximumPoolSize(16);
    return config;
  }

  static HikariConfig postgres() {
    return postgres("template1");
  }

  static HikariConfig postgresWithEncoding(String encoding) {
    return postgres("template0 LOCALE 'C' ENCODING '" + encoding + "'");
  }

  /** A copy of a database that nobody is connected to any more. */
  static HikariConfig copyOf(HikariConfig postgres) {
    String url = postgres.getJdbcUrl();
    return postgres(url.substring(url.lastIndexOf('/') + 1).replaceAll("\\?.*", ""));
  }

  private static HikariConfig postgres(String template) {
    String name = "ota_" + UUID.randomUUID().toString().replace("-", "").toLowerCase(Locale.ROOT);
    try (Connection connection = Server.POSTGRES.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name + " TEMPLATE " + template);
      statement.execute("ALTER DATABASE " + name + " SET TIME ZONE '" + ZONE + "'");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(Server.POSTGRES.getJdbcUrl("postgres", name));
    config.setMaximumPoolSize(16);
    return config;
  }

  /** The SQL that a database lacks. */
  static String schema(JdbcOtaRepository.Builder builder) throws IOException {
    StringBuilder sql = new StringBuilder();
    builder.writeSchema(sql);
    return sql.toString();
  }

  static void execute(DataSource dataSource, String sql) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** How many transactions of a PostgreSQL database wait for a lock. */
  static int waiting(Statement statement) throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            "SELECT COUNT(*) FROM pg_stat_activity"
                + " WHERE datname = CURRENT_DATABASE() AND wait_event_type = 'Lock'")) {
      row.next();
      return row.getInt(1);
    }
  }

  /** Removes all rows of the tables of Group OTA. */
  static void empty(DataSource dataSource) {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(true);
      for (String table : TABLES) {
        statement.execute("DELETE FROM " + table);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
