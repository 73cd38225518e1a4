package io.groupota.storage.jdbc;

import io.groupota.BlobKey;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.UpdateId;
import io.groupota.firmware.ImageInfo;
import io.groupota.spi.TriggerQueue.Reason;
import io.groupota.spi.UpdateLog.Entry;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.SqlStatement;

/**
 * Adds updates to {@code ota_update}, serves them in {@code ota_latest} and makes their triggers
 * due in {@code ota_trigger}, inside the transactions of others. Locks are taken in one order:
 * {@link SqlRolloutHolds}, then the rows of {@code ota_latest}, then rollouts ({@link
 * RolloutRows}), then blobs, then triggers.
 */
final class ServedRows {
  private static final String FIND =
      "SELECT group_id, update_id, version FROM ota_latest WHERE group_id = ANY(:groups)";

  /** Finds what {@link #served(ResultSet)} reads. */
  static final String LOCK = FIND + " ORDER BY group_id FOR UPDATE";

  /** In the order of their keys, so that no two transactions wait for each other. */
  private static final String LOCK_BLOBS =
      "SELECT blob_key FROM ota_blob WHERE blob_key = ANY(:keys)"
          + " AND state IN ('RESERVED', 'ABANDONED', 'RECORDED') ORDER BY blob_key FOR UPDATE";

  private static final String SETTLE_BLOB =
      "UPDATE ota_blob SET state = 'RECORDED' WHERE blob_key = :blob"
          + " AND state IN ('RESERVED', 'ABANDONED', 'RECORDED')";

  private static final String SETTLE_BLOBS =
      "UPDATE ota_blob SET state = 'RECORDED' WHERE blob_key = ANY(:keys)";

  private static final String INTO_UPDATE =
      "INSERT INTO ota_update (id, group_id, owner, version, size, md5, sha256, image_chip,"
          + " image_project, image_version, image_idf, image_sha256, blob_key, redeploy_of,"
          + " must_pass_through, created_at)";

  private static final String UPDATE =
      ":id, :group, :owner, :version, :size, :md5, :sha256, :chip, :project, :imageVersion, :idf,"
          + " :imageSha256, :blob, :redeployOf, :mustPass, :createdAt";

  private static final String INSERT_UPDATE = INTO_UPDATE + " VALUES (" + UPDATE + ")";

  private static final String INSERT_LATEST =
      "INSERT INTO ota_latest (group_id, record_id, update_id, owner, version, path, last_updated,"
          + " prune_due) VALUES (:group, :record, :id, :owner, :version, :path, :createdAt, "
          + Database.NOW
          + ")";

  private static final String INSERT_TRIGGER =
      "INSERT INTO ota_trigger (group_id, due, reason) VALUES (:group, "
          + Database.NOW
          + ", :reason)";

  private static final String SET_LATEST =
      "UPDATE ota_latest SET update_id = :id, owner = :owner, version = :version, path = :path,"
          + " last_updated = :createdAt";

  private static final String SERVE = SET_LATEST + " WHERE group_id = :group";

  /** A claim that is held stays; that it is superseded tells {@link SqlTriggerQueue}. */
  private static final String SET_TRIGGER =
      "UPDATE ota_trigger SET due = "
          + Database.NOW
          + ", reason = :reason, attempts = 0, superseded = (lease IS NOT NULL)";

  private static final String TRIGGER = SET_TRIGGER + " WHERE group_id = ANY(:groups)";

  /** The same if the group serves another version. */
  private static final String TRIGGER_ANOTHER =
      SET_TRIGGER
          + " WHERE group_id = :group AND NOT EXISTS"
          + " (SELECT 1 FROM ota_latest WHERE group_id = :group AND version = :version)";

  /** Keeps the blob and adds to the history. */
  private static final List<String> ADD = List.of(SETTLE_BLOB, INSERT_UPDATE);

  /** Of a group that serves nothing; fails if another transaction is first, and is repeated. */
  private static final List<String> SERVE_FIRST = List.of(INSERT_LATEST, INSERT_TRIGGER);

  /** Of a group that serves something. Looks first what that is. */
  private static final List<String> SERVE_NEXT = List.of(TRIGGER_ANOTHER, SERVE);

  /**
   * All of it for a group that serves something, in one statement: each part is done if the one
   * before it found what must be there, else nothing is. A part that waited for a lock goes on with
   * the row as the other transaction left it, if that still meets its condition; nothing is read
   * here but rows that are locked so, and an update of the history, which never changes.
   */
  private static final String REPLACE =
      ("WITH held AS MATERIALIZED (SELECT group_id FROM ota_rollout_hold"
              + " WHERE group_id = :group AND rollout_id IS NULL FOR UPDATE),")
          + (" served AS MATERIALIZED (SELECT " + UpdateRows.COLUMNS + " FROM ota_latest l")
          + " JOIN ota_update u ON u.id = l.update_id WHERE l.group_id = :group"
          + " AND l.update_id = COALESCE(CAST(:replaces AS VARCHAR), l.update_id)"
          + " AND EXISTS (SELECT 1 FROM held) FOR UPDATE OF l),"
          + (" settled AS (" + SETTLE_BLOB)
          + " AND EXISTS (SELECT 1 FROM served) RETURNING blob_key),"
          + (" added AS (" + INTO_UPDATE + " SELECT " + UPDATE + " FROM settled),")
          + (" triggered AS (" + SET_TRIGGER + " FROM served, settled")
          + " WHERE ota_trigger.group_id = :group AND served.version <> :version) "
          + (SET_LATEST + " FROM served, settled WHERE ota_latest.group_id = :group")
          + " RETURNING served.*";

