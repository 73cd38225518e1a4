package io.groupota.memory;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.UpdateId;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutCounts;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutGroup.Status;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.Addressing;
import io.groupota.spi.RolloutLog.Opening;
import io.groupota.spi.RolloutLog.Target;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.TrackedRollout;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** One rollout with its devices and their counts. Not thread-safe. */
final class RolloutEntry {
  /** What a rollout knows of one of its groups. */
  static final class Part {
    final Target target;
    final @Nullable UpdateId base;
    final @Nullable RolloutEntry previous;
    Status status = Status.WAITING;

    Part(Target target, @Nullable UpdateId base, @Nullable RolloutEntry previous) {
      this.target = target;
      this.base = base;
      this.previous = previous;
    }
  }

  final Opening opening;
  final Map<GroupId, Part> parts = new LinkedHashMap<>();
  final Map<DeviceId, RolloutRow> rows = new HashMap<>();
  RolloutProgress progress;
  long revision;
  long wakes;
  @Nullable Instant due;

  /** Of those addressed by themselves. */
  private final NavigableSet<RolloutRow> queued = new TreeSet<>(RolloutRow.BY_PLACE);

  private final Map<Addressing, List<Map<RolloutDeviceState, Long>>> counts =
      new EnumMap<>(Addressing.class);

  /** The due rows of all rollouts. */
  private final NavigableSet<RolloutRow> allDue;

  RolloutEntry(Opening opening, NavigableSet<RolloutRow> allDue, Instant now) {
    this.opening = opening;
    this.allDue = allDue;
    this.progress = RolloutProgress.opened(opening.plan().pace(), now);
    this.due = now;
    for (Addressing addressing : Addressing.values()) {
      counts.put(
          addressing,
          opening.plan().stages().stream()
              .<Map<RolloutDeviceState, Long>>map(stage -> new EnumMap<>(RolloutDeviceState.class))
              .toList());
    }
  }

  RolloutId id() {
    return opening.id();
  }

  void add(RolloutRow row) {
    rows.put(row.device, row);
    index(row);
  }

  /** Changes a row and all that is kept of it elsewhere. */
  void change(RolloutRow row, Runnable change) {
    if (isQueued(row)) {
      queued.remove(row);
    }
    if (row.due != null) {
      allDue.remove(row);
    }
    cell(row).merge(row.state, -1L, Long::sum);
    change.run();
    row.revision++;
    index(row);
  }

  /** Changes the state of a row. */
  void move(RolloutRow row, RolloutDeviceState state, @Nullable Instant due, Instant now) {
    change(
        row,
        () -> {
          if (row.state != state) {
            row.since = now;
          }
          row.state = state;
          row.due = due;
        });
  }

  private void index(RolloutRow row) {
    cell(row).merge(row.state, 1L, Long::sum);
    if (isQueued(row)) {
      queued.add(row);
    }
    if (row.due != null) {
      allDue.add(row);
    }
  }

  private static boolean isQueued(RolloutRow row) {
    return row.state == RolloutDeviceState.QUEUED && row.addressing == Addressing.DEVICE;
  }

  private Map<RolloutDeviceState, Long> cell(RolloutRow row) {
    return cells(row.addressing).get(row.stage);
  }

  private List<Map<RolloutDeviceState, Long>> cells(Addressing addressing) {
    return Objects.requireNonNull(counts.get(addressing));
  }

  /** The first queued ones of the stages up to one. */
  List<RolloutRow> next(int stage, int limit) {
    return queued.stream().takeWhile(row -> row.stage <= stage).limit(limit).toList();
  }

  void wake(Instant now) {
    wakes++;
    if (due == null || due.isAfter(now)) {
      due = now;
    }
  }

  boolean isBlocked(GroupId group) {
    return rows.values().stream()
        .anyMatch(
            row ->
                row.group.equals(group)
                    && row.addressing == Addressing.GROUP
                    && row.state == RolloutDeviceState.EXCLUDED);
  }

  TrackedRollout tracked(Instant now) {
    return new TrackedRollout(
        rollout(),
        progress.but().due(Optional.ofNullable(due)).build(),
        counts(List.of(Addressing.DEVICE)),
        revision,
        wakes,
        now);
  }

  Rollout rollout() {
    List<RolloutGroup> groups = new ArrayList<>();
    parts.forEach((group, part) -> groups.add(view(group, part)));
    return new Rollout(
        opening.id(),
        opening.owner(),
        opening.version(),
        groups,
        opening.plan().withPace(progress.pace()),
        progress.state(),
        progress.reason(),
        progress.stage(),
        progress.enrolment().complete(),
        counts(List.of(Addressing.values())),
        opening.createdAt(),
        progress.startedAt(),
        progress.endedAt());
  }

  private RolloutGroup view(GroupId group, Part part) {
    boolean come = part.status == Status.WAITING && part.target.completeIn() <= progress.stage();
    return new RolloutGroup(
        group,
        part.target.update().id(),
        Optional.ofNullable(part.base),
        part.target.completeIn(),
        part.status,
        come && !progress.despiteGuards() && isBlocked(group));
  }

  private RolloutCounts counts(List<Addressing> addressings) {
    List<Map<RolloutDeviceState, Long>> stages = new ArrayList<>();
    for (int i = 0; i < opening.plan().stages().size(); i++) {
      Map<RolloutDeviceState, Long> stage = new EnumMap<>(RolloutDeviceState.class);
      for (Addressing addressing : addressings) {
        cells(addressing)
            .get(i)
            .forEach((state, devices) -> stage.merge(state, devices, Long::sum));
      }
      stage.values().removeIf(devices -> devices == 0);
      stages.add(stage);
    }
    return new RolloutCounts(stages);
  }
}
