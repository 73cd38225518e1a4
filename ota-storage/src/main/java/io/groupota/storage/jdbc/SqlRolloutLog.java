package io.groupota.storage.jdbc;

import io.groupota.BlobKey;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.UpdateId;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDevicePage;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPage;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.RolloutLog;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.TrackedRollout;
import io.groupota.spi.UpdateLog.Outcome;
import io.groupota.storage.jdbc.ServedRows.Served;
import io.groupota.storage.jdbc.UpdateRows.PageRow;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.Update;

/**
 * {@link RolloutLog} on {@code ota_rollout}, {@code ota_rollout_group}, {@code ota_rollout_hold}
 * and {@code ota_rollout_device}.
 */
final class SqlRolloutLog implements RolloutLog {
  private static final String PRESENT = "SELECT " + Database.NOW + " AS present";

  private static final String INSERT =
      "INSERT INTO ota_rollout (id, owner, version, plan, created_at, state, reason, stage,"
          + " stage_since, gate_met_since, despite_guards, accepted, pace, tokens, tokens_at,"
          + " enrol_group, enrol_after, enrol_places, enrol_complete, started_at, ended_at, due)"
          + " VALUES (:rollout, :owner, :version, :plan, :createdAt, :state, :reason, :stage,"
          + " :stageSince, :gateMetSince, :despiteGuards, :accepted, :pace, :tokens, :tokensAt,"
          + " :enrolGroup, :enrolAfter, :enrolPlaces, :enrolComplete, :startedAt, :endedAt, :due)";

  private static final String INSERT_GROUP =
      "INSERT INTO ota_rollout_group (rollout_id, group_id, ordinal, target, base, record_id, path,"
          + " complete_in, status, previous) VALUES (:rollout, :group, :ordinal, :target, :base,"
          + " :record, :path, :completeIn, 'WAITING', :previous)";

  /** Older nodes know nothing of rollouts: from the first one on none of them may start. */
  private static final String NEED_ROLLOUTS =
      "UPDATE ota_schema SET usable_from = "
          + (Schema.ROLLOUTS + " WHERE usable_from < " + Schema.ROLLOUTS);

  private static final String BY_ID = " FROM ota_rollout r WHERE r.id = :rollout";

  private static final String FOUND =
      " AND (POSITION(:search IN id) > 0 OR POSITION(:search IN version) > 0"
          + " OR EXISTS (SELECT 1 FROM ota_rollout_group s WHERE s.rollout_id = ota_rollout.id"
          + " AND POSITION(:search IN s.group_id) > 0))";

  /** Without a status there is no hold any more. */
  private static final String HOLDS =
      "SELECT h.group_id, g.rollout_id, r.state, g.target, g.base, g.previous, g.status"
          + " FROM ota_rollout_hold h LEFT JOIN ota_latest l ON l.group_id = h.group_id"
          + " LEFT JOIN ota_rollout_group g"
          + (" ON g.rollout_id = h.rollout_id AND g.group_id = h.group_id AND NOT "
              + SqlRolloutHolds.OVERRIDDEN)
          + " LEFT JOIN ota_rollout r ON r.id = g.rollout_id WHERE h.group_id = ANY(:groups)"
          + " AND (h.rollout_id IS NOT NULL OR h.released_at > "
          + (Database.NOW + " - " + Database.SECONDS + ")");

  private final Database database;
  private final SqlRolloutHolds holds;

  SqlRolloutLog(Database database) {
    this.database = database;
    this.holds = new SqlRolloutHolds(database);
  }

  @Override
  public Outcome open(Opening opening) {
    return database.write(handle -> open(handle, opening));
  }

  private Outcome open(Handle handle, Opening opening) {
    List<OtaUpdate> updates = opening.groups().stream().map(Target::update).toList();
    List<GroupId> groups = updates.stream().map(OtaUpdate::group).toList();
    Map<GroupId, RolloutId> holders = SqlRolloutHolds.lock(handle, groups);
    Map<GroupId, Served> served = ServedRows.lock(handle, groups);
    Map<GroupId, RolloutId> previous = SqlRolloutHolds.held(handle, groups);
    holds.release(handle, holders);
    Set<BlobKey> blobs = updates.stream().map(OtaUpdate::blob).collect(Collectors.toSet());
    if (!ServedRows.settle(handle, blobs)) {
      handle.rollback();
      return Outcome.BLOB_GONE;
    }
    ServedRows.insert(handle, updates);
    insert(handle, opening);
    insertGroups(handle, opening, served, previous);
    SqlRolloutHolds.take(handle, opening.id(), groups);
    handle.createUpdate(NEED_ROLLOUTS).execute();
    return Outcome.RECORDED;
  }

