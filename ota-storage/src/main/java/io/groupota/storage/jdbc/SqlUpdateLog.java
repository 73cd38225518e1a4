package io.groupota.storage.jdbc;

import io.groupota.GroupId;
import io.groupota.LatestUpdate;
import io.groupota.OtaPage;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.UpdateId;
import io.groupota.UpdatePage;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.UpdateLog;
import io.groupota.storage.jdbc.ServedRows.Served;
import io.groupota.storage.jdbc.UpdateRows.PageRow;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** {@link UpdateLog} on {@code ota_update} (the history) and {@code ota_latest}. */
final class SqlUpdateLog implements UpdateLog {
  private static final String SERVED =
      "SELECT "
          + UpdateRows.COLUMNS
          + " FROM ota_latest l JOIN ota_update u ON u.id = l.update_id"
          + " WHERE l.group_id = ANY(:groups)";

  /** How many groups one statement asks for: few enough to be looked up by index. */
  private static final int GROUPS = 100;

  private static final String BY_ID =
      "SELECT " + UpdateRows.COLUMNS + " FROM ota_update u WHERE u.id = :id";

  // The left join keeps the count when the page is empty.
  private static final String HISTORY =
      "SELECT c.total, c.total AS filtered, "
          + UpdateRows.COLUMNS
          + " FROM (SELECT COUNT(*) AS total FROM ota_update WHERE group_id = :group) c"
          + " LEFT JOIN (SELECT * FROM ota_update WHERE group_id = :group"
          + " ORDER BY group_id DESC, seq DESC, created_at DESC, id DESC LIMIT :limit OFFSET :offset) u"
          + " ON TRUE ORDER BY u.seq DESC, u.created_at DESC, u.id DESC";

  private static final String TO_PASS =
      "SELECT "
          + UpdateRows.COLUMNS
          + " FROM ota_update u WHERE u.group_id = :group AND u.must_pass_through AND u.seq <="
          + " (SELECT s.seq FROM ota_latest l JOIN ota_update s ON s.id = l.update_id"
          + " WHERE l.group_id = :group)";

  private static final String MARK =
      "SELECT CAST(pg_snapshot_xmin(pg_current_snapshot()) AS VARCHAR)";

  /**
   * A transaction that the last look did not see has at least the number that its mark is: the
   * lowest that was still running. The other bound leaves out what comes from a dump of another
   * server, whose numbers mean nothing here. The left join keeps the mark when nothing has changed.
   */
  private static final String CHANGES =
      "SELECT m.mark, l.group_id FROM ("
          + MARK
          + " AS mark) m LEFT JOIN ota_latest l"
          + " ON l.served_by >= CAST(:mark AS XID8)"
          + " AND l.served_by < pg_snapshot_xmax(pg_current_snapshot())";

  /** What stands for other characters in {@code LIKE}, and what takes that from it. */
  private static final Pattern WILDCARD = Pattern.compile("[%_\\\\]");

  private static final Together.Rows<Optional<RolloutId>> HOLD =
      new Together.Rows<>(Keys.ofOne(SqlRolloutHolds.LOCK, "groups"), SqlRolloutHolds::rollout);

  private final Database database;
  private final ServedRows rows;
  private final SqlRolloutHolds holds;

  SqlUpdateLog(Database database) {
    this.database = database;
    this.rows = new ServedRows(database);
    this.holds = new SqlRolloutHolds(database);
  }

  @Override
  public Recording record(Entry entry) {
    Optional<OtaUpdate> replaced =
        database.dialect().changesInQueries()
            ? database.writeSingle(handle -> rows.replace(handle, entry))
            : Optional.empty();
    return replaced.isPresent()
        ? new Recording(Outcome.RECORDED, replaced)
        : database.write(handle -> record(handle, entry));
  }

