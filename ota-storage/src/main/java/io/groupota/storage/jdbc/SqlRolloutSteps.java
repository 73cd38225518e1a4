package io.groupota.storage.jdbc;

import io.groupota.BlobKey;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.RolloutStep.Admit;
import io.groupota.spi.RolloutStep.Cancel;
import io.groupota.spi.RolloutStep.Reach;
import io.groupota.spi.RolloutStep.Restage;
import io.groupota.spi.RolloutStep.RollBack;
import io.groupota.spi.TrackedRollout;
import io.groupota.spi.UpdateLog.Entry;
import io.groupota.storage.jdbc.ServedRows.Served;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.argument.Argument;

/** Takes the steps of rollouts that are locked. */
final class SqlRolloutSteps {
  private static final String PART =
      "SELECT g.status, g.record_id, g.path, g.target FROM ota_rollout_group g"
          + " WHERE g.rollout_id = :rollout AND g.group_id = :group";

  private static final String TARGET =
      "SELECT " + UpdateRows.COLUMNS + " FROM ota_update u WHERE u.id = :id";

  private static final String COMPLETE_IN =
      "SELECT DISTINCT complete_in FROM ota_rollout_group"
          + " WHERE rollout_id = :rollout AND complete_in > :stage ORDER BY complete_in";

  /** Each state that devices are in is looked up by itself for each of the groups. */
  private static final String UNFINISHED =
      "SELECT DISTINCT g.group_id FROM ota_rollout_count c"
          + " JOIN ota_rollout_group g ON g.rollout_id = c.rollout_id"
          + " WHERE c.rollout_id = :rollout AND c.devices <> 0 AND c.state IN ("
          + canceled(true).stream().map(SqlRolloutSteps::quoted).collect(Collectors.joining(", "))
          + ") AND g.group_id = ANY(:groups) AND ";

  private static final String BLOCKED =
      "SELECT COUNT(*) FROM ota_rollout_group g"
          + " WHERE g.rollout_id = :rollout AND g.group_id = :group AND ";

  private static final String REACHED =
      "UPDATE ota_rollout_group SET status = 'REACHED'"
          + " WHERE rollout_id = :rollout AND group_id = :group";

  private static final String BEGIN =
      "attempts = attempts + 1, attempt_at = " + Database.NOW + ", since = " + Database.NOW;

  private final Database database;
  private final ServedRows rows;
  private final SqlRolloutHolds holds;
  private final SqlEnrolment enrolment;

  SqlRolloutSteps(Database database) {
    this.database = database;
    this.rows = new ServedRows(database);
    this.holds = new SqlRolloutHolds(database);
    this.enrolment = new SqlEnrolment(database);
  }

  /**
   * The groups that a step serves something else to, locked before the rollout.
   *
   * @param all the groups
   * @param served what those serve that serve anything
   */
  record Groups(Set<GroupId> all, Map<GroupId, Served> served) {
    static Groups lock(Handle handle, TrackedRollout seen, RolloutStep step) {
      Set<GroupId> groups = Set.of();
      if (step instanceof Reach reach) {
        groups = Set.of(reach.group());
      } else if (step instanceof RollBack) {
        groups =
            seen.rollout().groups().stream().map(RolloutGroup::group).collect(Collectors.toSet());
      }
      if (groups.isEmpty()) {
        return new Groups(groups, Map.of());
      }
      SqlRolloutHolds.lock(handle, groups);
      return new Groups(groups, ServedRows.lock(handle, groups));
    }

    Optional<Served> served(GroupId group) {
      return Optional.ofNullable(served.get(group));
    }
  }

  /**
   * Takes a step; returns how many devices or groups it changed, or nothing, having changed
   * nothing, if what it needs is gone.
   */
  OptionalLong take(
      Handle handle, RolloutId rollout, RolloutProgress next, RolloutStep step, Groups groups) {
    if (step instanceof RollBack rollBack) {
      return rollBack(handle, rollout, rollBack, groups);
    }
    if (step instanceof Reach reach) {
      return mayReach(handle, rollout, reach.group(), next.despiteGuards())
          ? OptionalLong.of(reach(handle, rollout, reach, groups.served(reach.group())))
          : OptionalLong.empty();
    }
    return OptionalLong.of(changed(handle, rollout, step));
  }

