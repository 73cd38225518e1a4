package io.groupota.storage.jdbc;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutQueue;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.TrackedRollout;
import io.groupota.storage.jdbc.RolloutDeviceRows.Staged;
import io.groupota.storage.jdbc.SqlRolloutSteps.Groups;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Update;

/**
 * {@link RolloutQueue} on {@code ota_rollout}, {@code ota_rollout_device} and {@code
 * ota_rollout_count}. Whoever changes states and counts locks the rollout first, then its devices
 * in the order of their ids; whoever locks devices alone waits for nothing else. Several rollouts,
 * and devices of several, are locked in the order of the rollouts' ids.
 */
final class SqlRolloutQueue implements RolloutQueue {
  private static final String DUE =
      "SELECT id FROM ota_rollout WHERE due <= "
          + Database.NOW
          + " ORDER BY due LIMIT :limit FOR UPDATE SKIP LOCKED";

  private static final String CLAIM =
      "UPDATE ota_rollout SET due = "
          + (Database.NOW + " + " + Database.SECONDS)
          + " WHERE id = ANY(:rollouts)";

  private static final String TRACKED = " FROM ota_rollout r WHERE r.id = ANY(:rollouts)";

  private static final String LOCK =
      "SELECT revision, wakes FROM ota_rollout WHERE id = :rollout FOR UPDATE";

  private static final String ADVANCE =
      "UPDATE ota_rollout SET revision = revision + 1, tokens = :tokens, "
          + RolloutRows.PROGRESS
          + ", due = CASE WHEN :woken THEN "
          + (Database.NOW + " ELSE CAST(:due AS TIMESTAMP WITH TIME ZONE) END WHERE id = :rollout");

  private static final String PLACE =
      "SELECT place FROM ota_rollout_device WHERE rollout_id = :rollout AND addressing = 'DEVICE'"
          + " ORDER BY place LIMIT 1 OFFSET :others";

  private static final String DUE_DEVICES =
      "SELECT "
          + RolloutDeviceRows.COLUMNS
          + " FROM ota_rollout_device d WHERE d.due <= "
          + Database.NOW
          + " ORDER BY d.due LIMIT :limit FOR UPDATE SKIP LOCKED";

  private static final String REPORTED =
      "SELECT * FROM ota_device_state WHERE device_id = ANY(:devices)";

  private static final String PRESENT = "SELECT " + Database.NOW + " AS present";

  private final Database database;
  private final SqlRolloutSteps steps;
  private final SqlRolloutHolds holds;
  private final SqlEnrolment enrolment;

  SqlRolloutQueue(Database database) {
    this.database = database;
    this.steps = new SqlRolloutSteps(database);
    this.holds = new SqlRolloutHolds(database);
    this.enrolment = new SqlEnrolment(database);
  }

  @Override
  public List<TrackedRollout> claimRollouts(Duration lease, int limit) {
    return database.write(handle -> claimRollouts(handle, lease, limit));
  }

  private List<TrackedRollout> claimRollouts(Handle handle, Duration lease, int limit) {
    List<String> due =
        handle
            .createQuery(DUE)
            .bind("now", Columns.instant(database.now()))
            .bind("limit", limit)
            .mapTo(String.class)
            .list();
    if (due.isEmpty()) {
      return List.of();
    }
    handle
        .createUpdate(CLAIM)
        .bind("now", Columns.instant(database.now()))
        .bind("seconds", Database.seconds(lease))
        .bind("rollouts", Columns.texts(due))
        .execute();
    // After the locks: the counts are those of the wakes.
    return handle
        .createQuery("SELECT " + RolloutRows.columns(database.dialect()) + TRACKED)
        .bind("now", Columns.instant(database.now()))
        .bind("rollouts", Columns.texts(due))
        .map((row, context) -> RolloutRows.tracked(row))
        .stream()
        .sorted(Comparator.comparingInt(one -> due.indexOf(one.rollout().id().value())))
        .toList();
  }

  @Override
  public OptionalLong advance(TrackedRollout seen, RolloutProgress next, RolloutStep step) {
    return database.write(handle -> advance(handle, seen, next, step));
  }

  private record Locked(long revision, long wakes) {}

  private OptionalLong advance(
      Handle handle, TrackedRollout seen, RolloutProgress next, RolloutStep step) {
    Groups groups = Groups.lock(handle, seen, step);
    RolloutId rollout = seen.rollout().id();
    Optional<Locked> locked =
        handle
            .createQuery(LOCK)
            .bind("rollout", rollout.value())
            .map((row, context) -> new Locked(row.getLong(1), row.getLong(2)))
            .findOne();
    if (locked.isEmpty() || locked.get().revision() != seen.revision()) {
      return OptionalLong.empty();
    }
    OptionalLong changed = steps.take(handle, rollout, next, step, groups);
    if (changed.isPresent()) {
      boolean paced = step instanceof RolloutStep.Admit || step instanceof RolloutStep.Reach;
      save(
          handle,
          rollout,
          paced
              ? next.but().tokens(next.tokens() - changed.getAsLong(), next.tokensAt()).build()
              : next,
          locked.get().wakes() != seen.wakes());
    }
    return changed;
  }

