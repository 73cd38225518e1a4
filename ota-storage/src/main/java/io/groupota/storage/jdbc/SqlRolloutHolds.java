package io.groupota.storage.jdbc;

import io.groupota.GroupId;
import io.groupota.rollout.RolloutId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * The rows of {@code ota_rollout_hold}: which rollout has a say in a group. Whoever changes what a
 * group serves, or who holds it, locks its row before anything else.
 */
final class SqlRolloutHolds {
  /** Finds what {@link #rollout(ResultSet)} reads. */
  static final String LOCK =
      "SELECT group_id, rollout_id FROM ota_rollout_hold WHERE group_id = ANY(:groups)"
          + " ORDER BY group_id FOR UPDATE";

  private static final String INSERT =
      "INSERT INTO ota_rollout_hold (group_id, rollout_id) VALUES (:group, NULL)";

  /**
   * A node of a release before rollouts deploys without ending a hold. What the group serves gives
   * it away, and then the hold is none.
   */
  static final String OVERRIDDEN =
      "((g.status = 'WAITING' AND COALESCE(l.update_id, '') <> COALESCE(g.base, ''))"
          + " OR (g.status = 'REACHED' AND COALESCE(l.update_id, '') <> g.target))";

  private static final String HELD =
      "SELECT g.group_id, g.rollout_id FROM ota_rollout_hold h"
          + " JOIN ota_rollout_group g ON g.rollout_id = h.rollout_id AND g.group_id = h.group_id"
          + " LEFT JOIN ota_latest l ON l.group_id = g.group_id"
          + (" WHERE h.group_id = ANY(:groups) AND NOT " + OVERRIDDEN)
          + " ORDER BY g.group_id";

  private static final String RELEASE =
      "UPDATE ota_rollout_group SET status = 'RELEASED'"
          + " WHERE rollout_id = :rollout AND group_id = ANY(:groups)";

  private static final String LET_GO =
      "UPDATE ota_rollout_hold SET rollout_id = NULL, released_at = "
          + Database.NOW
          + " WHERE group_id = ANY(:groups) AND rollout_id IS NOT NULL";

  private static final String TAKE =
      "UPDATE ota_rollout_hold SET rollout_id = :rollout WHERE group_id = ANY(:groups)";

  private static final String LOCK_ROLLOUTS =
      "SELECT id FROM ota_rollout WHERE id = ANY(:rollouts) ORDER BY id FOR UPDATE";

  private static final String WAKE =
      "UPDATE ota_rollout SET wakes = wakes + 1, due = CASE WHEN due <= "
          + (Database.NOW + " THEN due ELSE " + Database.NOW + " END WHERE id = ANY(:rollouts)");

  private final Database database;

  SqlRolloutHolds(Database database) {
    this.database = database;
  }

  /**
   * Locks the rows of groups, in the order of their ids. If somebody else inserts one meanwhile,
   * the insert fails and the whole transaction is repeated.
   *
   * @return whose holds there are, those that are {@link #OVERRIDDEN} included
   */
  static Map<GroupId, RolloutId> lock(Handle handle, Collection<GroupId> groups) {
    Map<GroupId, Optional<RolloutId>> there = rollouts(handle, LOCK, groups);
    List<GroupId> missing =
        new TreeSet<>(groups).stream().filter(group -> !there.containsKey(group)).toList();
    if (!missing.isEmpty()) {
      insert(handle, missing);
    }
    return present(there);
  }

  /** Inserts the rows of groups that have none, which locks them; see {@link #lock}. */
  static void insert(Handle handle, List<GroupId> groups) {
    try (PreparedBatch batch = handle.prepareBatch(INSERT)) {
      groups.forEach(group -> batch.bind("group", group.value()).add());
      batch.execute();
    }
  }

  /** Which rollouts have a say in groups that are locked. */
  static Map<GroupId, RolloutId> held(Handle handle, Collection<GroupId> groups) {
    return present(rollouts(handle, HELD, groups));
  }

  private static Map<GroupId, Optional<RolloutId>> rollouts(
      Handle handle, String sql, Collection<GroupId> groups) {
    Map<GroupId, Optional<RolloutId>> found = new LinkedHashMap<>();
    Keys.query(handle, sql, "groups", groups)
        .map((row, context) -> Map.entry(new GroupId(row.getString("group_id")), rollout(row)))
        .forEach(row -> found.put(row.getKey(), row.getValue()));
    return found;
  }

  static Optional<RolloutId> rollout(ResultSet row) throws SQLException {
    return Columns.text(row, "rollout_id").map(RolloutId::new);
  }

  private static Map<GroupId, RolloutId> present(Map<GroupId, Optional<RolloutId>> found) {
    Map<GroupId, RolloutId> present = new LinkedHashMap<>();
    found.forEach((group, rollout) -> rollout.ifPresent(id -> present.put(group, id)));
    return present;
  }

  /** Ends holds on groups that are locked, and wakes the rollouts. */
  void release(Handle handle, Map<GroupId, RolloutId> held) {
    if (held.isEmpty()) {
      return;
    }
    Map<RolloutId, List<GroupId>> holders = new LinkedHashMap<>();
    held.forEach(
        (group, rollout) -> holders.computeIfAbsent(rollout, any -> new ArrayList<>()).add(group));
    lockRollouts(handle, holders.keySet());
    holders.forEach(
        (rollout, groups) ->
            handle
                .createUpdate(RELEASE)
                .bind("rollout", rollout.value())
                .bind("groups", Columns.texts(groups))
                .execute());
    handle
        .createUpdate(LET_GO)
        .bind("groups", Columns.texts(held.keySet()))
        .bind("now", Columns.instant(database.now()))
        .execute();
    wake(handle, holders.keySet());
  }

  /** Gives groups that are locked and released to a rollout. */
  static void take(Handle handle, RolloutId rollout, Collection<GroupId> groups) {
    handle
        .createUpdate(TAKE)
        .bind("rollout", rollout.value())
        .bind("groups", Columns.texts(groups))
        .execute();
  }

  /** Locks rollouts in the order of their ids; returns those that are there. */
  static Set<RolloutId> lockRollouts(Handle handle, Collection<RolloutId> rollouts) {
    return handle
        .createQuery(LOCK_ROLLOUTS)
        .bind("rollouts", Columns.texts(rollouts))
        .map((row, context) -> new RolloutId(row.getString(1)))
        .set();
  }

  /** Makes rollouts that are locked due, whatever the one that looks at them decides. */
  void wake(Handle handle, Collection<RolloutId> rollouts) {
    handle
        .createUpdate(WAKE)
        .bind("now", Columns.instant(database.now()))
        .bind("rollouts", Columns.texts(rollouts))
        .execute();
  }
}