  private long changed(Handle handle, RolloutId rollout, RolloutStep step) {
    if (step instanceof RolloutStep.Enroll enroll) {
      return enrolment.enroll(handle, rollout, enroll.devices());
    } else if (step instanceof Restage restage) {
      return restage(handle, rollout, restage);
    } else if (step instanceof Admit admit) {
      return admit(handle, rollout, admit);
    } else if (step instanceof Cancel cancel) {
      return cancel(handle, rollout, cancel);
    }
    return 0;
  }

  private Argument now() {
    return Columns.instant(database.now());
  }

  private long restage(Handle handle, RolloutId rollout, Restage step) {
    long moved = restage(handle, rollout, step, "stage > :stage AND place <= :place", step.stage());
    List<Integer> complete =
        handle
            .createQuery(COMPLETE_IN)
            .bind("rollout", rollout.value())
            .bind("stage", step.stage())
            .mapTo(Integer.class)
            .list();
    for (int stage : complete) {
      moved +=
          restage(
              handle,
              rollout,
              step,
              "stage = :stage AND place > :place AND group_id IN (SELECT g.group_id"
                  + " FROM ota_rollout_group g WHERE g.rollout_id = :rollout"
                  + (" AND g.complete_in = " + stage + ")"),
              stage);
    }
    return moved;
  }

  private long restage(
      Handle handle, RolloutId rollout, Restage step, String condition, int stage) {
    return new SqlRolloutChange(
            "addressing = 'DEVICE' AND " + condition,
            "device_id",
            false,
            Map.of("stage", step.stage(), "place", step.place()),
            Optional.empty(),
            OptionalInt.of(stage),
            "place = place",
            Map.of())
        .run(handle, database.dialect(), rollout, Integer.MAX_VALUE);
  }

  private long admit(Handle handle, RolloutId rollout, Admit step) {
    return new SqlRolloutChange(
            "state = 'QUEUED' AND addressing = 'DEVICE' AND stage <= :stage",
            "stage, place, device_id",
            true,
            Map.of("stage", step.stage()),
            Optional.of(RolloutDeviceState.ADMITTED),
            OptionalInt.empty(),
            BEGIN
                + (", due = " + Database.NOW + " + MOD(place, 1000) * 0.001 * ")
                + Database.SECONDS,
            Map.of("now", now(), "seconds", Database.seconds(step.jitter())))
        .run(handle, database.dialect(), rollout, step.limit());
  }

  private boolean mayReach(Handle handle, RolloutId rollout, GroupId group, boolean despiteGuards) {
    boolean waits =
        rollout.equals(SqlRolloutHolds.held(handle, Set.of(group)).get(group))
            && handle
                .createQuery(PART)
                .bind("rollout", rollout.value())
                .bind("group", group.value())
                .map((row, context) -> row.getString("status").equals("WAITING"))
                .one();
    return waits && (despiteGuards || !isBlocked(handle, database.dialect(), rollout, group));
  }

  /** Whether a device that the group is triggered for is excluded. */
  static boolean isBlocked(Handle handle, Dialect dialect, RolloutId rollout, GroupId group) {
    return handle
            .createQuery(BLOCKED + RolloutRows.isBlocked(dialect))
            .bind("rollout", rollout.value())
            .bind("group", group.value())
            .mapTo(Long.class)
            .one()
        > 0;
  }

  private record Part(String target, String recordId, String path) {}

  private long reach(Handle handle, RolloutId rollout, Reach step, Optional<Served> before) {
    Part part =
        handle
            .createQuery(PART)
            .bind("rollout", rollout.value())
            .bind("group", step.group().value())
            .map(
                (row, context) ->
                    new Part(
                        row.getString("target"), row.getString("record_id"), row.getString("path")))
            .one();
    OtaUpdate target =
        handle
            .createQuery(TARGET)
            .bind("id", part.target())
            .map((row, context) -> UpdateRows.update(row))
            .one();
    handle
        .createUpdate(REACHED)
        .bind("rollout", rollout.value())
        .bind("group", step.group().value())
        .execute();
    rows.serve(handle, before, target, part.recordId(), part.path());
    return follow(handle, rollout, step.group(), step.reactWithin());
  }

