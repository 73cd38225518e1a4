package io.groupota.storage.jdbc;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import org.jdbi.v3.core.argument.Argument;
import org.jspecify.annotations.Nullable;

/**
 * How values are bound and read. Instants travel as UTC {@link OffsetDateTime}s, so that neither
 * the time zone of the session nor that of the JVM has a say.
 */
final class Columns {
  private Columns() {}

  static Argument instant(@Nullable Instant instant) {
    if (instant == null) {
      return (position, statement, context) ->
          statement.setNull(position, Types.TIMESTAMP_WITH_TIMEZONE);
    }
    // Cut off here, since the databases would round up.
    OffsetDateTime time = instant.truncatedTo(ChronoUnit.MICROS).atOffset(ZoneOffset.UTC);
    return (position, statement, context) -> statement.setObject(position, time);
  }

  static Argument texts(Collection<?> values) {
    String[] texts = values.stream().map(Object::toString).toArray(String[]::new);
    return (position, statement, context) ->
        statement.setArray(position, statement.getConnection().createArrayOf("varchar", texts));
  }

  /** A column of many rows, in the type of an array's elements; what is null stays null. */
  static <T> Argument array(
      String type, List<T> rows, Function<? super T, ? extends @Nullable Object> column) {
    @Nullable String[] values = new @Nullable String[rows.size()];
    for (int i = 0; i < values.length; i++) {
      Object value = column.apply(rows.get(i));
      values[i] = value == null ? null : value.toString();
    }
    return (position, statement, context) ->
        statement.setArray(position, statement.getConnection().createArrayOf(type, values));
  }

  static Optional<Instant> instant(ResultSet row, String column) throws SQLException {
    return Optional.ofNullable(row.getObject(column, OffsetDateTime.class))
        .map(OffsetDateTime::toInstant);
  }

  static Instant presentInstant(ResultSet row, String column) throws SQLException {
    return row.getObject(column, OffsetDateTime.class).toInstant();
  }

  static OptionalLong number(ResultSet row, String column) throws SQLException {
    long number = row.getLong(column);
    return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(number);
  }

  static @Nullable Long number(OptionalLong number) {
    return number.isPresent() ? number.getAsLong() : null;
  }

  static Optional<String> text(ResultSet row, String column) throws SQLException {
    return Optional.ofNullable(row.getString(column));
  }
}
