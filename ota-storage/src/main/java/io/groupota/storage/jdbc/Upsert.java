package io.groupota.storage.jdbc;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * Updates rows in one batch and inserts those that are not there in another one. If somebody else
 * inserts one of them in between, the insert fails and the whole transaction is repeated ({@link
 * Database#write}): portable, where {@code MERGE} and {@code ON CONFLICT} are not.
 */
final class Upsert {
  /** How many rows one batch sends. */
  private static final int BATCH = 1_000;

  private Upsert() {}

  /** Returns the number of rows inserted. The rows have distinct keys. */
  static <T> int run(
      Handle handle,
      String update,
      String insert,
      List<T> rows,
      BiConsumer<PreparedBatch, T> bind) {
    int inserted = 0;
    for (int from = 0; from < rows.size(); from += BATCH) {
      List<T> some = rows.subList(from, Math.min(from + BATCH, rows.size()));
      int[] updated = execute(handle, update, some, bind);
      List<T> missing = new ArrayList<>();
      for (int i = 0; i < updated.length; i++) {
        if (updated[i] == 0) {
          missing.add(some.get(i));
        }
      }
      if (!missing.isEmpty()) {
        execute(handle, insert, missing, bind);
        inserted += missing.size();
      }
    }
    return inserted;
  }

  private static <T> int[] execute(
      Handle handle, String sql, List<T> rows, BiConsumer<PreparedBatch, T> bind) {
    try (PreparedBatch batch = handle.prepareBatch(sql)) {
      for (T row : rows) {
        bind.accept(batch, row);
        batch.add();
      }
      return batch.execute();
    }
  }
}
