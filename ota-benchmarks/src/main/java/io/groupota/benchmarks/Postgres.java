package io.groupota.benchmarks;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A PostgreSQL: one from outside, or one that is started here and stopped by closing it. */
final class Postgres implements AutoCloseable {
  private final @Nullable EmbeddedPostgres server;
  private final String url;

  private Postgres(@Nullable EmbeddedPostgres server, String url) {
    this.server = server;
    this.url = url;
  }

  static Postgres open(Optional<String> external) throws IOException {
    if (external.isPresent()) {
      return new Postgres(null, external.get());
    }
    // Durable, as in production: the embedded one is lax unless told otherwise.
    EmbeddedPostgres server =
        EmbeddedPostgres.builder()
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .setServerConfig("full_page_writes", "on")
            .setServerConfig("shared_buffers", "512MB")
            .setServerConfig("max_wal_size", "4GB")
            .start();
    return new Postgres(server, server.getJdbcUrl("postgres", "postgres"));
  }

  String url() {
    return url;
  }

  String version() throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW server_version")) {
      row.next();
      return "PostgreSQL " + row.getString(1) + (server == null ? " (external)" : " (embedded)");
    }
  }

  @Override
  public void close() throws IOException {
    if (server != null) {
      server.close();
    }
  }
}
