package io.groupota.memory;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaQuery;
import io.groupota.OwnerId;
import io.groupota.UpdateId;
import io.groupota.memory.RolloutEntry.Part;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDevicePage;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup.Status;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPage;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Addressing;
import io.groupota.spi.RolloutLog.Assignment;
import io.groupota.spi.RolloutLog.Hold;
import io.groupota.spi.RolloutLog.Holds;
import io.groupota.spi.RolloutLog.Opening;
import io.groupota.spi.RolloutLog.Target;
import io.groupota.spi.RolloutQueue.Member;
import io.groupota.spi.RolloutQueue.Move;
import io.groupota.spi.RolloutStep.Admit;
import io.groupota.spi.RolloutStep.Cancel;
import io.groupota.spi.RolloutStep.Enrolled;
import io.groupota.spi.RolloutStep.Restage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The rollouts and their devices. Not thread-safe. */
final class RolloutTable {
  private final Map<RolloutId, RolloutEntry> rollouts = new LinkedHashMap<>();
  private final Map<GroupId, RolloutEntry> holders = new HashMap<>();

  /** When groups lost their last holder. */
  private final Map<GroupId, Instant> released = new HashMap<>();

  private final NavigableSet<RolloutRow> due = new TreeSet<>(RolloutRow.BY_DUE);

  void open(Opening opening, Map<GroupId, UpdateId> served, Instant now) {
    RolloutEntry entry = new RolloutEntry(opening, due, now);
    for (Target target : opening.groups()) {
      GroupId group = target.update().group();
      RolloutEntry previous = holders.get(group);
      release(group, now);
      entry.parts.put(group, new Part(target, served.get(group), previous));
      holders.put(group, entry);
    }
    rollouts.put(opening.id(), entry);
  }

  boolean has(RolloutId id) {
    return rollouts.containsKey(id);
  }

  Optional<RolloutEntry> entry(RolloutId id) {
    return Optional.ofNullable(rollouts.get(id));
  }

  /** No rollout has a say in the group any more. */
  void release(GroupId group, Instant now) {
    RolloutEntry holder = holders.remove(group);
    if (holder != null) {
      part(holder, group).status = Status.RELEASED;
      released.put(group, now);
      holder.wake(now);
    }
  }

  Holds holds(Collection<GroupId> groups, Instant after) {
    Map<GroupId, Hold> held = new HashMap<>();
    Set<GroupId> free = new HashSet<>();
    for (GroupId group : groups) {
      Optional<Hold> hold = hold(group);
      if (hold.isPresent()) {
        held.put(group, hold.get());
      } else if (released.getOrDefault(group, Instant.MIN).isAfter(after)) {
        free.add(group);
      }
    }
    return new Holds(held, free);
  }

  private static Part part(RolloutEntry entry, GroupId group) {
    Part part = entry.parts.get(group);
    if (part == null) {
      throw new IllegalArgumentException("Rollout " + entry.id() + " has no group " + group);
    }
    return part;
  }

  boolean isHeld(GroupId group, RolloutEntry entry) {
    return entry.equals(holders.get(group));
  }

  private Optional<Hold> hold(GroupId group) {
    RolloutEntry holder = holders.get(group);
    if (holder == null) {
      return Optional.empty();
    }
    Part part = part(holder, group);
    return Optional.of(
        new Hold(
            holder.id(),
            holder.progress.state(),
            group,
            part.target.update().id(),
            Optional.ofNullable(part.base),
            Optional.ofNullable(part.previous).map(RolloutEntry::id),
            part.status));
  }

  Map<DeviceId, Assignment> assignments(Map<DeviceId, Hold> held) {
    Map<DeviceId, Assignment> found = new HashMap<>();
    held.forEach(
        (device, hold) ->
            assignment(hold.group(), rollouts.get(hold.rollout()), device)
                .or(
                    () ->
                        hold.previous()
                            .flatMap(id -> assignment(hold.group(), rollouts.get(id), device)))
                .ifPresent(assignment -> found.put(device, assignment)));
    return found;
  }