  private final Database database;

  ServedRows(Database database) {
    this.database = database;
  }

  /** What a group serves. */
  record Served(UpdateId update, String version) {}

  static Served served(ResultSet row) throws SQLException {
    return new Served(new UpdateId(row.getString("update_id")), row.getString("version"));
  }

  /** What those groups serve that serve something, without locking it. */
  static Map<GroupId, Served> find(Handle handle, Collection<GroupId> groups) {
    return served(handle, FIND, groups);
  }

  /** Locks the records of those groups that have one. */
  static Map<GroupId, Served> lock(Handle handle, Collection<GroupId> groups) {
    return served(handle, LOCK, groups);
  }

  private static Map<GroupId, Served> served(
      Handle handle, String sql, Collection<GroupId> groups) {
    Map<GroupId, Served> served = new HashMap<>();
    Keys.query(handle, sql, "groups", groups)
        .map((row, context) -> Map.entry(new GroupId(row.getString("group_id")), served(row)))
        .forEach(row -> served.put(row.getKey(), row.getValue()));
    return served;
  }

  /**
   * Keeps blobs from being swept; false, and nothing is changed, if one of them is gone already.
   */
  static boolean settle(Handle handle, Set<BlobKey> blobs) {
    int found = Keys.query(handle, LOCK_BLOBS, "keys", blobs).mapTo(String.class).list().size();
    if (found < blobs.size()) {
      return false;
    }
    Keys.update(handle, SETTLE_BLOBS, "keys", blobs).execute();
    return true;
  }

  /** Adds updates to the histories of their groups. */
  static void insert(Handle handle, Collection<OtaUpdate> updates) {
    try (PreparedBatch batch = handle.prepareBatch(INSERT_UPDATE)) {
      for (OtaUpdate update : updates) {
        bind(batch, update);
        batch.add();
      }
      batch.execute();
    }
  }

  private static void bind(SqlStatement<?> statement, OtaUpdate update) {
    Optional<ImageInfo> image = update.firmware().image();
    statement
        .bind("id", update.id().value())
        .bind("group", update.group().value())
        .bind("owner", update.owner().value())
        .bind("version", update.version())
        .bind("size", update.firmware().size())
        .bind("md5", update.firmware().md5())
        .bind("sha256", update.firmware().sha256())
        .bind("chip", image.map(ImageInfo::chip).orElse(null))
        .bind("project", image.map(ImageInfo::project).orElse(null))
        .bind("imageVersion", image.map(ImageInfo::version).orElse(null))
        .bind("idf", image.map(ImageInfo::idfVersion).orElse(null))
        .bind("imageSha256", image.map(ImageInfo::sha256).orElse(null))
        .bind("blob", update.blob().value())
        .bind("redeployOf", update.redeployOf().map(UpdateId::value).orElse(null))
        .bind("mustPass", update.mustPassThrough())
        .bind("createdAt", Columns.instant(update.createdAt()));
  }

  /**
   * Keeps the blob of an update from being swept, adds the update to the history of its group and
   * serves it. If the blob is gone already this returns false, and all of it must be undone.
   */
  boolean add(
      Handle handle, Optional<Served> before, OtaUpdate update, String recordId, String path) {
    List<String> statements = Stream.concat(ADD.stream(), serving(before).stream()).toList();
    return run(handle, statements, update, recordId, path) > 0;
  }

  /**
   * Does what {@link #add} does, and locks first what that needs, in one statement, for what nearly
   * every deploy is: the group serves something, no rollout has a say in it, and the blob is there.
   *
   * @return what the group served; empty, and nothing is changed, if something is not so
   */
  Optional<OtaUpdate> replace(Handle handle, Entry entry) {
    Query replace = handle.createQuery(REPLACE);
    bind(replace, entry.update());
    return replace
        .bind("path", entry.path())
        .bind(
            "replaces",
            entry.replaces().map(before -> before.map(UpdateId::value).orElse("")).orElse(null))
        .bind("now", Columns.instant(database.now()))
        .bind("reason", Reason.DEPLOYED.name())
        .map((row, context) -> UpdateRows.update(row))
        .findOne();
  }

  /** Serves an update of the history from now on; another version is triggered. */
  void serve(
      Handle handle, Optional<Served> before, OtaUpdate update, String recordId, String path) {
    run(handle, serving(before), update, recordId, path);
  }

  private static List<String> serving(Optional<Served> before) {
    return before.isEmpty() ? SERVE_FIRST : SERVE_NEXT;
  }

  /** Returns how many rows the first statement changed. */
  private int run(
      Handle handle, List<String> statements, OtaUpdate update, String recordId, String path) {
    return new Together(handle, database.dialect())
        .update(statements, values(update, recordId, path));
  }

  private Consumer<SqlStatement<?>> values(OtaUpdate update, String recordId, String path) {
    return statement -> {
      bind(statement, update);
      statement
          .bind("record", recordId)
          .bind("path", path)
          .bind("groups", update.group().value())
          .bind("now", Columns.instant(database.now()))
          .bind("reason", Reason.DEPLOYED.name());
    };
  }

  /** The triggers of groups are due, of those that serve something. */
  void trigger(Handle handle, Collection<GroupId> groups) {
    Keys.update(handle, TRIGGER, "groups", groups)
        .bind("now", Columns.instant(database.now()))
        .bind("reason", Reason.DEPLOYED.name())
        .execute();
  }
}
