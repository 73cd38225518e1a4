package io.groupota.storage.jdbc;

import io.groupota.GroupId;
import io.groupota.LatestUpdate;
import io.groupota.OtaPage;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.UpdateId;
import io.groupota.UpdatePage;
import io.groupota.firmware.ImageInfo;
import io.groupota.spi.TriggerQueue.Reason;
import io.groupota.spi.UpdateLog;
import io.groupota.storage.jdbc.UpdateRows.PageRow;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/** {@link UpdateLog} on {@code ota_update} (the history) and {@code ota_latest}. */
final class SqlUpdateLog implements UpdateLog {
  private static final String COLUMNS =
      "u.id, u.group_id, u.owner, u.version, u.size, u.md5, u.sha256, u.image_chip,"
          + " u.image_project, u.image_version, u.image_idf, u.image_sha256, u.blob_key,"
          + " u.redeploy_of, u.created_at";

  private static final String LOCK =
      "SELECT update_id, version FROM ota_latest WHERE group_id = :group FOR UPDATE";

  private static final String SETTLE_BLOB =
      "UPDATE ota_blob SET state = 'RECORDED' WHERE blob_key = :blob"
          + " AND state IN ('RESERVED', 'ABANDONED', 'RECORDED')";

  private static final String INSERT_UPDATE =
      "INSERT INTO ota_update (id, group_id, owner, version, size, md5, sha256, image_chip,"
          + " image_project, image_version, image_idf, image_sha256, blob_key, redeploy_of,"
          + " created_at) VALUES (:id, :group, :owner, :version, :size, :md5, :sha256, :chip,"
          + " :project, :imageVersion, :idf, :imageSha256, :blob, :redeployOf, :createdAt)";

  private static final String INSERT_LATEST =
      "INSERT INTO ota_latest (group_id, record_id, update_id, owner, version, path, last_updated,"
          + " trigger_due, trigger_reason, prune_due) VALUES (:group, :record, :id, :owner, :version,"
          + " :path, :createdAt, "
          + Database.NOW
          + ", :reason, "
          + Database.NOW
          + ")";

  private static final String SERVE =
      "UPDATE ota_latest SET update_id = :id, owner = :owner, version = :version, path = :path,"
          + " last_updated = :createdAt WHERE group_id = :group";

  /** A claim that is held stays; that it is superseded tells {@link SqlTriggerQueue}. */
  private static final String TRIGGER =
      "UPDATE ota_latest SET trigger_due = "
          + Database.NOW
          + ", trigger_reason = :reason, trigger_attempts = 0,"
          + " trigger_superseded = (trigger_lease IS NOT NULL)"
          + " WHERE group_id = :group";

  private static final String SERVED =
      "SELECT "
          + COLUMNS
          + " FROM ota_latest l JOIN ota_update u ON u.id = l.update_id"
          + " WHERE l.group_id = ANY(:groups)";

  /** How many groups one statement asks for: few enough to be looked up by index. */
  private static final int GROUPS = 100;

  private static final String BY_ID = "SELECT " + COLUMNS + " FROM ota_update u WHERE u.id = :id";

  // The left join keeps the count when the page is empty.
  private static final String HISTORY =
      "SELECT c.total, c.total AS filtered, "
          + COLUMNS
          + " FROM (SELECT COUNT(*) AS total FROM ota_update WHERE group_id = :group) c"
          + " LEFT JOIN (SELECT * FROM ota_update WHERE group_id = :group"
          + " ORDER BY group_id DESC, created_at DESC, id DESC LIMIT :limit OFFSET :offset) u"
          + " ON TRUE ORDER BY u.created_at DESC, u.id DESC";

  private final Database database;

  SqlUpdateLog(Database database) {
    this.database = database;
  }

  private record Served(UpdateId update, String version) {}

  @Override
  public Outcome record(Entry entry) {
    return database.write(handle -> record(handle, entry));
  }

  private Outcome record(Handle handle, Entry entry) {
    OtaUpdate update = entry.update();
    // Lock first: whoever comes second sees what the first one did.
    Optional<Served> served = lock(handle, update.group());
    if (entry.replaces().isPresent()
        && !entry.replaces().get().equals(served.map(Served::update))) {
      return Outcome.SERVED_CHANGED;
    }
    if (handle.createUpdate(SETTLE_BLOB).bind("blob", update.blob().value()).execute() == 0) {
      return Outcome.BLOB_GONE;
    }
    insert(handle, update);
    if (served.isEmpty()) {
      insertLatest(handle, entry);
    } else {
      serve(handle, entry, !served.get().version().equals(update.version()));
    }
    return Outcome.RECORDED;
  }