  private static Optional<Assignment> assignment(
      GroupId group, @Nullable RolloutEntry entry, DeviceId device) {
    RolloutRow row = entry == null ? null : entry.rows.get(device);
    if (entry == null || row == null || !row.group.equals(group)) {
      return Optional.empty();
    }
    Part part = part(entry, group);
    return Optional.of(
        new Assignment(
            entry.id(),
            entry.progress.state(),
            row.state,
            part.target.update().id(),
            Optional.ofNullable(row.base == null ? part.base : row.base),
            entry.progress.endedAt().filter(row.since::isAfter).isPresent()));
  }

  /** Fails if one of the devices is in no group of the rollout. */
  static void requireParts(RolloutEntry entry, Collection<Enrolled> devices) {
    devices.forEach(device -> part(entry, device.group()));
  }

  int enroll(RolloutEntry entry, Collection<Enrolled> devices, Instant now) {
    requireParts(entry, devices);
    int added = 0;
    for (Enrolled device : devices) {
      if (!entry.rows.containsKey(device.device())) {
        UpdateId base =
            assignment(device.group(), part(entry, device.group()).previous, device.device())
                .flatMap(Assignment::update)
                .orElse(null);
        entry.add(new RolloutRow(entry.id(), device, base, now));
        added++;
      }
    }
    if (added > 0) {
      entry.wake(now);
    }
    return added;
  }

  OptionalLong place(RolloutEntry entry, long rank) {
    return entry.rows.values().stream()
        .filter(row -> row.addressing == Addressing.DEVICE)
        .mapToLong(row -> row.place)
        .sorted()
        .skip(rank - 1)
        .findFirst();
  }

  int restage(RolloutEntry entry, Restage step) {
    List<RolloutRow> moved =
        rows(entry, row -> row.addressing == Addressing.DEVICE)
            .filter(
                row ->
                    row.place <= step.place()
                        ? row.stage > step.stage()
                        : row.stage == step.stage())
            .toList();
    for (RolloutRow row : moved) {
      int stage =
          row.place <= step.place() ? step.stage() : part(entry, row.group).target.completeIn();
      entry.change(row, () -> row.stage = stage);
    }
    return moved.size();
  }

  int admit(RolloutEntry entry, Admit step, Instant now) {
    List<RolloutRow> next = entry.next(step.stage(), step.limit());
    for (RolloutRow row : next) {
      Duration delay = step.jitter().multipliedBy(row.place % 1_000).dividedBy(1_000);
      begin(entry, row, RolloutDeviceState.ADMITTED, now.plus(delay), now);
    }
    return next.size();
  }

  private static void begin(
      RolloutEntry entry, RolloutRow row, RolloutDeviceState state, Instant due, Instant now) {
    row.attempts++;
    row.attemptAt = now;
    entry.move(row, state, due, now);
  }

  /** Whether the group waits and is not blocked. */
  boolean mayReach(RolloutEntry entry, GroupId group, boolean despiteGuards) {
    return part(entry, group).status == Status.WAITING
        && (despiteGuards || !entry.isBlocked(group));
  }

  Target target(RolloutEntry entry, GroupId group) {
    return part(entry, group).target;
  }

  int reach(RolloutEntry entry, GroupId group, Duration reactWithin, Instant now) {
    part(entry, group).status = Status.REACHED;
    List<RolloutRow> followers =
        rows(
                entry,
                row ->
                    row.group.equals(group)
                        && row.addressing == Addressing.GROUP
                        && row.state == RolloutDeviceState.QUEUED)
            .toList();
    followers.forEach(
        row -> begin(entry, row, RolloutDeviceState.TRIGGERED, now.plus(reactWithin), now));
    return followers.size();
  }

  int cancel(RolloutEntry entry, Cancel step, Instant now) {
    List<RolloutRow> rest =
        rows(entry, row -> step.groups().isEmpty() || step.groups().contains(row.group))
            .filter(row -> isCanceled(row.state, step.inFlight()))
            .limit(step.limit())
            .toList();
    rest.forEach(row -> entry.move(row, RolloutDeviceState.CANCELED, null, now));
    return rest.size();
  }

  Set<GroupId> unfinished(RolloutEntry entry, Set<GroupId> groups) {
    return rows(entry, row -> groups.contains(row.group) && isCanceled(row.state, true))
        .map(row -> row.group)
        .collect(Collectors.toUnmodifiableSet());
  }

