package io.groupota.examples.nodes;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.stream.Stream;

/** What all nodes share: a PostgreSQL, an S3 endpoint that verifies signatures, and a broker. */
final class Outside implements AutoCloseable {
  private final EmbeddedPostgres postgres;
  private final ObjectEndpoint objects = new ObjectEndpoint();
  private final SharedBroker broker;

  Outside(Path folder) throws Exception {
    postgres = EmbeddedPostgres.builder().start();
    broker = SharedBroker.start(folder);
  }

  String[] options() {
    String[] own = {
      "--db",
      "jdbc:postgresql://127.0.0.1:" + postgres.getPort() + "/postgres",
      "--db-user",
      "postgres",
      "--db-password",
      "postgres",
      "--broker",
      "mqtt://127.0.0.1:" + broker.port()
    };
    return Stream.concat(Stream.of(own), Stream.of(objects.options())).toArray(String[]::new);
  }

  int brokerPort() {
    return broker.port();
  }

  /** The first column of the first row of a query, a number. */
  long count(String sql) throws SQLException {
    try (Connection connection = postgres.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      result.next();
      return result.getLong(1);
    }
  }

  int objects() {
    return objects.count();
  }

  @Override
  public void close() throws IOException {
    try (postgres;
        objects) {
      broker.close();
    }
  }
}
