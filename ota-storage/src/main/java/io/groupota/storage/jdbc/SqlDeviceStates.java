package io.groupota.storage.jdbc;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.spi.Addressing;
import io.groupota.spi.DeviceStates;
import io.groupota.spi.SavedDevice;
import io.groupota.spi.SightingMerge;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** {@link DeviceStates} on {@code ota_device_state}. */
final class SqlDeviceStates implements DeviceStates {
  private static final String STATES =
      "SELECT " + SavedDevices.STATE + " FROM ota_device_state WHERE device_id = ANY(:devices)";

  private static final String COUNTS =
      "SELECT group_id, addressing, mqtt_user, reported_version, COUNT(*) AS devices"
          + " FROM ota_device_state WHERE group_id = ANY(:groups)"
          + " GROUP BY group_id, addressing, mqtt_user, reported_version";

  /** The same where triggers keep the counts: {@link Dialect#keepsCounts}. */
  private static final String KEPT_COUNTS =
      "SELECT group_id, addressing, mqtt_user, reported_version,"
          + " CAST(SUM(devices) AS BIGINT) AS devices"
          + " FROM ota_version_count WHERE group_id = ANY(:groups)"
          + " GROUP BY group_id, addressing, mqtt_user, reported_version HAVING SUM(devices) > 0";

  private static final String FORGET =
      "DELETE FROM ota_device_state WHERE device_id = ANY(:devices)";

  private static final String FORGET_OFFERS =
      "DELETE FROM ota_offer WHERE device_id = ANY(:devices)";

  /** How many versions one statement asks for. */
  private static final int VERSIONS = 32;

  private final Database database;
  private final SqlRolloutMarks marks;

  SqlDeviceStates(Database database) {
    this.database = database;
    this.marks = new SqlRolloutMarks(database);
  }

  @Override
  public Saved save(Collection<Sighting> sightings) {
    Set<DeviceId> devices = new HashSet<>();
    for (Sighting sighting : sightings) {
      if (!devices.add(sighting.device().id())) {
        throw new IllegalArgumentException("Two sightings of device " + sighting.device().id());
      }
    }
    if (sightings.isEmpty()) {
      return Saved.NOTHING;
    }
    List<Sighting> ordered =
        sightings.stream().sorted(Comparator.comparing(s -> s.device().id())).toList();
    Database.Present present = database.present();
    return database.write(handle -> save(handle, ordered, present.at(handle)));
  }

  private Saved save(Handle handle, List<Sighting> ordered, Instant now) {
    Map<DeviceId, SavedDevice> before =
        SavedDevices.lock(
            handle, ordered.stream().map(sighting -> sighting.device().id()).toList());
    SightingMerge merge = new SightingMerge(now);
    SavedDevices.Changes changes = new SavedDevices.Changes();
    for (Sighting sighting : ordered) {
      SavedDevice saved = before.get(sighting.device().id());
      changes.add(saved, merge.merge(saved, sighting));
    }
    changes.write(handle, database.dialect());
    Saved result = merge.result();
    Map<DeviceId, GroupId> news = new TreeMap<>();
    result.versions().forEach(change -> news.put(change.device(), change.group()));
    result.codes().forEach(code -> news.put(code.device(), code.group()));
    result.spaces().forEach(space -> news.put(space.device(), space.group()));
    marks.mark(handle, news);
    return result;
  }

  @Override
  public Map<DeviceId, DeviceState> states(Collection<DeviceId> devices) {
    if (devices.isEmpty()) {
      return Map.of();
    }
    return database.read(
        handle ->
            Keys.query(handle, STATES, "devices", devices)
                .map((row, context) -> SavedDevices.state(row))
                .collect(Collectors.toMap(DeviceState::device, Function.identity())));
  }

  @Override
  public Map<GroupId, List<VersionCount>> versionCounts(Collection<GroupId> groups) {
    Map<GroupId, List<VersionCount>> counts = new HashMap<>();
    database
        .read(
            handle ->
                handle
                    .createQuery(database.dialect().keepsCounts() ? KEPT_COUNTS : COUNTS)
                    .bind("groups", Columns.texts(groups))
                    .map((row, context) -> Map.entry(new GroupId(row.getString(1)), count(row)))
                    .list())
        .forEach(
            count ->
                counts
                    .computeIfAbsent(count.getKey(), group -> new ArrayList<>())
                    .add(count.getValue()));
    return counts;
  }

  private static VersionCount count(ResultSet row) throws SQLException {
    return new VersionCount(
        Addressing.valueOf(row.getString("addressing")),
        row.getString("mqtt_user"),
        Columns.text(row, "reported_version"),
        row.getLong("devices"));
  }

  @Override
  public List<DeviceState> reporting(
      GroupId group,
      Collection<String> versions,
      @Nullable Addressing addressing,
      @Nullable DeviceId after,
      int limit) {
    Addressed addressed = new Addressed(group, addressing, after, limit);
    List<String> distinct = versions.stream().distinct().toList();
    return database.read(
        handle -> {
          List<DeviceState> page = List.of();
          for (int from = 0; from < distinct.size(); from += VERSIONS) {
            List<String> some = distinct.subList(from, Math.min(from + VERSIONS, distinct.size()));
            page = firstOf(page, reporting(handle, addressed, some), limit);
          }
          return page;
        });
  }

  private record Addressed(
      GroupId group, @Nullable Addressing addressing, @Nullable DeviceId after, int limit) {
    List<Addressing> addressings() {
      return addressing == null ? List.of(Addressing.values()) : List.of(addressing);
    }
  }

  /**
   * One range of the index per version and addressing: each ends after the limit, however many
   * devices report the version.
   */
  private static List<DeviceState> reporting(
      Handle handle, Addressed addressed, List<String> versions) {
    List<String> ranges = new ArrayList<>();
    for (Addressing addressing : addressed.addressings()) {
      for (int i = 0; i < versions.size(); i++) {
        ranges.add(
            ("(SELECT " + SavedDevices.STATE + " FROM ota_device_state WHERE group_id = :group")
                + (" AND addressing = '" + addressing + "' AND reported_version = :version" + i)
                + " AND device_id > :after ORDER BY device_id LIMIT :limit)");
      }
    }
    Query query =
        handle
            .createQuery(
                "SELECT * FROM ("
                    + String.join(" UNION ALL ", ranges)
                    + ") r ORDER BY device_id LIMIT :limit")
            .bind("group", addressed.group().value())
            .bind("after", Optional.ofNullable(addressed.after()).map(DeviceId::value).orElse(""))
            .bind("limit", addressed.limit());
    for (int i = 0; i < versions.size(); i++) {
      query.bind("version" + i, versions.get(i));
    }
    return query.map((row, context) -> SavedDevices.state(row)).list();
  }

  private static List<DeviceState> firstOf(
      List<DeviceState> some, List<DeviceState> more, int limit) {
    if (some.isEmpty()) {
      return more;
    }
    List<DeviceState> all = new ArrayList<>(some);
    all.addAll(more);
    all.sort(Comparator.comparing(DeviceState::device));
    return List.copyOf(all.subList(0, Math.min(limit, all.size())));
  }

  @Override
  public void forgetDevices(Collection<DeviceId> devices) {
    if (!devices.isEmpty()) {
      database.write(
          handle -> {
            handle.createUpdate(FORGET_OFFERS).bind("devices", Columns.texts(devices)).execute();
            return handle.createUpdate(FORGET).bind("devices", Columns.texts(devices)).execute();
          });
    }
  }
}
