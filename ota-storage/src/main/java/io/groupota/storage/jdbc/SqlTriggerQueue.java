package io.groupota.storage.jdbc;

import io.groupota.GroupId;
import io.groupota.spi.TriggerQueue;
import io.groupota.storage.jdbc.ServedRows.Served;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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

  /** What is due, as the rows that {@link Dialect#rowId} names. */
  private static final String DUE =
      " FROM ota_trigger"
          + (" WHERE due <= " + Database.NOW)
          + (" AND (lease_until IS NULL OR lease_until <= " + Database.NOW)
          + ") ORDER BY due LIMIT :limit FOR UPDATE SKIP LOCKED";

  private static final String EXTEND =
      "UPDATE ota_trigger SET lease_until = "
          + (Database.NOW + " + " + Database.SECONDS)
          + " WHERE group_id = ANY(:groups) AND lease = ANY(:leases)";

  private static final String HELD =
      "SELECT group_id, lease FROM ota_trigger"
          + " WHERE group_id = ANY(:groups) AND lease = ANY(:leases)";

  private static final String UNCLAIMED = "lease = NULL, lease_until = NULL, superseded = FALSE";

  private static final String COMPLETE =
      "UPDATE ota_trigger SET last_triggered = "
          + Database.NOW
          + ", due = CASE WHEN superseded THEN due END"
          + ", reason = CASE WHEN superseded THEN reason END, attempts = 0, "
          + UNCLAIMED
          + " WHERE group_id = ANY(:groups) AND lease = :lease";

  private static final String RETRY =
      "UPDATE ota_trigger SET due = CASE WHEN superseded THEN due"
          + (" ELSE " + Database.NOW + " + " + Database.SECONDS + " END")
          + ", attempts = CASE WHEN superseded THEN attempts ELSE attempts + 1 END, "
          + UNCLAIMED
          + " WHERE group_id = :group AND lease = :lease";

  private final Database database;

  /** Claims in the statement that finds what is due, and says which groups these are. */
  private final String claim;

  SqlTriggerQueue(Database database) {
    this.database = database;
    String row = database.dialect().rowId();
    this.claim =
        "UPDATE ota_trigger SET lease = :lease, lease_until = "
            + (Database.NOW + " + " + Database.SECONDS)
            + (", superseded = FALSE WHERE " + row + " = ANY (ARRAY(SELECT " + row + DUE + "))");
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
    List<Due> due =
        handle
            .createUpdate(claim)
            .bind("lease", name)
            .bind("now", Columns.instant(database.now()))
            .bind("seconds", Database.seconds(lease))
            .bind("limit", limit)
            .executeAndReturnGeneratedKeys("group_id", "due", "reason", "attempts")
            .map((row, context) -> due(row))
            .list();
    if (due.isEmpty()) {
      return List.of();
    }
    // After the locks: what a deploy serves that was not seen here, it makes due once more.
    Map<GroupId, Served> served = ServedRows.find(handle, due.stream().map(Due::group).toList());
    return due.stream()
        .sorted(Comparator.comparing(Due::since))
        .flatMap(
            group ->
                Stream.ofNullable(served.get(group.group())).map(one -> claim(group, one, name)))
        .toList();
  }

  private record Due(GroupId group, Instant since, Reason reason, int attempts) {}

  private static Due due(ResultSet row) throws SQLException {
    return new Due(
        new GroupId(row.getString("group_id")),
        Columns.presentInstant(row, "due"),
        Reason.valueOf(row.getString("reason")),
        row.getInt("attempts"));
  }

  private static Claim claim(Due due, Served served, String name) {
    return new Claim(
        due.group(), served.update(), served.version(), due.reason(), due.attempts(), name);
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
    return held(handle, claims);
  }

  private static Set<Claim> held(Handle handle, List<Claim> claims) {
    Set<String> held =
        Set.copyOf(
            handle
                .createQuery(HELD)
                .bind("groups", Columns.texts(claims.stream().map(Claim::group).toList()))
                .bind("leases", Columns.texts(claims.stream().map(Claim::lease).toList()))
                .map((row, context) -> row.getString(1) + row.getString(2))
                .list());
    return claims.stream()
        .filter(claim -> held.contains(claim.group().value() + claim.lease()))
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public Set<Claim> complete(Collection<Claim> claims) {
    return claims.isEmpty() ? Set.of() : database.write(handle -> complete(handle, claims));
  }

  /** Two that lock the same rows in another order are a lost race, which is run again. */
  private Set<Claim> complete(Handle handle, Collection<Claim> claims) {
    return claims.stream().collect(Collectors.groupingBy(Claim::lease)).values().stream()
        .flatMap(claimed -> completeTogether(handle, claimed).stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Of claims that were made together, which have one name. */
  private List<Claim> completeTogether(Handle handle, List<Claim> claims) {
    Set<String> completed =
        Keys.update(handle, COMPLETE, "groups", claims.stream().map(Claim::group).toList())
            .bind("now", Columns.instant(database.now()))
            .bind("lease", claims.get(0).lease())
            .executeAndReturnGeneratedKeys("group_id")
            .mapTo(String.class)
            .set();
    return claims.stream().filter(claim -> completed.contains(claim.group().value())).toList();
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
