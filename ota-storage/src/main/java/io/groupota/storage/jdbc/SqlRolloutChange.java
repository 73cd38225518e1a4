package io.groupota.storage.jdbc;

import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.Addressing;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jdbi.v3.core.statement.Update;

/**
 * Brings many devices of a rollout, which is locked, into one state or stage, and counts them. The
 * devices are locked in the order of their ids, or passed over if they are locked: whoever else
 * locks several ({@link SqlRolloutMarks}) uses the same order.
 *
 * @param where which devices
 * @param order in which order, if there is a limit
 * @param passOver whether devices that are locked are passed over
 * @param values what is bound in the condition
 * @param state their state afterwards, empty if it stays
 * @param stage their stage afterwards, empty if it stays
 * @param set what else changes
 * @param settings what is bound in that
 */
record SqlRolloutChange(
    String where,
    String order,
    boolean passOver,
    Map<String, ?> values,
    Optional<RolloutDeviceState> state,
    OptionalInt stage,
    String set,
    Map<String, ?> settings) {
  /** How many devices one statement changes where they travel by id. */
  private static final int BATCH = 10_000;

  private record Changed(
      int stage, Addressing addressing, RolloutDeviceState state, long devices) {}

  private record Picked(
      String device, int stage, Addressing addressing, RolloutDeviceState state) {}

  /** Changes at most so many devices; returns how many. */
  long run(Handle handle, Dialect dialect, RolloutId rollout, int limit) {
    List<Changed> changed =
        dialect == Dialect.POSTGRESQL
            ? inOneStatement(handle, rollout, limit)
            : byId(handle, rollout, limit);
    RolloutCells cells = new RolloutCells();
    long devices = 0;
    for (Changed some : changed) {
      cells.add(some.stage(), some.addressing(), some.state(), -some.devices());
      cells.add(
          stage.orElse(some.stage()),
          some.addressing(),
          state.orElse(some.state()),
          some.devices());
      devices += some.devices();
    }
    cells.save(handle, rollout);
    return devices;
  }

  private String pick() {
    return "SELECT rollout_id, device_id, stage, addressing, state FROM ota_rollout_device"
        + (" WHERE rollout_id = :rollout AND " + where + " ORDER BY " + order)
        + (" LIMIT :limit FOR UPDATE" + (passOver ? " SKIP LOCKED" : ""));
  }

  private String assignments() {
    return set
        + (state.isPresent() ? ", state = '" + state.get() + "'" : "")
        + (stage.isPresent() ? ", stage = " + stage.getAsInt() : "");
  }

  /**
   * The keys travel as arrays, whose lengths PostgreSQL does not know: of as many rows as it
   * expects here it would read the whole table rather than look them up. The rollout is no constant
   * either: of one that is younger than its statistics it thinks that it has one row, and would
   * compare all with all. Sorted, since rows and index entries lie side by side in the order of the
   * ids.
   */
  private List<Changed> inOneStatement(Handle handle, RolloutId rollout, int limit) {
    Query change =
        handle.createQuery(
            "WITH picked AS ("
                + pick()
                + "), sorted AS MATERIALIZED (SELECT * FROM picked ORDER BY device_id),"
                + " changed AS (UPDATE ota_rollout_device d SET revision = d.revision + 1, "
                + assignments()
                + " FROM unnest(ARRAY(SELECT device_id FROM sorted),"
                + " ARRAY(SELECT stage FROM sorted), ARRAY(SELECT state FROM sorted))"
                + " AS p (device, was_stage, was_state)"
                + " WHERE d.rollout_id = (SELECT CAST(:rollout AS VARCHAR))"
                + " AND d.device_id = p.device"
                + " RETURNING p.was_stage AS stage, d.addressing, p.was_state AS state)"
                + " SELECT stage, addressing, state, COUNT(*) AS devices FROM changed"
                + " GROUP BY stage, addressing, state");
    return bound(bound(change, values), settings)
        .bind("rollout", rollout.value())
        .bind("limit", limit)
        .map(
            (row, context) ->
                new Changed(
                    row.getInt("stage"),
                    Addressing.valueOf(row.getString("addressing")),
                    RolloutDeviceState.valueOf(row.getString("state")),
                    row.getLong("devices")))
        .list();
  }

  private List<Changed> byId(Handle handle, RolloutId rollout, int limit) {
    List<Changed> changed = new ArrayList<>();
    for (int left = limit; left > 0; ) {
      List<Picked> picked = picked(handle, rollout, Math.min(left, BATCH));
      picked.forEach(
          one -> changed.add(new Changed(one.stage(), one.addressing(), one.state(), 1)));
      if (!picked.isEmpty()) {
        change(handle, rollout, picked);
      }
      left = picked.size() < BATCH ? 0 : left - picked.size();
    }
    return changed;
  }

  private List<Picked> picked(Handle handle, RolloutId rollout, int limit) {
    return bound(handle.createQuery(pick()), values)
        .bind("rollout", rollout.value())
        .bind("limit", limit)
        .map(
            (row, context) ->
                new Picked(
                    row.getString("device_id"),
                    row.getInt("stage"),
                    Addressing.valueOf(row.getString("addressing")),
                    RolloutDeviceState.valueOf(row.getString("state"))))
        .list();
  }

  private void change(Handle handle, RolloutId rollout, List<Picked> picked) {
    try (Update update =
        handle.createUpdate(
            "UPDATE ota_rollout_device SET revision = revision + 1, "
                + assignments()
                + " WHERE rollout_id = :rollout AND device_id = ANY(:devices)")) {
      bound(update, settings)
          .bind("rollout", rollout.value())
          .bind("devices", Columns.texts(picked.stream().map(Picked::device).toList()))
          .execute();
    }
  }

  private static <T extends SqlStatement<T>> T bound(T statement, Map<String, ?> values) {
    values.forEach(statement::bind);
    return statement;
  }
}
