package io.groupota.storage.jdbc;

import io.groupota.GroupId;
import io.groupota.Retention;
import io.groupota.UpdateId;
import io.groupota.spi.UpdateLog.Pruned;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * Removes rows of {@code ota_update}, one group per transaction, and abandons their blobs. The lock
 * on the group's {@code ota_latest} keeps deploys to it out.
 */
final class SqlRetention {
  /** How many updates one transaction removes. */
  private static final int BATCH = 1_000;

  private static final String LOCK_DUE =
      "SELECT group_id, update_id FROM ota_latest WHERE prune_due <= "
          + Database.NOW
          + " ORDER BY prune_due LIMIT 1 FOR UPDATE SKIP LOCKED";

  private static final String VISITED =
      "UPDATE ota_latest SET prune_due = "
          + (Database.NOW + " + " + Database.SECONDS)
          + " WHERE group_id = :group";

  /** The oldest of the last updates that stay, counted from the served one. */
  private static final String OLDEST_KEPT =
      "SELECT seq FROM ota_update WHERE group_id = :group"
          + " AND seq <= (SELECT seq FROM ota_update WHERE id = :served)"
          + " ORDER BY group_id DESC, seq DESC LIMIT 1 OFFSET :others";

  private static final String SURPLUS =
      "SELECT id, blob_key FROM ota_update WHERE group_id = :group AND seq < :oldestKept"
          + " AND NOT must_pass_through AND seq < COALESCE((SELECT b.seq FROM ota_rollout_hold h"
          + " JOIN ota_rollout_group g ON g.rollout_id = h.rollout_id AND g.group_id = h.group_id"
          + " JOIN ota_update b ON b.id = g.base WHERE h.group_id = :group), :oldestKept)"
          + " AND created_at <= "
          + (Database.NOW + " - " + Database.SECONDS)
          + " ORDER BY group_id, seq LIMIT :limit";

  private static final String REMOVE = "DELETE FROM ota_update WHERE id = ANY(:ids)";

  /** In the order of their keys, so that no two transactions wait for each other. */
  private static final String LOCK_BLOBS =
      "SELECT blob_key FROM ota_blob WHERE blob_key = ANY(:keys) ORDER BY blob_key FOR UPDATE";

  /**
   * After the locks, in a statement of its own: it sees the updates of all who held them before.
   */
  private static final String ABANDON =
      "UPDATE ota_blob SET state = 'ABANDONED', since = "
          + Database.NOW
          + " WHERE blob_key = ANY(:keys) AND state = 'RECORDED'"
          + " AND NOT EXISTS (SELECT 1 FROM ota_update u WHERE u.blob_key = ota_blob.blob_key)";

  private final Database database;

  SqlRetention(Database database) {
    this.database = database;
  }

  private record Due(GroupId group, UpdateId served) {}

  private record Surplus(UpdateId update, String blob) {}

  Optional<Pruned> prune(Retention retention) {
    return database.write(handle -> lockDue(handle).map(due -> prune(handle, due, retention)));
  }

  private Optional<Due> lockDue(Handle handle) {
    return handle
        .createQuery(LOCK_DUE)
        .bind("now", Columns.instant(database.now()))
        .map(
            (row, context) ->
                new Due(new GroupId(row.getString(1)), new UpdateId(row.getString(2))))
        .findOne();
  }

  private Pruned prune(Handle handle, Due due, Retention retention) {
    List<Surplus> surplus = surplus(handle, due, retention);
    if (!surplus.isEmpty()) {
      remove(handle, surplus);
    }
    if (surplus.size() < BATCH) {
      visited(handle, due.group(), retention.interval());
    }
    return new Pruned(due.group(), surplus.stream().map(Surplus::update).toList());
  }

  private List<Surplus> surplus(Handle handle, Due due, Retention retention) {
    OptionalLong oldestKept = oldestKept(handle, due, Math.max(2, retention.updates()));
    if (oldestKept.isEmpty()) {
      return List.of();
    }
    return handle
        .createQuery(SURPLUS)
        .bind("group", due.group().value())
        .bind("oldestKept", oldestKept.getAsLong())
        .bind("now", Columns.instant(database.now()))
        .bind("seconds", Database.seconds(retention.age()))
        .bind("limit", BATCH)
        .map((row, context) -> new Surplus(new UpdateId(row.getString(1)), row.getString(2)))
        .list();
  }

  private static OptionalLong oldestKept(Handle handle, Due due, int kept) {
    return handle
        .createQuery(OLDEST_KEPT)
        .bind("group", due.group().value())
        .bind("served", due.served().value())
        .bind("others", kept - 1)
        .mapTo(Long.class)
        .findOne()
        .map(OptionalLong::of)
        .orElse(OptionalLong.empty());
  }

  private void remove(Handle handle, List<Surplus> surplus) {
    Stream<UpdateId> ids = surplus.stream().map(Surplus::update);
    handle.createUpdate(REMOVE).bind("ids", Columns.texts(ids.toList())).execute();
    List<String> keys = surplus.stream().map(Surplus::blob).distinct().toList();
    handle.createQuery(LOCK_BLOBS).bind("keys", Columns.texts(keys)).mapTo(String.class).list();
    handle
        .createUpdate(ABANDON)
        .bind("now", Columns.instant(database.now()))
        .bind("keys", Columns.texts(keys))
        .execute();
  }

  private void visited(Handle handle, GroupId group, Duration interval) {
    handle
        .createUpdate(VISITED)
        .bind("now", Columns.instant(database.now()))
        .bind("seconds", Database.seconds(interval))
        .bind("group", group.value())
        .execute();
  }
}