  private static Optional<Served> lock(Handle handle, GroupId group) {
    return handle
        .createQuery(LOCK)
        .bind("group", group.value())
        .map((row, context) -> new Served(new UpdateId(row.getString(1)), row.getString(2)))
        .findOne();
  }

  private static void insert(Handle handle, OtaUpdate update) {
    Optional<ImageInfo> image = update.firmware().image();
    handle
        .createUpdate(INSERT_UPDATE)
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
        .bind("createdAt", Columns.instant(update.createdAt()))
        .execute();
  }

  /** Fails if another transaction was first; then all of this one is repeated. */
  private void insertLatest(Handle handle, Entry entry) {
    OtaUpdate update = entry.update();
    handle
        .createUpdate(INSERT_LATEST)
        .bind("group", update.group().value())
        .bind("record", entry.recordId())
        .bind("id", update.id().value())
        .bind("owner", update.owner().value())
        .bind("version", update.version())
        .bind("path", entry.path())
        .bind("createdAt", Columns.instant(update.createdAt()))
        .bind("now", Columns.instant(database.now()))
        .bind("reason", Reason.DEPLOYED.name())
        .execute();
  }

  private void serve(Handle handle, Entry entry, boolean otherVersion) {
    OtaUpdate update = entry.update();
    handle
        .createUpdate(SERVE)
        .bind("id", update.id().value())
        .bind("owner", update.owner().value())
        .bind("version", update.version())
        .bind("path", entry.path())
        .bind("createdAt", Columns.instant(update.createdAt()))
        .bind("group", update.group().value())
        .execute();
    if (otherVersion) {
      handle
          .createUpdate(TRIGGER)
          .bind("now", Columns.instant(database.now()))
          .bind("reason", Reason.DEPLOYED.name())
          .bind("group", update.group().value())
          .execute();
    }
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
    return handle
        .createQuery(SERVED)
        .bind("groups", Columns.texts(groups))
        .map((row, context) -> UpdateRows.update(row))
        .collect(Collectors.toMap(OtaUpdate::group, Function.identity()));
  }

  @Override
  public Optional<OtaUpdate> update(UpdateId id) {
    return database.read(
        handle ->
            handle
                .createQuery(BY_ID)
                .bind("id", id.value())
                .map((row, context) -> UpdateRows.update(row))
                .findOne());
  }

  @Override
  public OtaPage latest(OwnerId owner, OtaQuery query) {
    List<PageRow<LatestUpdate>> rows =
        database.read(
            handle -> {
              Query page =
                  handle
                      .createQuery(latestSql(query))
                      .bind("owner", owner.value())
                      .bind("limit", query.limit().orElse(Integer.MAX_VALUE))
                      .bind("offset", query.offset());
              if (!query.search().isEmpty()) {
                page.bind("search", searchable(query.search()));
              }
              return page.map((row, context) -> UpdateRows.latestOfPage(row)).list();
            });
    return new OtaPage(elements(rows), rows.get(0).total(), rows.get(0).filtered());
  }

  /** One statement, so that page and counts are of the same moment. */
  private static String latestSql(OtaQuery query) {
    String order = query.order() == OtaQuery.Order.ASC ? "" : " DESC";
    // Unlike LIKE, POSITION knows no wildcards.
    String found = query.search().isEmpty() ? "" : "POSITION(:search IN path) > 0";
    return "SELECT c.total, c.filtered, l.* FROM (SELECT COUNT(*) AS total, "
        + (found.isEmpty() ? "COUNT(*)" : "COUNT(CASE WHEN " + found + " THEN 1 END)")
        + " AS filtered FROM ota_latest WHERE owner = :owner) c LEFT JOIN"
        + " (SELECT record_id, update_id, group_id, owner, version, path, last_updated"
        + " FROM ota_latest WHERE owner = :owner"
        + (found.isEmpty() ? "" : " AND " + found)
        + (" ORDER BY owner" + order + ", last_updated" + order + ", record_id" + order)
        + " LIMIT :limit OFFSET :offset) l ON TRUE"
        + (" ORDER BY l.last_updated" + order + ", l.record_id" + order);
  }

  /** PostgreSQL refuses zero bytes and half characters; no path holds them, nor this stand-in. */
  private static String searchable(String search) {
    boolean legal =
        search.indexOf('\0') < 0 && StandardCharsets.UTF_8.newEncoder().canEncode(search);
    return legal ? search : "\1";
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

  private static <T> List<T> elements(List<PageRow<T>> rows) {
    return rows.stream().flatMap(row -> row.element().stream()).toList();
  }
}
