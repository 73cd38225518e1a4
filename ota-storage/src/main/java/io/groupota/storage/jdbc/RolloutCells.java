package io.groupota.storage.jdbc;

import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.Addressing;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * By how much the counts of a rollout change in a transaction, which holds the lock of the rollout.
 * Not thread-safe.
 */
final class RolloutCells {
  private static final String UPDATE =
      "UPDATE ota_rollout_count SET devices = devices + :devices WHERE rollout_id = :rollout"
          + " AND stage = :stage AND addressing = :addressing AND state = :state";

  private static final String INSERT =
      "INSERT INTO ota_rollout_count (rollout_id, stage, addressing, state, devices)"
          + " VALUES (:rollout, :stage, :addressing, :state, :devices)";

  /** The devices that are counted as one. */
  private record Cell(int stage, Addressing addressing, RolloutDeviceState state) {
    static final Comparator<Cell> ORDER =
        Comparator.comparingInt(Cell::stage)
            .thenComparing(Cell::addressing)
            .thenComparing(Cell::state);
  }

  private final Map<Cell, Long> changes = new TreeMap<>(Cell.ORDER);

  void add(int stage, Addressing addressing, RolloutDeviceState state, long devices) {
    changes.merge(new Cell(stage, addressing, state), devices, Long::sum);
  }

  void save(Handle handle, RolloutId rollout) {
    changes.values().removeIf(devices -> devices == 0);
    Upsert.run(
        handle,
        UPDATE,
        INSERT,
        List.copyOf(changes.entrySet()),
        (batch, change) -> bind(batch, rollout, change));
  }

  private static void bind(PreparedBatch batch, RolloutId rollout, Map.Entry<Cell, Long> change) {
    batch
        .bind("rollout", rollout.value())
        .bind("stage", change.getKey().stage())
        .bind("addressing", change.getKey().addressing().name())
        .bind("state", change.getKey().state().name())
        .bind("devices", change.getValue());
  }
}
