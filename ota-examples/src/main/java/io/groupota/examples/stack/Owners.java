package io.groupota.examples.stack;

import io.groupota.OwnerId;
import io.groupota.http.Authenticator;
import io.groupota.spi.EntitlementPolicy;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * What a host has for users and plans, as small as can be: a table with the digest of each owner's
 * bearer, read once. Immutable.
 */
final class Owners implements Authenticator, EntitlementPolicy {
  private static final String TABLE =
      "CREATE TABLE IF NOT EXISTS example_owner (id VARCHAR(128) PRIMARY KEY,"
          + " bearer_sha256 CHAR(64) NOT NULL, group_ota BOOLEAN NOT NULL)";
  private static final String SAVE_H2 =
      "MERGE INTO example_owner (id, bearer_sha256, group_ota) KEY (id) VALUES (?, ?, ?)";
  private static final String SAVE_POSTGRESQL =
      "INSERT INTO example_owner (id, bearer_sha256, group_ota) VALUES (?, ?, ?)"
          + " ON CONFLICT (id) DO UPDATE SET bearer_sha256 = EXCLUDED.bearer_sha256,"
          + " group_ota = EXCLUDED.group_ota";

  /** PostgreSQL's CREATE TABLE IF NOT EXISTS fails when two servers start at once. */
  private static final String ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(5061337)";

  private static final String SHARED =
      "SELECT MIN(id), MAX(id) FROM example_owner GROUP BY bearer_sha256 HAVING COUNT(*) > 1";
  private static final String ALL = "SELECT id, bearer_sha256, group_ota FROM example_owner";

  private final List<Row> rows;

  private Owners(List<Row> rows) {
    this.rows = List.copyOf(rows);
  }

  private record Row(OwnerId id, String bearerSha256, boolean groupOta) {}

  /** Inserts or updates owners, then reads all, those of earlier starts too. */
  static Owners save(DataSource dataSource, List<Fleet.Owner> owners) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        boolean postgresql = connection.getMetaData().getDatabaseProductName().equals("PostgreSQL");
        if (postgresql) {
          statement.execute(ONE_AT_A_TIME);
        }
        statement.execute(TABLE);
        save(connection, postgresql ? SAVE_POSTGRESQL : SAVE_H2, owners);
        requireDistinctBearers(statement);
        connection.commit();
        return new Owners(all(statement));
      } finally {
        // Nothing to undo after the commit.
        connection.rollback();
      }
    }
  }

  private static void save(Connection connection, String sql, List<Fleet.Owner> owners)
      throws SQLException {
    try (PreparedStatement save = connection.prepareStatement(sql)) {
      for (Fleet.Owner owner : owners) {
        save.setString(1, owner.id().value());
        save.setString(2, sha256(owner.bearer()));
        save.setBoolean(3, owner.groupOta());
        save.addBatch();
      }
      save.executeBatch();
    }
  }

  private static void requireDistinctBearers(Statement statement) throws SQLException {
    try (ResultSet shared = statement.executeQuery(SHARED)) {
      if (shared.next()) {
        throw new StartupException(
            "The owners "
                + shared.getString(1)
                + " and "
                + shared.getString(2)
                + " have the same bearer; give one of them another one in the fleet file");
      }
    }
  }

  private static List<Row> all(Statement statement) throws SQLException {
    List<Row> rows = new ArrayList<>();
    try (ResultSet result = statement.executeQuery(ALL)) {
      while (result.next()) {
        rows.add(
            new Row(new OwnerId(result.getString(1)), result.getString(2), result.getBoolean(3)));
      }
    }
    return rows;
  }

  /** Compares with every owner to the end: how long it takes tells nothing. */
  @Override
  public Optional<OwnerId> authenticate(String bearer) {
    byte[] digest = ascii(sha256(bearer));
    Optional<OwnerId> owner = Optional.empty();
    for (Row row : rows) {
      if (MessageDigest.isEqual(ascii(row.bearerSha256()), digest)) {
        owner = Optional.of(row.id());
      }
    }
    return owner;
  }

  @Override
  public boolean allowsGroupOta(OwnerId owner) {
    return rows.stream().anyMatch(row -> row.id().equals(owner) && row.groupOta());
  }

  boolean has(OwnerId owner) {
    return rows.stream().anyMatch(row -> row.id().equals(owner));
  }

  private static byte[] ascii(String hex) {
    return hex.getBytes(StandardCharsets.US_ASCII);
  }

  private static String sha256(String text) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