  private Recording record(Handle handle, Entry entry) {
    OtaUpdate update = entry.update();
    // Lock first: whoever comes second sees what the first one did.
    Locked locked = lock(handle, update.group());
    Optional<Served> served = locked.served();
    if (entry.replaces().isPresent()
        && !entry.replaces().get().equals(served.map(Served::update))) {
      return new Recording(Outcome.SERVED_CHANGED, Optional.empty());
    }
    holds.release(handle, locked.held());
    if (!rows.add(handle, served, update, entry.recordId(), entry.path())) {
      handle.rollback();
      return new Recording(Outcome.BLOB_GONE, Optional.empty());
    }
    return new Recording(
        Outcome.RECORDED, served.flatMap(before -> update(handle, before.update())));
  }

  /** Who has a say in a group and what it serves, both locked. */
  private record Locked(Map<GroupId, RolloutId> held, Optional<Served> served) {}

  private Locked lock(Handle handle, GroupId group) {
    Together.Both<Optional<RolloutId>, Served> found =
        new Together(handle, database.dialect())
            .query(
                HOLD,
                new Together.Rows<>(Keys.ofOne(ServedRows.LOCK, "groups"), ServedRows::served),
                statement -> statement.bind("groups", group.value()));
    if (found.first().isEmpty()) {
      // Nothing was locked first, so what was found then means nothing.
      SqlRolloutHolds.insert(handle, List.of(group));
      Map<GroupId, Served> served = ServedRows.lock(handle, Set.of(group));
      return new Locked(Map.of(), Optional.ofNullable(served.get(group)));
    }
    Map<GroupId, RolloutId> held = new HashMap<>();
    found.first().get(0).ifPresent(rollout -> held.put(group, rollout));
    return new Locked(held, found.second().stream().findFirst());
  }

  @Override
  public Optional<OtaUpdate> served(GroupId group) {
    return Optional.ofNullable(served(List.of(group)).get(group));
  }

  @Override
  public Map<GroupId, OtaUpdate> served(Collection<GroupId> groups) {
    List<GroupId> all = List.copyOf(groups);
    Map<GroupId, OtaUpdate> served = new HashMap<>();
    for (int from = 0; from < all.size(); from += GROUPS) {
      List<GroupId> some = all.subList(from, Math.min(from + GROUPS, all.size()));
      served.putAll(database.read(handle -> served(handle, some)));
    }
    return served;
  }

  private static Map<GroupId, OtaUpdate> served(Handle handle, List<GroupId> groups) {
    return Keys.query(handle, SERVED, "groups", groups)
        .map((row, context) -> UpdateRows.update(row))
        .collect(Collectors.toMap(OtaUpdate::group, Function.identity()));
  }

  @Override
  public Optional<OtaUpdate> update(UpdateId id) {
    return database.read(handle -> update(handle, id));
  }

  private static Optional<OtaUpdate> update(Handle handle, UpdateId id) {
    return handle
        .createQuery(BY_ID)
        .bind("id", id.value())
        .map((row, context) -> UpdateRows.update(row))
        .findOne();
  }

  @Override
  public OtaPage latest(OwnerId owner, OtaQuery query) {
    List<PageRow<LatestUpdate>> rows =
        database.read(
            handle -> {
              Query page = handle.createQuery(latestSql(query)).bind("owner", owner.value());
              if (query.offset() > 0) {
                page.bind("offset", query.offset());
              }
              if (!query.search().isEmpty()) {
                page.bind("search", pattern(query.search()));
              }
              return page.map((row, context) -> UpdateRows.latestOfPage(row)).list();
            });
    return new OtaPage(elements(rows), rows.get(0).total(), rows.get(0).filtered());
  }

  /** One statement, so that page and counts are of the same moment. */
  private String latestSql(OtaQuery query) {
    String order = query.order() == OtaQuery.Order.ASC ? "" : " DESC";
    // On PostgreSQL a fifth faster than POSITION. With ESCAPE it would be slower: a call per row.
    String found = query.search().isEmpty() ? "" : " AND path LIKE :search";
    String page =
        "SELECT record_id, update_id, group_id, owner, version, path, last_updated"
            + (" FROM ota_latest WHERE owner = :owner" + found)
            + (" ORDER BY owner" + order + ", last_updated" + order + ", record_id" + order)
            + limit(query);
    // The left join keeps the counts when the page is empty.
    return "SELECT c.total, "
        + (found.isEmpty() ? "c.total" : filtered(query, found))
        + (" AS filtered, l.* FROM (" + total() + ") c LEFT JOIN (")
        + (found.isEmpty() ? page : "SELECT p.*, COUNT(*) OVER () AS found FROM (" + page + ") p")
        + ") l ON TRUE"
        + (" ORDER BY l.last_updated" + order + ", l.record_id" + order);
  }

