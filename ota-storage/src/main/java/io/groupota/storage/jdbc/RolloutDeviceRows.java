package io.groupota.storage.jdbc;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.UpdateId;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Addressing;
import io.groupota.spi.RolloutLog.Assignment;
import io.groupota.spi.RolloutQueue.Member;
import io.groupota.spi.RolloutQueue.Move;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;

/** Reads and writes the rows of {@code ota_rollout_device}, singly and many at once. */
final class RolloutDeviceRows {
  static final String COLUMNS =
      "d.rollout_id, d.device_id, d.group_id, d.addressing, d.stage, d.state, d.attempts,"
          + " d.attempt_at, d.since, d.due, d.revision";

  /** Reads devices {@code d} by their keys. */
  private static final String BY_KEY =
      " FROM ota_rollout_device d WHERE d.rollout_id = :rollout AND d.device_id = ANY(:devices)";

  /**
   * The same on PostgreSQL. With a constant it would take a rollout that is younger than its
   * statistics to have one row, and read all of it.
   */
  private static final String BY_KEY_ARRAYS =
      " FROM unnest(CAST(:rollouts AS VARCHAR[]), CAST(:devices AS VARCHAR[]))"
          + " AS n (rollout, device) JOIN ota_rollout_device d"
          + " ON d.rollout_id = n.rollout AND d.device_id = n.device";

  private static final String ASSIGNMENTS =
      "SELECT d.device_id, d.group_id, d.state, COALESCE(d.base, g.base) AS base, g.target,"
          + " r.state AS rollout_state, COALESCE(d.since > r.ended_at, FALSE) AS after_end"
          + " FROM (SELECT d.*";

  private static final String ASSIGNMENTS_END =
      ") d JOIN ota_rollout_group g ON g.rollout_id = d.rollout_id AND g.group_id = d.group_id"
          + " JOIN ota_rollout r ON r.id = d.rollout_id";

  private static final String LOCK = "SELECT " + COLUMNS;

  /** In the order in which {@link SqlRolloutMarks} locks those of a rollout. */
  private static final String LOCK_END = " ORDER BY d.device_id FOR UPDATE";

  private static final String CLAIM =
      "revision = revision + 1, due = " + Database.NOW + " + " + Database.SECONDS;

  private static final String CLAIM_ROW =
      "UPDATE ota_rollout_device SET "
          + CLAIM
          + " WHERE rollout_id = :rollout AND device_id = :device";

  private static final String CLAIM_ARRAYS =
      "UPDATE ota_rollout_device d SET "
          + CLAIM
          + " FROM unnest(CAST(:rollouts AS VARCHAR[]), CAST(:devices AS VARCHAR[]))"
          + " AS n (rollout, device) WHERE d.rollout_id = n.rollout AND d.device_id = n.device";

  private static final String MOVE_ROW =
      "UPDATE ota_rollout_device SET revision = revision + 1,"
          + (" since = CASE WHEN state = :state THEN since ELSE " + Database.NOW + " END,")
          + " state = :state, attempts = :attempts, attempt_at = :attemptAt, due = "
          + (Database.NOW + " + " + Database.SECONDS)
          + " WHERE rollout_id = :rollout AND device_id = :device";

  private static final String MOVE_ARRAYS =
      "UPDATE ota_rollout_device d SET revision = revision + 1,"
          + (" since = CASE WHEN d.state = n.state THEN d.since ELSE " + Database.NOW + " END,")
          + " state = n.state, attempts = n.attempts, attempt_at = n.attempt_at, due = "
          + (Database.NOW + " + n.seconds * INTERVAL '1' SECOND")
          + " FROM unnest(CAST(:rollouts AS VARCHAR[]), CAST(:devices AS VARCHAR[]),"
          + " CAST(:states AS VARCHAR[]), CAST(:attempts AS INTEGER[]),"
          + " CAST(:attemptsAt AS TIMESTAMP WITH TIME ZONE[]),"
          + " CAST(:seconds AS DOUBLE PRECISION[]))"
          + " AS n (rollout, device, state, attempts, attempt_at, seconds)"
          + " WHERE d.rollout_id = n.rollout AND d.device_id = n.device";

  private RolloutDeviceRows() {}

  /**
   * Whether a group {@code g} of a rollout has a device in a state. PostgreSQL is asked for the
   * next entry of an index, and whether it is the one: of a single one among many that are equal it
   * thinks that it comes across it soon, and would read the whole table, or all devices in that
   * state, for each group in which there is none.
   *
   * @param addressing how the device is addressed, in SQL
   * @param state the state, in SQL
   */
  static String exists(Dialect dialect, String addressing, String state) {
    if (dialect != Dialect.POSTGRESQL) {
      return "EXISTS (SELECT 1 FROM ota_rollout_device d"
          + " WHERE d.rollout_id = g.rollout_id AND d.group_id = g.group_id"
          + (" AND d.addressing = " + addressing + " AND d.state = " + state + ")");
    }
    return ("g.group_id || " + addressing + " || " + state)
        + " = (SELECT d.group_id || d.addressing || d.state"
        + " FROM ota_rollout_device d WHERE d.rollout_id = g.rollout_id"
        + " AND (d.group_id, d.addressing, d.state) >= (g.group_id, "
        + (addressing + ", " + state + ")")
        + " ORDER BY d.group_id, d.addressing, d.state LIMIT 1)";
  }

  /** A device with its stage. */
  record Staged(Member member, int stage) {}

