package io.groupota.storage.jdbc;

import io.groupota.GroupId;
import io.groupota.Retention;
import io.groupota.UpdateId;
import io.groupota.spi.UpdateLog.Pruned;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * Removes rows of {@code ota_update}, one group per transaction, and abandons their blobs. The lock
 * on the group's {@code ota_latest} keeps deploys to it out.
 */
final class SqlRetention {
  /** How many updates one transaction removes: few enough to be looked up by index. */
  private static final int BATCH = 50;

  private static final String LOCK_DUE =
      "SELECT prune_due, group_id, update_id FROM ota_latest WHERE prune_due <= "
          + Database.NOW
          + " AND (prune_due, group_id) > (CAST(:afterTime AS TIMESTAMP WITH TIME ZONE),"
          + " :afterGroup) ORDER BY prune_due, group_id LIMIT 1 FOR UPDATE SKIP LOCKED";

  private static final String VISITED =
      "UPDATE ota_latest SET prune_due = "
          + (Database.NOW + " + " + Database.SECONDS)
          + " WHERE group_id = :group";

  /**
   * The oldest update that stays, besides the served one and those recorded after it. The served
   * one is the last one of those before whatever its time, which matters where {@code seq} is 0.
   */
  private static final String OLDEST_KEPT =
      "SELECT seq, created_at, id FROM ota_update WHERE group_id = :group"
          + " AND seq <= (SELECT seq FROM ota_update WHERE id = :served) AND id <> :served"
          + " ORDER BY group_id DESC, seq DESC, created_at DESC, id DESC LIMIT 1 OFFSET :younger";

  private static final String SURPLUS =
      "SELECT id, blob_key FROM ota_update WHERE group_id = :group"
          + " AND (seq, created_at, id) < (:seq, CAST(:createdAt AS TIMESTAMP WITH TIME ZONE), :id)"
          + " AND id <> :served AND created_at <= "
          + (Database.NOW + " - " + Database.SECONDS)
          + " ORDER BY group_id, seq, created_at, id LIMIT :limit";

  private static final String REMOVE = "DELETE FROM ota_update WHERE id = ANY(:ids)";

  /** In the order of their keys, so that no two transactions wait for each other. */
  private static final String LOCK_BLOBS =
      "SELECT blob_key FROM ota_blob WHERE blob_key = ANY(:keys) ORDER BY blob_key FOR UPDATE";

  /**
   * After the locks, in a statement of its own: it sees the updates of all who held them before.
   * The offset of nothing keeps PostgreSQL from joining with the whole table instead of looking up.
   */
  private static final String ABANDON =
      "UPDATE ota_blob SET state = 'ABANDONED', since = "
          + Database.NOW
          + " WHERE blob_key = ANY(:keys) AND state = 'RECORDED'"
          + " AND NOT EXISTS (SELECT 1 FROM ota_update u WHERE u.blob_key = ota_blob.blob_key"
          + " OFFSET 0)";

  private final Database database;

  /**
   * Where the next search begins, a hint only: what was visited before leaves dead entries in the
   * index, and each search would read them all as long as an old transaction keeps them.
   */
  private volatile Visit last = Visit.NONE;

  SqlRetention(Database database) {
    this.database = database;
  }

  private record Visit(Instant due, String group) {
    static final Visit NONE = new Visit(Instant.EPOCH, "");
  }

  private record Due(Visit visit, GroupId group, UpdateId served) {}

  private record Done(Pruned pruned, Visit visit) {}

  /** The place of an update in the order of its group. */
  private record Place(long seq, Instant createdAt, String id) {}

  private record Surplus(UpdateId update, String blob) {}

  Optional<Pruned> prune(Retention retention) {
    Visit from = last;
    Optional<Done> done = prune(retention, from);
    if (done.isEmpty() && !from.equals(Visit.NONE)) {
      done = prune(retention, Visit.NONE);
    }
    last = done.map(Done::visit).orElse(Visit.NONE);
    return done.map(Done::pruned);
  }

  private Optional<Done> prune(Retention retention, Visit from) {
    return database.write(
        handle -> lockDue(handle, from).map(due -> prune(handle, due, from, retention)));
  }

  private Optional<Due> lockDue(Handle handle, Visit from) {
    return handle
        .createQuery(LOCK_DUE)
        .bind("now", Columns.instant(database.now()))
        .bind("afterTime", Columns.instant(from.due()))
        .bind("afterGroup", from.group())
        .map((row, context) -> due(row))
        .findOne();
  }

  private static Due due(ResultSet row) throws SQLException {
    String group = row.getString("group_id");
    return new Due(
        new Visit(Columns.presentInstant(row, "prune_due"), group),
        new GroupId(group),
        new UpdateId(row.getString("update_id")));
  }

  private Done prune(Handle handle, Due due, Visit from, Retention retention) {
    List<Surplus> surplus = surplus(handle, due, retention);
    if (!surplus.isEmpty()) {
      remove(handle, surplus);
    }
    boolean all = surplus.size() < BATCH;
    if (all) {
      visited(handle, due.group(), retention.interval());
    }
    List<UpdateId> removed = surplus.stream().map(Surplus::update).toList();
    return new Done(new Pruned(due.group(), removed), all ? due.visit() : from);
  }

  private List<Surplus> surplus(Handle handle, Due due, Retention retention) {
    return oldestKept(handle, due, Math.max(2, retention.updates()))
        .map(oldest -> before(handle, due, oldest, retention))
        .orElse(List.of());
  }

  private static Optional<Place> oldestKept(Handle handle, Due due, int kept) {
    return handle
        .createQuery(OLDEST_KEPT)
        .bind("group", due.group().value())
        .bind("served", due.served().value())
        .bind("younger", kept - 2)
        .map(
            (row, context) ->
                new Place(
                    row.getLong(1), Columns.presentInstant(row, "created_at"), row.getString(3)))
        .findOne();
  }

  private List<Surplus> before(Handle handle, Due due, Place oldestKept, Retention retention) {
    return handle
        .createQuery(SURPLUS)
        .bind("group", due.group().value())
        .bind("served", due.served().value())
        .bind("seq", oldestKept.seq())
        .bind("createdAt", Columns.instant(oldestKept.createdAt()))
        .bind("id", oldestKept.id())
        .bind("now", Columns.instant(database.now()))
        .bind("seconds", Database.seconds(retention.age()))
        .bind("limit", BATCH)
        .map((row, context) -> new Surplus(new UpdateId(row.getString(1)), row.getString(2)))
        .list();
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
