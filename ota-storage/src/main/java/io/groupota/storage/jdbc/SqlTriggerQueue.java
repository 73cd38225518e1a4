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
 * {@link TriggerQueue} on the trigger columns of {@code ota_latest}. A group is due while {@code
 * trigger_due} is set, and claimed while {@code trigger_lease_until} is in the future. A newer
 * update that makes the group due again sets {@code trigger_superseded}: whoever holds the older
 * claim can end it, but not the newer work.
 */
final class SqlTriggerQueue implements TriggerQueue {
  private static final String MARK_BEHIND =
      "UPDATE ota_latest SET trigger_due = "
          + Database.NOW
          + ", trigger_reason = 'BEHIND', trigger_attempts = 0 WHERE group_id = ANY(:groups)"
          + " AND trigger_due IS NULL AND (last_triggered IS NULL OR last_triggered <= "
          + (Database.NOW + " - " + Database.SECONDS)
          + ")";

  private static final String DUE =
      "SELECT group_id, update_id, version, trigger_reason, trigger_attempts FROM ota_latest"
          + (" WHERE trigger_due <= " + Database.NOW)
          + (" AND (trigger_lease_until IS NULL OR trigger_lease_until <= " + Database.NOW)
          + ") ORDER BY trigger_due LIMIT :limit FOR UPDATE SKIP LOCKED";

  private static final String CLAIM =
      "UPDATE ota_latest SET trigger_lease = :lease, trigger_lease_until = "
          + (Database.NOW + " + " + Database.SECONDS)
          + ", trigger_superseded = FALSE WHERE group_id = ANY(:groups)";

  private static final String EXTEND =
      "UPDATE ota_latest SET trigger_lease_until = "
          + (Database.NOW + " + " + Database.SECONDS)
          + " WHERE group_id = ANY(:groups) AND trigger_lease = ANY(:leases)";

  private static final String HELD =
      "SELECT group_id, trigger_lease FROM ota_latest"
          + " WHERE group_id = ANY(:groups) AND trigger_lease = ANY(:leases)";

  /** In one order everywhere, so that no two transactions wait for each other. */
  private static final String LOCK_HELD = HELD + " ORDER BY group_id FOR UPDATE";

  private static final String UNCLAIMED =
      "trigger_lease = NULL, trigger_lease_until = NULL, trigger_superseded = FALSE";

  private static final String COMPLETE =
      "UPDATE ota_latest SET last_triggered = "
          + Database.NOW
          + ", trigger_due = CASE WHEN trigger_superseded THEN trigger_due END"
          + ", trigger_reason = CASE WHEN trigger_superseded THEN trigger_reason END"
          + ", trigger_attempts = 0, "
          + UNCLAIMED
          + " WHERE group_id = ANY(:groups) AND trigger_lease = ANY(:leases)";

  private static final String RETRY =
      "UPDATE ota_latest SET trigger_due = CASE WHEN trigger_superseded THEN trigger_due"
          + (" ELSE " + Database.NOW + " + " + Database.SECONDS + " END")
          + ", trigger_attempts = CASE WHEN trigger_superseded THEN trigger_attempts"
          + " ELSE trigger_attempts + 1 END, "
          + UNCLAIMED
          + " WHERE group_id = :group AND trigger_lease = :lease";

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
    List<Claim> claims =
        handle
            .createQuery(DUE)
            .bind("now", Columns.instant(database.now()))
            .bind("limit", limit)
            .map((row, context) -> claim(row, name))
            .list();
    if (!claims.isEmpty()) {
      handle
          .createUpdate(CLAIM)
          .bind("lease", name)
          .bind("now", Columns.instant(database.now()))
          .bind("seconds", Database.seconds(lease))
          .bind("groups", Columns.texts(claims.stream().map(Claim::group).toList()))
          .execute();
    }
    return claims;
  }

  private static Claim claim(ResultSet row, String name) throws SQLException {
    return new Claim(
        new GroupId(row.getString("group_id")),
        new UpdateId(row.getString("update_id")),
        row.getString("version"),
        Reason.valueOf(row.getString("trigger_reason")),
        row.getInt("trigger_attempts"),
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