  private void insert(Handle handle, Opening opening) {
    Instant now =
        handle
            .createQuery(PRESENT)
            .bind("now", Columns.instant(database.now()))
            .map((row, context) -> Columns.presentInstant(row, "present"))
            .one();
    RolloutProgress progress = RolloutProgress.opened(opening.plan().pace(), now);
    try (Update insert = handle.createUpdate(INSERT)) {
      RolloutRows.bind(insert, progress)
          .bind("rollout", opening.id().value())
          .bind("owner", opening.owner().value())
          .bind("version", opening.version())
          .bind("plan", Json.write(opening.plan().toTree()))
          .bind("createdAt", Columns.instant(opening.createdAt()))
          .bind("tokens", progress.tokens())
          .bind("due", Columns.instant(progress.due().orElse(null)))
          .execute();
    }
  }

  private static void insertGroups(
      Handle handle,
      Opening opening,
      Map<GroupId, Served> served,
      Map<GroupId, RolloutId> previous) {
    try (PreparedBatch batch = handle.prepareBatch(INSERT_GROUP)) {
      int ordinal = 0;
      for (Target target : opening.groups()) {
        GroupId group = target.update().group();
        Optional<Served> base = Optional.ofNullable(served.get(group));
        batch
            .bind("rollout", opening.id().value())
            .bind("group", group.value())
            .bind("ordinal", ordinal++)
            .bind("target", target.update().id().value())
            .bind("base", base.map(Served::update).map(UpdateId::value).orElse(null))
            .bind("record", target.recordId())
            .bind("path", target.path())
            .bind("completeIn", target.completeIn())
            .bind(
                "previous",
                Optional.ofNullable(previous.get(group)).map(RolloutId::value).orElse(null))
            .add();
      }
      batch.execute();
    }
  }

  @Override
  public Optional<TrackedRollout> rollout(RolloutId id) {
    return database.read(
        handle ->
            handle
                .createQuery("SELECT " + RolloutRows.columns(database.dialect()) + BY_ID)
                .bind("now", Columns.instant(database.now()))
                .bind("rollout", id.value())
                .map((row, context) -> RolloutRows.tracked(row))
                .findOne());
  }

  @Override
  public RolloutPage rollouts(OwnerId owner, RolloutQuery<RolloutState> query) {
    List<PageRow<Rollout>> rows =
        database.read(
            handle -> {
              Query page =
                  handle
                      .createQuery(rolloutsSql(query))
                      .bind("now", Columns.instant(database.now()))
                      .bind("owner", owner.value());
              return bind(page, query).map((row, context) -> rolloutOfPage(row)).list();
            });
    return new RolloutPage(elements(rows), rows.get(0).total(), rows.get(0).filtered());
  }

  private static PageRow<Rollout> rolloutOfPage(ResultSet row) throws SQLException {
    boolean empty = row.getString("id") == null;
    return new PageRow<>(
        row.getLong("total"),
        row.getLong("filtered"),
        empty ? Optional.empty() : Optional.of(RolloutRows.tracked(row).rollout()));
  }

  /** One statement, so that page and counts are of the same moment. */
  private String rolloutsSql(RolloutQuery<RolloutState> query) {
    String order = direction(query);
    String filter = state(query) + (query.search().isEmpty() ? "" : FOUND);
    String owned = " FROM ota_rollout WHERE owner = :owner";
    return "SELECT c.total, c.filtered, "
        + RolloutRows.columns(database.dialect())
        + (" FROM (SELECT (SELECT COUNT(*)" + owned + ") AS total, (SELECT COUNT(*)" + owned)
        + (filter + ") AS filtered) c LEFT JOIN (SELECT *" + owned + filter)
        + (" ORDER BY owner" + order + ", created_at" + order + ", id" + order)
        + " LIMIT :limit OFFSET :offset) r ON TRUE"
        + (" ORDER BY r.created_at" + order + ", r.id" + order);
  }

  private static String direction(RolloutQuery<?> query) {
    return query.order() == OtaQuery.Order.ASC ? "" : " DESC";
  }

  private static String state(RolloutQuery<?> query) {
    return query.state().isEmpty() ? "" : " AND state = :state";
  }

  private static Query bind(Query page, RolloutQuery<?> query) {
    page.bind("limit", query.limit().orElse(Integer.MAX_VALUE)).bind("offset", query.offset());
    query.state().ifPresent(state -> page.bind("state", state.name()));
    if (!query.search().isEmpty()) {
      page.bind("search", SqlUpdateLog.searchable(query.search()));
    }
    return page;
  }

  private static <T> List<T> elements(List<PageRow<T>> rows) {
    return rows.stream().flatMap(row -> row.element().stream()).toList();
  }