  static Member member(ResultSet row) throws SQLException {
    return new Member(
        new RolloutId(row.getString("rollout_id")),
        new DeviceId(row.getString("device_id")),
        new GroupId(row.getString("group_id")),
        Addressing.valueOf(row.getString("addressing")),
        RolloutDeviceState.valueOf(row.getString("state")),
        row.getInt("attempts"),
        Columns.instant(row, "attempt_at"),
        Columns.presentInstant(row, "since"),
        row.getLong("revision"));
  }

  static RolloutDevice view(ResultSet row) throws SQLException {
    return new RolloutDevice(
        new DeviceId(row.getString("device_id")),
        new GroupId(row.getString("group_id")),
        Addressing.valueOf(row.getString("addressing")),
        row.getInt("stage"),
        RolloutDeviceState.valueOf(row.getString("state")),
        row.getInt("attempts"),
        Columns.presentInstant(row, "since"),
        Columns.instant(row, "due"));
  }

  private record Assigned(DeviceId device, GroupId group, Assignment assignment) {}

  /** What a rollout says of those devices that are in it as members of the groups given. */
  static Map<DeviceId, Assignment> assignments(
      Handle handle, Dialect dialect, RolloutId rollout, Map<DeviceId, GroupId> devices) {
    return byKey(handle, dialect, ASSIGNMENTS, ASSIGNMENTS_END, rollout, devices.keySet())
        .map(
            (row, context) ->
                new Assigned(
                    new DeviceId(row.getString("device_id")),
                    new GroupId(row.getString("group_id")),
                    assignment(row, rollout)))
        .stream()
        .filter(row -> row.group().equals(devices.get(row.device())))
        .collect(Collectors.toMap(Assigned::device, Assigned::assignment));
  }

  private static Assignment assignment(ResultSet row, RolloutId rollout) throws SQLException {
    return new Assignment(
        rollout,
        RolloutState.valueOf(row.getString("rollout_state")),
        RolloutDeviceState.valueOf(row.getString("state")),
        new UpdateId(row.getString("target")),
        Columns.text(row, "base").map(UpdateId::new),
        row.getBoolean("after_end"));
  }

  private static Query byKey(
      Handle handle,
      Dialect dialect,
      String begin,
      String end,
      RolloutId rollout,
      Collection<DeviceId> devices) {
    Set<DeviceId> distinct = new LinkedHashSet<>(devices);
    if (dialect == Dialect.POSTGRESQL) {
      return handle
          .createQuery(begin + BY_KEY_ARRAYS + end)
          .bind("rollouts", Columns.texts(Collections.nCopies(distinct.size(), rollout)))
          .bind("devices", Columns.texts(distinct));
    }
    return handle
        .createQuery(begin + BY_KEY + end)
        .bind("rollout", rollout.value())
        .bind("devices", Columns.texts(distinct));
  }

  /** Locks devices of a rollout that is locked; returns those that are in it. */
  static List<Staged> lock(
      Handle handle, Dialect dialect, RolloutId rollout, Collection<DeviceId> devices) {
    String end = LOCK_END + (dialect == Dialect.POSTGRESQL ? " OF d" : "");
    return byKey(handle, dialect, LOCK, end, rollout, devices)
        .map((row, context) -> new Staged(member(row), row.getInt("stage")))
        .list();
  }

  /** Makes devices that are locked due after a lease. */
  static void claim(Handle handle, Database database, List<Member> members, Duration lease) {
    if (database.dialect() == Dialect.POSTGRESQL) {
      try (Update update = handle.createUpdate(CLAIM_ARRAYS)) {
        update
            .bind("now", Columns.instant(database.now()))
            .bind("seconds", Database.seconds(lease))
            .bind("rollouts", Columns.array("varchar", members, Member::rollout))
            .bind("devices", Columns.array("varchar", members, Member::device))
            .execute();
      }
      return;
    }
    try (PreparedBatch batch = handle.prepareBatch(CLAIM_ROW)) {
      for (Member member : members) {
        batch
            .bind("now", Columns.instant(database.now()))
            .bind("seconds", Database.seconds(lease))
            .bind("rollout", member.rollout().value())
            .bind("device", member.device().value())
            .add();
      }
      batch.execute();
    }
  }

  /** Moves devices that are locked. */
  static void move(Handle handle, Database database, List<Move> moves) {
    if (database.dialect() == Dialect.POSTGRESQL) {
      try (Update update = handle.createUpdate(MOVE_ARRAYS)) {
        update
            .bind("now", Columns.instant(database.now()))
            .bind("rollouts", Columns.array("varchar", moves, move -> move.member().rollout()))
            .bind("devices", Columns.array("varchar", moves, move -> move.member().device()))
            .bind("states", Columns.array("varchar", moves, Move::state))
            .bind("attempts", Columns.array("int4", moves, Move::attempts))
            .bind(
                "attemptsAt",
                Columns.array("timestamptz", moves, move -> move.attemptAt().orElse(null)))
            .bind("seconds", Columns.array("float8", moves, RolloutDeviceRows::seconds))
            .execute();
      }
      return;
    }
    try (PreparedBatch batch = handle.prepareBatch(MOVE_ROW)) {
      for (Move move : moves) {
        bind(batch, database, move);
        batch.add();
      }
      batch.execute();
    }
  }

  private static @Nullable Double seconds(Move move) {
    return move.due().map(Database::seconds).orElse(null);
  }

  private static void bind(PreparedBatch batch, Database database, Move move) {
    batch
        .bind("now", Columns.instant(database.now()))
        .bind("state", move.state().name())
        .bind("attempts", move.attempts())
        .bind("attemptAt", Columns.instant(move.attemptAt().orElse(null)))
        .bind("seconds", seconds(move))
        .bind("rollout", move.member().rollout().value())
        .bind("device", move.member().device().value());
  }
}
