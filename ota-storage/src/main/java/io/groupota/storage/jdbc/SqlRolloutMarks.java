package io.groupota.storage.jdbc;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * Makes devices due in the rollouts that hold their groups, inside the transaction that saves what
 * they reported. Locks no rollout, so that a report never waits for a step of one that does not
 * concern its device.
 */
final class SqlRolloutMarks {
  /** In the order of {@link SqlRolloutQueue#move}, which locks rollout by rollout. */
  private static final String MARK_ARRAYS =
      "UPDATE ota_rollout_device d SET revision = d.revision + 1, due = "
          + Database.NOW
          + " FROM (SELECT m.rollout_id, m.device_id FROM"
          + " unnest(CAST(:devices AS VARCHAR[]), CAST(:groups AS VARCHAR[])) AS n (device, grp)"
          + " JOIN ota_rollout_hold h ON h.group_id = n.grp"
          + " JOIN ota_rollout_device m ON m.rollout_id = h.rollout_id AND m.device_id = n.device"
          + " AND m.group_id = n.grp ORDER BY m.rollout_id, m.device_id FOR UPDATE OF m) l"
          + " WHERE d.rollout_id = l.rollout_id AND d.device_id = l.device_id";

  private static final String MARK_ROW =
      "UPDATE ota_rollout_device SET revision = revision + 1, due = "
          + Database.NOW
          + " WHERE rollout_id = (SELECT rollout_id FROM ota_rollout_hold WHERE group_id = :group)"
          + " AND device_id = :device AND group_id = :group";

  private final Database database;

  SqlRolloutMarks(Database database) {
    this.database = database;
  }

  /**
   * Marks devices.
   *
   * @param devices the devices with their groups, in the order of their ids
   */
  void mark(Handle handle, Map<DeviceId, GroupId> devices) {
    if (devices.isEmpty()) {
      return;
    }
    List<Map.Entry<DeviceId, GroupId>> rows = List.copyOf(devices.entrySet());
    if (database.dialect() == Dialect.POSTGRESQL) {
      handle
          .createUpdate(MARK_ARRAYS)
          .bind("now", Columns.instant(database.now()))
          .bind("devices", Columns.array("varchar", rows, Map.Entry::getKey))
          .bind("groups", Columns.array("varchar", rows, Map.Entry::getValue))
          .execute();
      return;
    }
    try (PreparedBatch batch = handle.prepareBatch(MARK_ROW)) {
      for (Map.Entry<DeviceId, GroupId> row : rows) {
        batch
            .bind("now", Columns.instant(database.now()))
            .bind("group", row.getValue().value())
            .bind("device", row.getKey().value())
            .add();
      }
      batch.execute();
    }
  }
}
