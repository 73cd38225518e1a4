package io.groupota.storage.jdbc;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
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
    Dialect found =
        Stream.of(values())
            .filter(dialect -> dialect.product.equals(product))
            .findFirst()
            .orElseThrow(() -> unknown(product));
    if (found == POSTGRESQL) {
      requireUnicode(connection);
    }
    return found;
  }

  private static IllegalArgumentException unknown(String product) {
    String known =
        Stream.of(values()).map(dialect -> dialect.product).collect(Collectors.joining(" and "));
    return new IllegalArgumentException(
        "Group OTA supports the databases " + known + ", but this is " + product);
  }

  /** In another encoding a character of one device would keep a whole batch from being saved. */
  private static void requireUnicode(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW server_encoding")) {
      row.next();
      if (!row.getString(1).equals("UTF8")) {
        throw new IllegalArgumentException(
            "Group OTA needs a PostgreSQL database with the encoding UTF8, but this one has "
                + row.getString(1)
                + "; create one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0");
      }
    }
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
   * Asks for the present time. On PostgreSQL a transaction that begins with it waits for each lock
   * for so long only, unless the host has said how long itself: the locks of a node that lost its
   * power stay for hours otherwise, and so would everything on the server that waits for them.
   */
  String present() {
    String present = "SELECT CURRENT_TIMESTAMP AS present";
    return this == H2
        ? present
        : present
            + ", CASE CURRENT_SETTING('lock_timeout') WHEN '0'"
            + " THEN SET_CONFIG('lock_timeout', '5s', TRUE) END AS lock_timeout";
  }

  /**
   * Whether one transaction at a time may write. H2 writes its tables to the file one by one, each
   * as it is at that instant: if the process is killed then, a transaction that was under way
   * meanwhile is found in some tables and not in others, and not undone (h2database issue 2080).
   */
  boolean writesInTurn() {
    return this == H2;
  }

  /**
   * Asks whether there is a table where names without a schema are looked up. One that the user has
   * no rights on is somebody else's.
   */
  String exists(String table) {
    String schemas = this == H2 ? "= CURRENT_SCHEMA" : "= ANY (CURRENT_SCHEMAS(FALSE))";
    // A database may be set to keep names in lower case or in upper case.
    return "SELECT COUNT(*) > 0 FROM information_schema.tables WHERE LOWER(table_name) = '"
        + (table + "' AND table_schema " + schemas);
  }

  /** The column that says where a row is: its version of now, so only inside one statement. */
  String rowId() {
    return this == H2 ? "_ROWID_" : "ctid";
  }

  /** Where the migrations are, on the class path. */
  String migrations() {
    return Dialect.class.getPackageName().replace('.', '/') + "/" + folder;
  }

  /**
   * Whether a script that ends in the middle has changed nothing. H2 commits each statement that
   * changes a table by itself, so its scripts are such that they can be run again.
   */
  boolean undoesStatements() {
    return this == POSTGRESQL;
  }

  /** Whether triggers of the schema keep counts, in the tables {@code ota_*_count}. */
  boolean keepsCounts() {
    return this == POSTGRESQL;
  }

  /** Whether rows can tell by which transaction they were written, in an order of all of them. */
  boolean numbersTransactions() {
    return this == POSTGRESQL;
  }

  /** Whether several statements can be one prepared statement, each with a result of its own. */
  boolean takesStatementsTogether() {
    return this == POSTGRESQL;
  }

  /** Whether parts of a query may change rows, each if what the parts before it found is right. */
  boolean changesInQueries() {
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