  private long follow(Handle handle, RolloutId rollout, GroupId group, Duration reactWithin) {
    return new SqlRolloutChange(
            "group_id = :group AND addressing = 'GROUP' AND state = 'QUEUED'",
            "device_id",
            false,
            Map.of("group", group.value()),
            Optional.of(RolloutDeviceState.TRIGGERED),
            OptionalInt.empty(),
            BEGIN + ", due = " + Database.NOW + " + " + Database.SECONDS,
            Map.of("now", now(), "seconds", Database.seconds(reactWithin)))
        .run(handle, database.dialect(), rollout, Integer.MAX_VALUE);
  }

  /** One range of an index per state, and per addressing for a group. */
  private long cancel(Handle handle, RolloutId rollout, Cancel step) {
    List<String> ranges =
        step.groups().isEmpty()
            ? List.of("")
            : List.of(
                "group_id = ANY(:groups) AND addressing = 'DEVICE' AND ",
                "group_id = ANY(:groups) AND addressing = 'GROUP' AND ");
    long canceled = 0;
    for (RolloutDeviceState state : canceled(step.inFlight())) {
      for (String range : ranges) {
        int left = (int) (step.limit() - canceled);
        canceled += left == 0 ? 0 : cancel(handle, rollout, step, range + in(state), left);
      }
    }
    return canceled;
  }

  private static Set<RolloutDeviceState> canceled(boolean inFlight) {
    Set<RolloutDeviceState> states =
        EnumSet.of(
            RolloutDeviceState.QUEUED,
            RolloutDeviceState.RETRYING,
            RolloutDeviceState.EXCLUDED,
            RolloutDeviceState.ADMITTED);
    if (inFlight) {
      states.add(RolloutDeviceState.TRIGGERED);
      states.add(RolloutDeviceState.DOWNLOADING);
    }
    return states;
  }

  private static String in(RolloutDeviceState state) {
    return "state = " + quoted(state);
  }

  private static String quoted(RolloutDeviceState state) {
    return "'" + state + "'";
  }

  /** Of some groups those that have devices that a {@link Cancel} ends. */
  static Set<GroupId> unfinished(
      Handle handle, Dialect dialect, RolloutId rollout, Set<GroupId> groups) {
    return handle
        .createQuery(UNFINISHED + RolloutDeviceRows.exists(dialect, "c.addressing", "c.state"))
        .bind("rollout", rollout.value())
        .bind("groups", Columns.texts(groups))
        .map((row, context) -> new GroupId(row.getString(1)))
        .set();
  }

  private long cancel(Handle handle, RolloutId rollout, Cancel step, String where, int limit) {
    return new SqlRolloutChange(
            where,
            "device_id",
            false,
            step.groups().isEmpty() ? Map.of() : Map.of("groups", Columns.texts(step.groups())),
            Optional.of(RolloutDeviceState.CANCELED),
            OptionalInt.empty(),
            "since = " + Database.NOW + ", due = NULL",
            Map.of("now", now()))
        .run(handle, database.dialect(), rollout, limit);
  }

  private OptionalLong rollBack(Handle handle, RolloutId rollout, RollBack step, Groups groups) {
    Map<GroupId, RolloutId> held = SqlRolloutHolds.held(handle, groups.all());
    held.values().removeIf(holder -> !holder.equals(rollout));
    List<OtaUpdate> updates = step.entries().stream().map(Entry::update).toList();
    if (!updates.stream().map(OtaUpdate::group).allMatch(held::containsKey)) {
      return OptionalLong.empty();
    }
    Set<BlobKey> blobs = updates.stream().map(OtaUpdate::blob).collect(Collectors.toSet());
    if (!blobs.isEmpty() && !ServedRows.settle(handle, blobs)) {
      return OptionalLong.empty();
    }
    holds.release(handle, held);
    rows.trigger(handle, held.keySet());
    ServedRows.insert(handle, updates);
    for (Entry back : step.entries()) {
      Optional<Served> before = groups.served(back.update().group());
      rows.serve(handle, before, back.update(), back.recordId(), back.path());
    }
    return OptionalLong.of(updates.size());
  }
}
