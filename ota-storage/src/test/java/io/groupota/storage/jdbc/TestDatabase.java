package io.groupota.storage.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.UUID;

/** Fresh, empty databases. The sessions' time zone is neither UTC nor that of the JVM. */
final class TestDatabase {
  private static final String ZONE = "America/St_Johns";

  private TestDatabase() {}

  /** One server for all tests; it ends with the JVM. */
  private static final class Server {
    static final EmbeddedPostgres POSTGRES = start();

    private static EmbeddedPostgres start() {
      try {
        return EmbeddedPostgres.builder()
            .setServerConfig("fsync", "off")
            .setServerConfig("max_connections", "200")
            .start();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
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
    String name = "ota_" + UUID.randomUUID().toString().replace("-", "").toLowerCase(Locale.ROOT);
    try (Connection connection = Server.POSTGRES.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name);
      statement.execute("ALTER DATABASE " + name + " SET TIME ZONE '" + ZONE + "'");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(Server.POSTGRES.getJdbcUrl("postgres", name));
    config.setMaximumPoolSize(16);
    return config;
  }

  static HikariDataSource withoutAutocommit(HikariConfig config) {
    config.setAutoCommit(false);
    return new HikariDataSource(config);
  }
}