  private static boolean isCanceled(RolloutDeviceState state, boolean inFlight) {
    return switch (state) {
      case QUEUED, RETRYING, EXCLUDED, ADMITTED -> true;
      case TRIGGERED, DOWNLOADING -> inFlight;
      default -> false;
    };
  }

  private static Stream<RolloutRow> rows(RolloutEntry entry, Predicate<RolloutRow> wanted) {
    return entry.rows.values().stream().filter(wanted);
  }

  List<RolloutEntry> claimRollouts(Duration lease, int limit, Instant now) {
    List<RolloutEntry> claimed =
        rollouts.values().stream()
            .filter(entry -> entry.due != null && !entry.due.isAfter(now))
            .sorted(Comparator.comparing(entry -> entry.due == null ? now : entry.due))
            .limit(limit)
            .toList();
    claimed.forEach(entry -> entry.due = now.plus(lease));
    return claimed;
  }

  List<Member> claimDevices(Duration lease, int limit, Instant now) {
    List<RolloutRow> claimed =
        due.stream()
            .takeWhile(row -> row.due != null && !row.due.isAfter(now))
            .limit(limit)
            .toList();
    List<Member> members = new ArrayList<>(claimed.size());
    for (RolloutRow row : claimed) {
      RolloutEntry entry = rollouts.get(row.rollout);
      if (entry != null) {
        entry.change(row, () -> row.due = now.plus(lease));
        members.add(row.member());
      }
    }
    return members;
  }

  boolean move(Move move, Instant now) {
    RolloutEntry entry = rollouts.get(move.member().rollout());
    RolloutRow row = entry == null ? null : entry.rows.get(move.member().device());
    if (entry == null || row == null || row.revision != move.member().revision()) {
      return false;
    }
    row.attempts = move.attempts();
    row.attemptAt = move.attemptAt().orElse(null);
    entry.move(row, move.state(), move.due().map(now::plus).orElse(null), now);
    entry.wake(now);
    return true;
  }

  /** Something of a device has changed that its rollout must see. */
  void look(GroupId group, DeviceId device, Instant now) {
    RolloutEntry holder = holders.get(group);
    RolloutRow row = holder == null ? null : holder.rows.get(device);
    if (holder != null && row != null && row.group.equals(group)) {
      holder.change(row, () -> row.due = now);
    }
  }

  RolloutPage page(OwnerId owner, RolloutQuery<RolloutState> query) {
    List<Rollout> all =
        rollouts.values().stream()
            .filter(entry -> entry.opening.owner().equals(owner))
            .map(RolloutEntry::rollout)
            .toList();
    Comparator<Rollout> order = Comparator.comparing(Rollout::createdAt).thenComparing(Rollout::id);
    List<Rollout> found =
        all.stream()
            .filter(
                rollout ->
                    query.state().filter(rollout.state()::equals).isPresent()
                        || query.state().isEmpty())
            .filter(rollout -> isFound(rollout, query.search()))
            .sorted(ordered(order, query.order()))
            .toList();
    return new RolloutPage(cut(found, query), all.size(), found.size());
  }

  private static boolean isFound(Rollout rollout, String search) {
    return rollout.id().value().contains(search)
        || rollout.version().contains(search)
        || rollout.groups().stream().anyMatch(group -> group.group().value().contains(search));
  }

  RolloutDevicePage devices(RolloutEntry entry, RolloutQuery<RolloutDeviceState> query) {
    List<RolloutDevice> found =
        entry.rows.values().stream()
            .filter(row -> query.state().isEmpty() || query.state().get() == row.state)
            .filter(row -> row.device.value().contains(query.search()))
            .map(RolloutRow::view)
            .sorted(ordered(Comparator.comparing(RolloutDevice::device), query.order()))
            .toList();
    return new RolloutDevicePage(cut(found, query), entry.rows.size(), found.size());
  }

  private static <T> Comparator<T> ordered(Comparator<T> order, OtaQuery.Order direction) {
    return direction == OtaQuery.Order.ASC ? order : order.reversed();
  }

  private static <T> List<T> cut(List<T> all, RolloutQuery<?> query) {
    return all.stream()
        .skip(query.offset())
        .limit(query.limit().orElse(Integer.MAX_VALUE))
        .toList();
  }

  /** The base of the rollout that holds a group. */
  Optional<UpdateId> base(GroupId group) {
    return hold(group).flatMap(Hold::base);
  }
}
