package io.groupota.storage.jdbc;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.UpdateId;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.Addressing;
import io.groupota.spi.RolloutStep.Enrolled;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Takes devices into rollouts that are locked. */
final class SqlEnrolment {
  private static final String PARTS =
      "SELECT group_id, previous FROM ota_rollout_group"
          + " WHERE rollout_id = :rollout AND group_id = ANY(:groups)";

  private static final String PRESENT =
      "SELECT device_id FROM ota_rollout_device"
          + " WHERE rollout_id = :rollout AND device_id = ANY(:devices)";

  private static final String INSERT =
      "INSERT INTO ota_rollout_device (rollout_id, device_id, group_id, addressing, stage, place,"
          + " state, since, due, base) ";

  private static final String ROW =
      INSERT
          + "VALUES (:rollout, :device, :group, :addressing, :stage, :place, :state, "
          + (Database.NOW + ", " + Database.NOW + " + " + Database.SECONDS + ", :base)");

  private static final String ARRAYS =
      "WITH added AS ("
          + INSERT
          + ("SELECT :rollout, n.device, n.grp, n.addressing, n.stage, n.place, n.state, "
              + Database.NOW)
          + (", " + Database.NOW + " + n.seconds * INTERVAL '1' SECOND, n.base FROM unnest(")
          + "CAST(:devices AS VARCHAR[]), CAST(:groups AS VARCHAR[]),"
          + " CAST(:addressings AS VARCHAR[]), CAST(:stages AS INTEGER[]),"
          + " CAST(:places AS BIGINT[]), CAST(:states AS VARCHAR[]),"
          + " CAST(:seconds AS DOUBLE PRECISION[]), CAST(:bases AS VARCHAR[]))"
          + " AS n (device, grp, addressing, stage, place, state, seconds, base)"
          + " ON CONFLICT (rollout_id, device_id) DO NOTHING"
          + " RETURNING stage, addressing, state)"
          + " SELECT stage, addressing, state, COUNT(*) AS devices FROM added"
          + " GROUP BY stage, addressing, state";

  private final Database database;

  SqlEnrolment(Database database) {
    this.database = database;
  }

  /** Returns how many devices were not in the rollout before. */
  long enroll(Handle handle, RolloutId rollout, Collection<Enrolled> devices) {
    Map<DeviceId, Enrolled> ordered = new TreeMap<>();
    devices.forEach(device -> ordered.putIfAbsent(device.device(), device));
    if (ordered.isEmpty()) {
      return 0;
    }
    List<Enrolled> joining = List.copyOf(ordered.values());
    Map<DeviceId, UpdateId> bases = bases(handle, rollout, joining);
    RolloutCells cells = new RolloutCells();
    long added =
        database.dialect() == Dialect.POSTGRESQL
            ? inOneStatement(handle, rollout, joining, bases, cells)
            : inRows(handle, rollout, joining, bases, cells);
    cells.save(handle, rollout);
    return added;
  }

  /** What the previous rollouts of the groups say that devices are to run. */
  private Map<DeviceId, UpdateId> bases(Handle handle, RolloutId rollout, List<Enrolled> joining) {
    Set<GroupId> groups = joining.stream().map(Enrolled::group).collect(Collectors.toSet());
    Map<GroupId, Optional<RolloutId>> previous = previous(handle, rollout, groups);
    Map<RolloutId, Map<DeviceId, GroupId>> held = new HashMap<>();
    for (Enrolled device : joining) {
      Optional<RolloutId> before = previous.get(device.group());
      if (before == null) {
        throw new IllegalArgumentException(
            "Rollout " + rollout + " has no group " + device.group());
      }
      before.ifPresent(
          id ->
              held.computeIfAbsent(id, any -> new HashMap<>())
                  .put(device.device(), device.group()));
    }
    Map<DeviceId, UpdateId> bases = new HashMap<>();
    held.forEach(
        (id, devices) ->
            RolloutDeviceRows.assignments(handle, database.dialect(), id, devices)
                .forEach(
                    (device, assignment) ->
                        assignment.update().ifPresent(update -> bases.put(device, update))));
    return bases;
  }

