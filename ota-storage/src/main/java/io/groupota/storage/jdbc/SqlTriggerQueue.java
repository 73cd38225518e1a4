package io.groupota.storage.jdbc;

import io.groupota.GroupId;
import io.groupota.UpdateId;
import io.groupota.spi.TriggerQueue;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.argument.Argument;

/**
 * {@link TriggerQueue} on {@code ota_trigger}, which has a row for each group that serves
 * something. A group is due while {@code due} is set, and claimed while {@code lease_until} is in
 * the future. A newer update that makes the group due again sets {@code superseded}: whoever holds
 * the older claim can end it, but not the newer work.
 */
final class SqlTriggerQueue implements TriggerQueue {
  private static final String MARK_BEHIND =
      "UPDATE ota_trigger SET due = "
          + Database.NOW
          + ", reason = 'BEHIND', attempts = 0 WHERE group_id = ANY(:groups)"
          + " AND due IS NULL AND (last_triggered IS NULL OR last_triggered <= "
          + (Database.NOW + " - " + Database.SECONDS)
          + ")";

  private static final String DUE =
      "SELECT group_id FROM ota_trigger"
          + (" WHERE due <= " + Database.NOW)
          + (" AND (lease_until IS NULL OR lease_until <= " + Database.NOW)
          + ") ORDER BY due LIMIT :limit FOR UPDATE SKIP LOCKED";

  private static final String CLAIM =
      "UPDATE ota_trigger SET lease = :lease, lease_until = "
          + (Database.NOW + " + " + Database.SECONDS)
          + ", superseded = FALSE WHERE group_id = ANY(:groups)";

  private static final String CLAIMED =
      "SELECT t.group_id, l.update_id, l.version, t.reason, t.attempts FROM ota_trigger t"
          + " JOIN ota_latest l ON l.group_id = t.group_id"
          + " WHERE t.group_id = ANY(:groups) ORDER BY t.due";

  private static final String EXTEND =
      "UPDATE ota_trigger SET lease_until = "
          + (Database.NOW + " + " + Database.SECONDS)
          + " WHERE group_id = ANY(:groups) AND lease = ANY(:leases)";

  private static final String HELD =
      "SELECT group_id, lease FROM ota_trigger"
          + " WHERE group_id = ANY(:groups) AND lease = ANY(:leases)";

  /** In one order everywhere, so that no two transactions wait for each other. */
  private static final String LOCK_HELD = HELD + " ORDER BY group_id FOR UPDATE";

  private static final String UNCLAIMED = "lease = NULL, lease_until = NULL, superseded = FALSE";

  private static final String COMPLETE =
      "UPDATE ota_trigger SET last_triggered = "
          + Database.NOW
          + ", due = CASE WHEN superseded THEN due END"
          + ", reason = CASE WHEN superseded THEN reason END, attempts = 0, "
          + UNCLAIMED
          + " WHERE group_id = ANY(:groups) AND lease = ANY(:leases)";

  private static final String RETRY =
      "UPDATE ota_trigger SET due = CASE WHEN superseded THEN due"
          + (" ELSE " + Database.NOW + " + " + Database.SECONDS + " END")
          + ", attempts = CASE WHEN superseded THEN attempts ELSE attempts + 1 END, "
          + UNCLAIMED
          + " WHERE group_id = :group AND lease = :lease";

  private final Database database;

  SqlTriggerQueue(Database database) {
    this.database = database;
  }

  @Override
  public void markBehind(Collection<GroupId> groups, Duration interval) {
    if (!groups.isEmpty()) {
      database.write(
          handle ->
              handle
                  .createUpdate(MARK_BEHIND)
                  .bind("now", Columns.instant(database.now()))
                  .bind("groups", Columns.texts(groups))
                  .bind("seconds", Database.seconds(interval))
                  .execute());
    }
  }

  @Override
  public List<Claim> claimDue(Duration lease, int limit) {
    // One name serves all claims of a call: a claim is the group and the name.
    String name = UUID.randomUUID().toString();
    return database.write(handle -> claim(handle, name, lease, limit));
  }

  private List<Claim> claim(Handle handle, String name, Duration lease, int limit) {
    List<String> groups =
        handle
            .createQuery(DUE)
            .bind("now", Columns.instant(database.now()))
            .bind("limit", limit)
            .mapTo(String.class)
            .list();
    if (groups.isEmpty()) {
      return List.of();
    }
    handle
        .createUpdate(CLAIM)
        .bind("lease", name)
        .bind("now", Columns.instant(database.now()))
        .bind("seconds", Database.seconds(lease))
        .bind("groups", Columns.texts(groups))
        .execute();
    // After the locks: what a deploy serves that was not seen here, it makes due once more.
    return handle
        .createQuery(CLAIMED)
        .bind("groups", Columns.texts(groups))
        .map((row, context) -> claim(row, name))
        .list();
  }

  private static Claim claim(ResultSet row, String name) throws SQLException {
    return new Claim(
        new GroupId(row.getString("group_id")),
        new UpdateId(row.getString("update_id")),
        row.getString("version"),
        Reason.valueOf(row.getString("reason")),
        row.getInt("attempts"),
        name);
  }

  @Override
  public Set<Claim> extend(Collection<Claim> claims, Duration lease) {
    return claims.isEmpty()
        ? Set.of()
        : database.write(handle -> extend(handle, List.copyOf(claims), lease));
  }

  private Set<Claim> extend(Handle handle, List<Claim> claims, Duration lease) {
    Argument groups = Columns.texts(claims.stream().map(Claim::group).toList());
    Argument leases = Columns.texts(claims.stream().map(Claim::lease).toList());
    handle
        .createUpdate(EXTEND)
        .bind("now", Columns.instant(database.now()))
        .bind("seconds", Database.seconds(lease))
        .bind("groups", groups)
        .bind("leases", leases)
        .execute();
    return held(handle, HELD, claims);
  }

  @Override
  public Set<Claim> complete(Collection<Claim> claims) {
    return claims.isEmpty()
        ? Set.of()
        : database.write(handle -> complete(handle, List.copyOf(claims)));
  }

  private Set<Claim> complete(Handle handle, List<Claim> claims) {
    Set<Claim> held = held(handle, LOCK_HELD, claims);
    if (!held.isEmpty()) {
      handle
          .createUpdate(COMPLETE)
          .bind("now", Columns.instant(database.now()))
          .bind("groups", Columns.texts(held.stream().map(Claim::group).toList()))
          .bind("leases", Columns.texts(held.stream().map(Claim::lease).toList()))
          .execute();
    }
    return held;
  }

  private static Set<Claim> held(Handle handle, String sql, List<Claim> claims) {
    Set<String> held =
        Set.copyOf(
            handle
                .createQuery(sql)
                .bind("groups", Columns.texts(claims.stream().map(Claim::group).toList()))
                .bind("leases", Columns.texts(claims.stream().map(Claim::lease).toList()))
                .map((row, context) -> row.getString(1) + row.getString(2))
                .list());
    return claims.stream()
        .filter(claim -> held.contains(claim.group().value() + claim.lease()))
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public boolean retry(Claim claim, Duration delay) {
    return database.write(
        handle ->
            handle
                    .createUpdate(RETRY)
                    .bind("now", Columns.instant(database.now()))
                    .bind("seconds", Database.seconds(delay))
                    .bind("group", claim.group().value())
                    .bind("lease", claim.lease())
                    .execute()
                > 0);
  }
}
