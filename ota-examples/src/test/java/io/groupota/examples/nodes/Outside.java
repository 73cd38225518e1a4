package io.groupota.examples.nodes;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;

/** What all nodes share: a PostgreSQL, an S3 endpoint that verifies signatures, and a broker. */
final class Outside implements AutoCloseable {
  static final String BUCKET = "firmware";
  private static final String SECRET_KEY = "s3-secret-of-the-test";

  private final EmbeddedPostgres postgres;
  private final TransientNio2BlobStore blobs = new TransientNio2BlobStore();
  private final S3Proxy objects;
  private final SharedBroker broker;

  Outside(Path folder) throws Exception {
    postgres = EmbeddedPostgres.builder().start();
    blobs.createContainer(BUCKET);
    objects =
        S3Proxy.builder()
            .blobStore(blobs)
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V4, "access", SECRET_KEY)
            .stopTimeout(0)
            .build();
    objects.start();
    broker = SharedBroker.start(folder);
  }

  String[] options() {
    return new String[] {
      "--db",
      "jdbc:postgresql://127.0.0.1:" + postgres.getPort() + "/postgres",
      "--db-user",
      "postgres",
      "--db-password",
      "postgres",
      "--s3",
      "http://127.0.0.1:" + objects.getPort(),
      "--s3-bucket",
      BUCKET,
      "--s3-access-key",
      "access",
      "--s3-secret-key",
      SECRET_KEY,
      "--broker",
      "mqtt://127.0.0.1:" + broker.port()
    };
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
    return blobs.list(BUCKET).contents().size();
  }

  @Override
  public void close() throws IOException {
    try (postgres;
        broker) {
      objects.stop();
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }
}