  private static Map<GroupId, Optional<RolloutId>> previous(
      Handle handle, RolloutId rollout, Set<GroupId> groups) {
    Map<GroupId, Optional<RolloutId>> previous = new HashMap<>();
    handle
        .createQuery(PARTS)
        .bind("rollout", rollout.value())
        .bind("groups", Columns.texts(groups))
        .map(
            (row, context) ->
                Map.entry(
                    new GroupId(row.getString("group_id")),
                    Columns.text(row, "previous").map(RolloutId::new)))
        .forEach(row -> previous.put(row.getKey(), row.getValue()));
    return previous;
  }

  private long inOneStatement(
      Handle handle,
      RolloutId rollout,
      List<Enrolled> joining,
      Map<DeviceId, UpdateId> bases,
      RolloutCells cells) {
    try (Query insert = handle.createQuery(ARRAYS)) {
      return insert
          .bind("rollout", rollout.value())
          .bind("now", Columns.instant(database.now()))
          .bind("devices", Columns.array("varchar", joining, Enrolled::device))
          .bind("groups", Columns.array("varchar", joining, Enrolled::group))
          .bind("addressings", Columns.array("varchar", joining, Enrolled::addressing))
          .bind("stages", Columns.array("int4", joining, Enrolled::stage))
          .bind("places", Columns.array("int8", joining, Enrolled::place))
          .bind("states", Columns.array("varchar", joining, Enrolled::state))
          .bind("seconds", Columns.array("float8", joining, SqlEnrolment::seconds))
          .bind("bases", Columns.array("varchar", joining, one -> bases.get(one.device())))
          .map(
              (row, context) -> {
                long devices = row.getLong("devices");
                cells.add(
                    row.getInt("stage"),
                    Addressing.valueOf(row.getString("addressing")),
                    RolloutDeviceState.valueOf(row.getString("state")),
                    devices);
                return devices;
              })
          .stream()
          .mapToLong(devices -> devices)
          .sum();
    }
  }

  private static @Nullable Double seconds(Enrolled enrolled) {
    return enrolled.due().map(Database::seconds).orElse(null);
  }

  private long inRows(
      Handle handle,
      RolloutId rollout,
      List<Enrolled> joining,
      Map<DeviceId, UpdateId> bases,
      RolloutCells cells) {
    Set<String> present =
        handle
            .createQuery(PRESENT)
            .bind("rollout", rollout.value())
            .bind("devices", Columns.texts(joining.stream().map(Enrolled::device).toList()))
            .mapTo(String.class)
            .set();
    List<Enrolled> missing = new ArrayList<>();
    for (Enrolled device : joining) {
      if (!present.contains(device.device().value())) {
        missing.add(device);
        cells.add(device.stage(), device.addressing(), device.state(), 1);
      }
    }
    if (missing.isEmpty()) {
      return 0;
    }
    try (PreparedBatch batch = handle.prepareBatch(ROW)) {
      for (Enrolled device : missing) {
        bind(batch, rollout, device, bases.get(device.device()));
        batch.add();
      }
      batch.execute();
    }
    return missing.size();
  }

  private void bind(
      PreparedBatch batch, RolloutId rollout, Enrolled device, @Nullable UpdateId base) {
    batch
        .bind("rollout", rollout.value())
        .bind("device", device.device().value())
        .bind("group", device.group().value())
        .bind("addressing", device.addressing().name())
        .bind("stage", device.stage())
        .bind("place", device.place())
        .bind("state", device.state().name())
        .bind("now", Columns.instant(database.now()))
        .bind("seconds", seconds(device))
        .bind("base", base == null ? null : base.value());
  }
}
