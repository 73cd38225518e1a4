package io.groupota.storage.jdbc;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jdbi.v3.core.statement.SqlStatements;

/**
 * Statements of one transaction that are sent together, where the database takes them so: that
 * saves a way there and back for each but the first. They run one after the other and each sees
 * what has been committed when it begins, as if they were sent one by one. All get the same values
 * by name, of which each takes what it needs.
 */
final class Together {
  private final Handle handle;
  private final Dialect dialect;

  Together(Handle handle, Dialect dialect) {
    this.handle = handle;
    this.dialect = dialect;
  }

  /** Maps the present row. */
  interface Mapper<T> {
    T map(ResultSet row) throws SQLException;
  }

  /** A statement that finds rows, and how to read them. */
  record Rows<T>(String sql, Mapper<T> mapper) {}

  /** What two queries found. */
  record Both<A, B>(List<A> first, List<B> second) {}

  /** Runs statements; returns how many rows the first one changed. */
  int update(List<String> statements, Consumer<SqlStatement<?>> values) {
    if (dialect.takesStatementsTogether()) {
      return update(String.join("; ", statements), values);
    }
    int changed = update(statements.get(0), values);
    statements.stream().skip(1).forEach(statement -> update(statement, values));
    return changed;
  }

  private int update(String sql, Consumer<SqlStatement<?>> values) {
    return bound(handle.createUpdate(sql), values).execute();
  }

  /** Runs two queries. */
  <A, B> Both<A, B> query(Rows<A> first, Rows<B> second, Consumer<SqlStatement<?>> values) {
    if (!dialect.takesStatementsTogether()) {
      return new Both<>(query(first, values), query(second, values));
    }
    return bound(handle.createQuery(first.sql() + "; " + second.sql()), values)
        .execute(
            (executed, context) -> {
              try (context) {
                PreparedStatement statement = executed.get();
                List<A> found = read(statement, first.mapper());
                statement.getMoreResults();
                return new Both<>(found, read(statement, second.mapper()));
              }
            });
  }

  private <T> List<T> query(Rows<T> rows, Consumer<SqlStatement<?>> values) {
    return bound(handle.createQuery(rows.sql()), values)
        .map((row, context) -> rows.mapper().map(row))
        .list();
  }

  private static <S extends SqlStatement<S>> S bound(
      S statement, Consumer<SqlStatement<?>> values) {
    statement.configure(SqlStatements.class, config -> config.setUnusedBindingAllowed(true));
    values.accept(statement);
    return statement;
  }

  private static <T> List<T> read(PreparedStatement statement, Mapper<T> mapper)
      throws SQLException {
    List<T> rows = new ArrayList<>();
    try (ResultSet row = statement.getResultSet()) {
      while (row.next()) {
        rows.add(mapper.map(row));
      }
    }
    return rows;
  }
}
