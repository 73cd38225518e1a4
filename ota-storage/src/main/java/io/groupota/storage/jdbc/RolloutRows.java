package io.groupota.storage.jdbc;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OwnerId;
import io.groupota.UpdateId;
import io.groupota.rollout.Pace;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutCounts;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutReason;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Addressing;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutProgress.Enrolment;
import io.groupota.spi.TrackedRollout;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the rows of {@code ota_rollout}. Groups and counts come with their rollout in
 * one statement, as texts, so that all of it is of one moment.
 */
final class RolloutRows {
  private static final String GROUPS =
      "(SELECT STRING_AGG(g.group_id || ':' || g.target || ':' || COALESCE(g.base, '') || ':'"
          + " || g.complete_in || ':'"
          + (" || CASE WHEN " + SqlRolloutHolds.OVERRIDDEN + " THEN 'RELEASED' ELSE g.status END")
          + " || ':' || CASE WHEN g.status = 'WAITING' AND g.complete_in <= r.stage"
          + " AND NOT r.despite_guards AND %s THEN 'BLOCKED' ELSE '' END"
          + ", ',' ORDER BY g.ordinal)"
          + " FROM ota_rollout_group g LEFT JOIN ota_latest l ON l.group_id = g.group_id"
          + " WHERE g.rollout_id = r.id)";

  private static final String COUNTS =
      "(SELECT STRING_AGG(c.stage || ':' || c.addressing || ':' || c.state || ':' || c.devices, ',')"
          + " FROM ota_rollout_count c WHERE c.rollout_id = r.id AND c.devices <> 0)";

  private static final String NONE = "";

  private RolloutRows() {}

  /** Of a table {@code r}. */
  static String columns(Dialect dialect) {
    return ("r.*, " + Database.NOW + " AS present, ")
        + (GROUPS.formatted(isBlocked(dialect)) + " AS of_groups, ")
        + (COUNTS + " AS of_devices");
  }

  /** Whether a device that a group {@code g} of a rollout is triggered for is excluded. */
  static String isBlocked(Dialect dialect) {
    return RolloutDeviceRows.exists(dialect, "'GROUP'", "'EXCLUDED'");
  }

  static TrackedRollout tracked(ResultSet row) throws SQLException {
    RolloutProgress progress = progress(row);
    List<Count> counts = split(row.getString("of_devices")).map(RolloutRows::count).toList();
    Rollout rollout = rollout(row, progress, counts);
    List<Count> alone =
        counts.stream().filter(count -> count.addressing() == Addressing.DEVICE).toList();
    return new TrackedRollout(
        rollout,
        progress,
        counts(rollout.plan().stages().size(), alone),
        row.getLong("revision"),
        row.getLong("wakes"),
        Columns.presentInstant(row, "present"));
  }

  private static Rollout rollout(ResultSet row, RolloutProgress progress, List<Count> counts)
      throws SQLException {
    RolloutPlan plan = RolloutPlan.of(Json.read("plan", row.getString("plan")));
    return new Rollout(
        new RolloutId(row.getString("id")),
        new OwnerId(row.getString("owner")),
        row.getString("version"),
        split(row.getString("of_groups")).map(RolloutRows::group).toList(),
        plan.withPace(progress.pace()),
        progress.state(),
        progress.reason(),
        progress.stage(),
        progress.enrolment().complete(),
        counts(plan.stages().size(), counts),
        Columns.presentInstant(row, "created_at"),
        progress.startedAt(),
        progress.endedAt());
  }

  private static RolloutProgress progress(ResultSet row) throws SQLException {
    return new RolloutProgress(
        RolloutState.valueOf(row.getString("state")),
        Columns.text(row, "reason").map(RolloutReason::valueOf),
        row.getInt("stage"),
        Columns.presentInstant(row, "stage_since"),
        Columns.instant(row, "gate_met_since"),
        row.getBoolean("despite_guards"),
        row.getLong("accepted"),
        Pace.of(Json.read("pace", row.getString("pace"))),
        row.getDouble("tokens"),
        Columns.presentInstant(row, "tokens_at"),
        new Enrolment(
            row.getInt("enrol_group"),
            Columns.text(row, "enrol_after").map(DeviceId::new),
            split(row.getString("enrol_places")).map(Long::valueOf).toList(),
            row.getBoolean("enrol_complete")),
        Columns.instant(row, "started_at"),
        Columns.instant(row, "ended_at"),
        Columns.instant(row, "due"));
  }

  /** What {@link #progress(ResultSet)} reads, but for the tokens and for when it is due. */
  static final String PROGRESS =
      "state = :state, reason = :reason, stage = :stage, stage_since = :stageSince,"
          + " gate_met_since = :gateMetSince, despite_guards = :despiteGuards,"
          + " accepted = :accepted, pace = :pace, tokens_at = :tokensAt, enrol_group = :enrolGroup,"
          + " enrol_after = :enrolAfter, enrol_places = :enrolPlaces,"
          + " enrol_complete = :enrolComplete, started_at = :startedAt, ended_at = :endedAt";

  static <T extends SqlStatement<T>> T bind(T statement, RolloutProgress progress) {
    Enrolment enrolment = progress.enrolment();
    return statement
        .bind("state", progress.state().name())
        .bind("reason", progress.reason().map(RolloutReason::name).orElse(null))
        .bind("stage", progress.stage())
        .bind("stageSince", Columns.instant(progress.stageSince()))
        .bind("gateMetSince", Columns.instant(progress.gateMetSince().orElse(null)))
        .bind("despiteGuards", progress.despiteGuards())
        .bind("accepted", progress.accepted())
        .bind("pace", Json.write(progress.pace().toTree()))
        .bind("tokensAt", Columns.instant(progress.tokensAt()))
        .bind("enrolGroup", enrolment.group())
        .bind("enrolAfter", enrolment.after().map(DeviceId::value).orElse(null))
        .bind(
            "enrolPlaces",
            enrolment.places().stream().map(String::valueOf).collect(Collectors.joining(",")))
        .bind("enrolComplete", enrolment.complete())
        .bind("startedAt", Columns.instant(progress.startedAt().orElse(null)))
        .bind("endedAt", Columns.instant(progress.endedAt().orElse(null)));
  }

  private static Stream<String> split(@Nullable String texts) {
    return texts == null || texts.equals(NONE) ? Stream.of() : Stream.of(texts.split(","));
  }

  private static RolloutGroup group(String text) {
    String[] parts = text.split(":", -1);
    return new RolloutGroup(
        new GroupId(parts[0]),
        new UpdateId(parts[1]),
        Optional.of(parts[2]).filter(base -> !base.equals(NONE)).map(UpdateId::new),
        Integer.parseInt(parts[3]),
        RolloutGroup.Status.valueOf(parts[4]),
        !parts[5].equals(NONE));
  }

  private record Count(int stage, Addressing addressing, RolloutDeviceState state, long devices) {}

  private static Count count(String text) {
    String[] parts = text.split(":", -1);
    return new Count(
        Integer.parseInt(parts[0]),
        Addressing.valueOf(parts[1]),
        RolloutDeviceState.valueOf(parts[2]),
        Long.parseLong(parts[3]));
  }

  private static RolloutCounts counts(int stages, List<Count> counts) {
    List<Map<RolloutDeviceState, Long>> byStage = new ArrayList<>();
    for (int i = 0; i < stages; i++) {
      byStage.add(new EnumMap<>(RolloutDeviceState.class));
    }
    counts.forEach(
        count -> byStage.get(count.stage()).merge(count.state(), count.devices(), Long::sum));
    return new RolloutCounts(byStage);
  }
}
