package io.groupota.storage.jdbc;

import java.util.Collection;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jdbi.v3.core.statement.Update;

/**
 * Statements about the rows of some keys, written with {@code = ANY(:name)}. PostgreSQL makes a
 * plan for a list each time, since what is best depends on its length, and keeps that for a value;
 * for one row that takes longer than to read it. So a list of one is bound as a value.
 */
final class Keys {
  private Keys() {}

  static Query query(Handle handle, String sql, String name, Collection<?> keys) {
    return bind(handle.createQuery(statement(sql, name, keys)), name, keys);
  }

  static Update update(Handle handle, String sql, String name, Collection<?> keys) {
    return bind(handle.createUpdate(statement(sql, name, keys)), name, keys);
  }

  private static String statement(String sql, String name, Collection<?> keys) {
    return keys.size() == 1 ? ofOne(sql, name) : sql;
  }

  /** The statement about the rows of one key. */
  static String ofOne(String sql, String name) {
    return sql.replace("ANY(:" + name + ")", ":" + name);
  }

  private static <S extends SqlStatement<S>> S bind(S statement, String name, Collection<?> keys) {
    return keys.size() == 1
        ? statement.bind(name, keys.iterator().next().toString())
        : statement.bind(name, Columns.texts(keys));
  }
}