  @Override
  public RolloutDevicePage rolloutDevices(Rollout rollout, RolloutQuery<RolloutDeviceState> query) {
    List<PageRow<RolloutDevice>> rows =
        database.read(
            handle -> {
              Query page =
                  handle.createQuery(devicesSql(query)).bind("rollout", rollout.id().value());
              return bind(page, query).map((row, context) -> deviceOfPage(row)).list();
            });
    long total = rollout.counts().devices();
    long counted = query.state().map(rollout.counts()::in).orElse(total);
    long filtered =
        query.search().isEmpty()
            ? counted
            : rows.stream().mapToLong(PageRow::filtered).findFirst().orElse(0);
    return new RolloutDevicePage(elements(rows), total, filtered);
  }

  private static PageRow<RolloutDevice> deviceOfPage(ResultSet row) throws SQLException {
    boolean empty = row.getString("device_id") == null;
    return new PageRow<>(
        0,
        row.getLong("filtered"),
        empty ? Optional.empty() : Optional.of(RolloutDeviceRows.view(row)));
  }

  /** Counts only what a search finds: the rest is counted already. */
  private static String devicesSql(RolloutQuery<RolloutDeviceState> query) {
    boolean searches = !query.search().isEmpty();
    String found =
        " FROM ota_rollout_device WHERE rollout_id = :rollout"
            + state(query)
            + (searches ? " AND POSITION(:search IN device_id) > 0" : "");
    String order = direction(query);
    return "SELECT c.filtered, "
        + RolloutDeviceRows.COLUMNS
        + (" FROM (SELECT " + (searches ? "COUNT(*) AS filtered" + found : "0 AS filtered") + ") c")
        + (" LEFT JOIN (SELECT *" + found + " ORDER BY rollout_id" + order)
        + (query.state().isEmpty() ? "" : ", state" + order)
        + (", device_id" + order + " LIMIT :limit OFFSET :offset) d ON TRUE")
        + (" ORDER BY d.device_id" + order);
  }

  @Override
  public Holds holds(Collection<GroupId> groups, Duration within) {
    return groups.isEmpty()
        ? new Holds(Map.of(), Set.of())
        : database.read(handle -> holds(handle, groups, within));
  }

  private Holds holds(Handle handle, Collection<GroupId> groups, Duration within) {
    Map<GroupId, Hold> held = new HashMap<>();
    Set<GroupId> released = new HashSet<>();
    Keys.query(handle, HOLDS, "groups", groups)
        .bind("now", Columns.instant(database.now()))
        .bind("seconds", Database.seconds(within))
        .map((row, context) -> Map.entry(new GroupId(row.getString("group_id")), hold(row)))
        .forEach(
            row ->
                row.getValue()
                    .ifPresentOrElse(
                        hold -> held.put(row.getKey(), hold), () -> released.add(row.getKey())));
    return new Holds(held, released);
  }

  private static Optional<Hold> hold(ResultSet row) throws SQLException {
    Optional<String> status = Columns.text(row, "status");
    return status.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Hold(
                new RolloutId(row.getString("rollout_id")),
                RolloutState.valueOf(row.getString("state")),
                new GroupId(row.getString("group_id")),
                new UpdateId(row.getString("target")),
                Columns.text(row, "base").map(UpdateId::new),
                Columns.text(row, "previous").map(RolloutId::new),
                RolloutGroup.Status.valueOf(status.get())));
  }

  @Override
  public Map<DeviceId, Assignment> assignments(Map<DeviceId, Hold> held) {
    return held.isEmpty()
        ? Map.of()
        : database.read(
            handle -> {
              Map<DeviceId, Assignment> found = new HashMap<>();
              ask(handle, held, hold -> Optional.of(hold.rollout()), found);
              ask(handle, held, Hold::previous, found);
              return found;
            });
  }

  /** Asks one rollout after another about those devices of which nothing is found yet. */
  private void ask(
      Handle handle,
      Map<DeviceId, Hold> held,
      Function<Hold, Optional<RolloutId>> whom,
      Map<DeviceId, Assignment> found) {
    Map<RolloutId, Map<DeviceId, GroupId>> asked = new HashMap<>();
    held.forEach(
        (device, hold) -> {
          if (!found.containsKey(device)) {
            whom.apply(hold)
                .ifPresent(
                    rollout ->
                        asked
                            .computeIfAbsent(rollout, any -> new HashMap<>())
                            .put(device, hold.group()));
          }
        });
    asked.forEach(
        (rollout, devices) ->
            found.putAll(
                RolloutDeviceRows.assignments(handle, database.dialect(), rollout, devices)));
  }
}