  /** In the text: not knowing how few rows it is for, PostgreSQL makes a plan for each page. */
  private static String limit(OtaQuery query) {
    return (query.limit().isPresent() ? " LIMIT " + query.limit().getAsInt() : "")
        + (query.offset() > 0 ? " OFFSET :offset" : "");
  }

  /** How many updates an owner has. */
  private String total() {
    return database.dialect().keepsCounts()
        ? "SELECT COALESCE(SUM(updates), 0) AS total FROM ota_owner_count WHERE owner = :owner"
        : "SELECT COUNT(*) AS total FROM ota_latest WHERE owner = :owner";
  }

  /**
   * How many of them meet the condition. A page that is not full is the last one, whose end tells;
   * else all are looked at once more.
   */
  private static String filtered(OtaQuery query, String found) {
    String counted = "(SELECT COUNT(*) FROM ota_latest WHERE owner = :owner" + found + ")";
    if (query.limit().isEmpty()) {
      return counted;
    }
    // Behind the last one there may be nothing: then the page has no row, and its end is unknown.
    boolean first = query.offset() == 0;
    String rows = first ? "COALESCE(l.found, 0)" : "l.found";
    return ("CASE WHEN " + rows + " < " + query.limit().getAsInt())
        + (" THEN " + rows + (first ? "" : " + :offset"))
        + (" ELSE " + counted + " END");
  }

  /** PostgreSQL refuses zero bytes and half characters; no path holds them, nor this stand-in. */
  static String searchable(String search) {
    boolean legal =
        search.indexOf('\0') < 0 && StandardCharsets.UTF_8.newEncoder().canEncode(search);
    return legal ? search : "\1";
  }

  /** The pattern of what has a text in it. */
  private static String pattern(String search) {
    return "%" + WILDCARD.matcher(searchable(search)).replaceAll("\\\\$0") + "%";
  }

  @Override
  public UpdatePage history(GroupId group, long offset, int limit) {
    List<PageRow<OtaUpdate>> rows =
        database.read(
            handle ->
                handle
                    .createQuery(HISTORY)
                    .bind("group", group.value())
                    .bind("limit", limit)
                    .bind("offset", offset)
                    .map((row, context) -> UpdateRows.updateOfPage(row))
                    .list());
    return new UpdatePage(elements(rows), rows.get(0).total());
  }

  @Override
  public Optional<Changes> changes(@Nullable String mark) {
    if (!database.dialect().numbersTransactions()) {
      return Optional.empty();
    }
    return Optional.of(
        database.read(
            handle ->
                mark == null
                    ? new Changes(List.of(), handle.createQuery(MARK).mapTo(String.class).one())
                    : changes(handle, mark)));
  }

  private static Changes changes(Handle handle, String mark) {
    List<Change> changes =
        handle
            .createQuery(CHANGES)
            .bind("mark", mark)
            .map((row, context) -> new Change(row.getString(1), Columns.text(row, "group_id")))
            .list();
    return new Changes(
        changes.stream().flatMap(change -> change.group().stream()).map(GroupId::new).toList(),
        changes.get(0).mark());
  }

  private record Change(String mark, Optional<String> group) {}

  @Override
  public List<OtaUpdate> mustPassThrough(GroupId group) {
    return database.read(
        handle ->
            handle
                .createQuery(TO_PASS)
                .bind("group", group.value())
                .map((row, context) -> UpdateRows.update(row))
                .list());
  }

  private static <T> List<T> elements(List<PageRow<T>> rows) {
    return rows.stream().flatMap(row -> row.element().stream()).toList();
  }
}
