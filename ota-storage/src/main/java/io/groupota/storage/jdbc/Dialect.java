package io.groupota.storage.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** All that the databases differ in, besides their schema files. */
enum Dialect {
  H2("H2", "h2"),
  POSTGRESQL("PostgreSQL", "postgresql");

  private final String product;
  private final String folder;

  Dialect(String product, String folder) {
    this.product = product;
    this.folder = folder;
  }

  static Dialect of(Connection connection) throws SQLException {
    String product = connection.getMetaData().getDatabaseProductName();
    return Stream.of(values())
        .filter(dialect -> dialect.product.equals(product))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Group OTA supports the databases "
                        + Stream.of(values())
                            .map(dialect -> dialect.product)
                            .collect(Collectors.joining(" and "))
                        + ", but this is "
                        + product));
  }

  /** The SQL state of a user without the rights of an administrator. */
  static final String NOT_ADMIN = "90040";

  /**
   * The statement that makes commits durable, empty if they are. H2 writes a commit up to a second
   * later and does not force it to the disk.
   */
  String flush() {
    return this == H2 ? "CHECKPOINT SYNC" : "";
  }

  /**
   * Whether one transaction at a time may write. H2 writes its tables to the file one by one, each
   * as it is at that instant: if the process is killed then, a transaction that was under way
   * meanwhile is found in some tables and not in others, and not undone (h2database issue 2080).
   */
  boolean writesInTurn() {
    return this == H2;
  }

  /** A condition on a schema: that names without a schema are looked up in it. */
  String visibleSchemas() {
    return this == H2 ? "= CURRENT_SCHEMA" : "= ANY (CURRENT_SCHEMAS(FALSE))";
  }

  /** Where the migrations are, on the class path. */
  String migrations() {
    return Dialect.class.getPackageName().replace('.', '/') + "/" + folder;
  }

  /** Whether triggers of the schema keep counts, in the tables {@code ota_*_count}. */
  boolean keepsCounts() {
    return this == POSTGRESQL;
  }

  /** Whether rows can tell by which transaction they were written, in an order of all of them. */
  boolean numbersTransactions() {
    return this == POSTGRESQL;
  }

  /** Whether the same transaction may succeed when it is run again. */
  boolean isLostRace(String sqlState) {
    return switch (sqlState) {
      // Unique violation (somebody else inserted it first), serialization failure, deadlock.
      case "23505", "40001", "40P01" -> true;
      // Waited too long for the lock of a row; changed by another transaction.
      case "HYT00", "90131" -> this == H2;
      default -> false;
    };
  }
}
