package io.groupota.storage.jdbc;

import io.groupota.StorageException;
import java.sql.SQLException;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns failures of the database into {@link StorageException}s that are fit for any log. Drivers
 * quote rows in their messages, and rows hold tokens: only the messages of failures that have
 * nothing to do with a row are kept.
 */
final class Failures {
  /** Classes of SQL states: connection, authorization, resources, operator, system. */
  private static final Set<String> ABOUT_THE_SERVER = Set.of("08", "28", "53", "57", "58");

  /** What H2 says only in messages that may quote the URL, and so a password. */
  private static final Map<String, String> REASONS =
      Map.of(
          "90011", "the path in the URL is relative: begin it with ./ or with /",
          "90020", "another process has the database open",
          "90046", "the URL is malformed");

  private Failures() {}

  /** The failure of the driver that is behind an exception, null if there is none. */
  static @Nullable SQLException rootOf(Throwable failure) {
    SQLException found = null;
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql && (found == null || sql.getSQLState() != null)) {
        found = sql;
      }
    }
    return found;
  }

  static String sqlState(Throwable failure) {
    SQLException root = rootOf(failure);
    return root == null || root.getSQLState() == null ? "" : root.getSQLState();
  }

  static StorageException unavailable(String what, Throwable failure) {
    String state = sqlState(failure);
    String reason = REASONS.containsKey(state) ? ": " + REASONS.get(state) : "";
    return new StorageException(
        state.isEmpty() ? what : what + " (SQL state " + state + reason + ")",
        withoutValues(failure));
  }

  private static Throwable withoutValues(Throwable failure) {
    SQLException root = rootOf(failure);
    Throwable shown = root == null ? failure : root;
    String state = sqlState(failure);
    String message = shown.getClass().getName();
    if (state.length() >= 2 && ABOUT_THE_SERVER.contains(state.substring(0, 2))) {
      message += ": " + shown.getMessage();
    }
    SQLException safe = new SQLException(message, state, root == null ? 0 : root.getErrorCode());
    safe.setStackTrace(shown.getStackTrace());
    return safe;
  }
}
