package io.groupota.benchmarks;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.storage.jdbc.JdbcOtaRepository;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** The tables of the library in a schema of their own, and a pool on them. Closing drops them. */
final class Database implements AutoCloseable {
  private static final int CHUNK = 1 << 16;

  private final String url;
  private final String schema;
  private final HikariDataSource pool;

  private Database(String url, String schema, HikariDataSource pool) {
    this.url = url;
    this.schema = schema;
    this.pool = pool;
  }

  static Database open(String url, String schema, int connections) {
    admin(url, "DROP SCHEMA IF EXISTS " + schema + " CASCADE", "CREATE SCHEMA " + schema);
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.addDataSourceProperty("currentSchema", schema);
    config.setMaximumPoolSize(connections);
    HikariDataSource pool = new HikariDataSource(config);
    try {
      JdbcOtaRepository.using(pool);
      return new Database(url, schema, pool);
    } catch (RuntimeException e) {
      pool.close();
      throw e;
    }
  }

  HikariDataSource pool() {
    return pool;
  }

  void execute(String... statements) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  long count(String query) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }

  /** What autovacuum does to tables that are in use for a while. */
  void settle() throws SQLException {
    execute("VACUUM (ANALYZE)", "CHECKPOINT");
  }

  /** Loads lines of tab-separated values with COPY. */
  void copy(String table, String columns, int from, int to, IntFunction<String> line)
      throws SQLException, IOException {
    try (Connection connection = pool.getConnection()) {
      CopyIn copy =
          connection
              .unwrap(PGConnection.class)
              .getCopyAPI()
              .copyIn("COPY " + table + " (" + columns + ") FROM STDIN");
      try {
        ByteArrayOutputStream chunk = new ByteArrayOutputStream(2 * CHUNK);
        for (int i = from; i < to; i++) {
          chunk.write(line.apply(i).getBytes(StandardCharsets.UTF_8));
          chunk.write('\n');
          if (chunk.size() >= CHUNK || i == to - 1) {
            copy.writeToCopy(chunk.toByteArray(), 0, chunk.size());
            chunk.reset();
          }
        }
        copy.endCopy();
      } finally {
        if (copy.isActive()) {
          copy.cancelCopy();
        }
      }
    }
  }

  /** Loads a lot: builds the indexes of the table afterwards, but for the one of its key. */
  void withoutIndexes(String table, String... statements) throws SQLException {
    List<String> definitions = new ArrayList<>();
    List<String> drops = new ArrayList<>();
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = '"
                    + schema
                    + "' AND tablename = '"
                    + table
                    + "' AND indexdef NOT LIKE '%UNIQUE%'")) {
      while (row.next()) {
        drops.add("DROP INDEX " + row.getString(1));
        definitions.add(row.getString(2));
      }
    }
    execute(drops.toArray(String[]::new));
    execute(statements);
    execute(definitions.toArray(String[]::new));
  }

  @Override
  public void close() {
    pool.close();
    admin(url, "DROP SCHEMA IF EXISTS " + schema + " CASCADE");
  }

  private static void admin(String url, String... statements) {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(
          "The database of the benchmarks refused: " + e.getMessage(), e);
    }
  }
}