  private void save(Handle handle, RolloutId rollout, RolloutProgress next, boolean woken) {
    try (Update update = handle.createUpdate(ADVANCE)) {
      RolloutRows.bind(update, next)
          .bind("tokens", next.tokens())
          .bind("woken", woken)
          .bind("now", Columns.instant(database.now()))
          .bind("due", Columns.instant(next.due().orElse(null)))
          .bind("rollout", rollout.value())
          .execute();
    }
  }

  @Override
  public void enrollLate(RolloutId rollout, Collection<RolloutStep.Enrolled> devices) {
    database.write(handle -> enrollLate(handle, rollout, devices));
  }

  private long enrollLate(
      Handle handle, RolloutId rollout, Collection<RolloutStep.Enrolled> devices) {
    Set<RolloutId> locked = SqlRolloutHolds.lockRollouts(handle, Set.of(rollout));
    long added = locked.isEmpty() ? 0 : enrolment.enroll(handle, rollout, devices);
    if (added > 0) {
      holds.wake(handle, locked);
    }
    return added;
  }

  @Override
  public OptionalLong place(RolloutId rollout, long rank) {
    return database
        .read(
            handle ->
                handle
                    .createQuery(PLACE)
                    .bind("rollout", rollout.value())
                    .bind("others", rank - 1)
                    .mapTo(Long.class)
                    .findOne())
        .map(OptionalLong::of)
        .orElse(OptionalLong.empty());
  }

  @Override
  public Set<GroupId> unfinished(RolloutId rollout, Set<GroupId> groups) {
    return groups.isEmpty()
        ? Set.of()
        : database.read(
            handle -> SqlRolloutSteps.unfinished(handle, database.dialect(), rollout, groups));
  }

  @Override
  public List<DueMember> claimDevices(Duration lease, int limit) {
    return database.write(handle -> claimDevices(handle, lease, limit));
  }

  private List<DueMember> claimDevices(Handle handle, Duration lease, int limit) {
    List<Member> due =
        handle
            .createQuery(DUE_DEVICES)
            .bind("now", Columns.instant(database.now()))
            .bind("limit", limit)
            .map((row, context) -> RolloutDeviceRows.member(row))
            .list();
    if (due.isEmpty()) {
      return List.of();
    }
    RolloutDeviceRows.claim(handle, database, due, lease);
    // After the locks: a report that is saved meanwhile waits, and then changes the revision.
    Map<DeviceId, DeviceState> reported = reported(handle, due);
    Instant now = present(handle);
    return due.stream()
        .map(
            member ->
                new DueMember(
                    claimed(member), Optional.ofNullable(reported.get(member.device())), now))
        .toList();
  }

  private static Member claimed(Member member) {
    return new Member(
        member.rollout(),
        member.device(),
        member.group(),
        member.addressing(),
        member.state(),
        member.attempts(),
        member.attemptAt(),
        member.since(),
        member.revision() + 1);
  }

  private static Map<DeviceId, DeviceState> reported(Handle handle, List<Member> members) {
    return handle
        .createQuery(REPORTED)
        .bind("devices", Columns.texts(members.stream().map(Member::device).distinct().toList()))
        .map((row, context) -> SavedDevices.state(row))
        .collect(Collectors.toMap(DeviceState::device, Function.identity()));
  }

  private Instant present(Handle handle) {
    return handle
        .createQuery(PRESENT)
        .bind("now", Columns.instant(database.now()))
        .map((row, context) -> Columns.presentInstant(row, "present"))
        .one();
  }

  @Override
  public List<Move> move(Collection<Move> moves) {
    return moves.isEmpty() ? List.of() : database.write(handle -> move(handle, moves));
  }

  private List<Move> move(Handle handle, Collection<Move> moves) {
    Map<RolloutId, List<Move>> byRollout =
        moves.stream()
            .collect(
                Collectors.groupingBy(
                    move -> move.member().rollout(), TreeMap::new, Collectors.toList()));
    Set<RolloutId> locked = SqlRolloutHolds.lockRollouts(handle, byRollout.keySet());
    List<Move> moved = new ArrayList<>();
    for (Map.Entry<RolloutId, List<Move>> some : byRollout.entrySet()) {
      if (locked.contains(some.getKey())) {
        moved.addAll(move(handle, some.getKey(), some.getValue()));
      }
    }
    if (!moved.isEmpty()) {
      holds.wake(handle, moved.stream().map(move -> move.member().rollout()).distinct().toList());
    }
    return moved;
  }

  private List<Move> move(Handle handle, RolloutId rollout, List<Move> moves) {
    Map<DeviceId, Move> wanted =
        moves.stream().collect(Collectors.toMap(move -> move.member().device(), move -> move));
    List<Move> moved = new ArrayList<>();
    RolloutCells cells = new RolloutCells();
    for (Staged device :
        RolloutDeviceRows.lock(handle, database.dialect(), rollout, wanted.keySet())) {
      Member is = device.member();
      Move move = wanted.get(is.device());
      if (move != null && move.member().revision() == is.revision()) {
        moved.add(move);
        cells.add(device.stage(), is.addressing(), is.state(), -1);
        cells.add(device.stage(), is.addressing(), move.state(), 1);
      }
    }
    if (!moved.isEmpty()) {
      RolloutDeviceRows.move(handle, database, moved);
      cells.save(handle, rollout);
    }
    return moved;
  }
}
