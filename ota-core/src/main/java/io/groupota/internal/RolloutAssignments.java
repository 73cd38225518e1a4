package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.UpdateId;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutLog.Assignment;
import io.groupota.spi.RolloutLog.Hold;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What rollouts mean for devices that are addressed by themselves, in constant time. A device that
 * its rollout has not taken in, since it joined late, is taken in when it asks or reports.
 */
final class RolloutAssignments {
  private static final int CAPACITY = 200_000;
  private static final int UPDATES = 10_000;

  private final OtaRepository repository;
  private final RolloutEnrolment enrolment;
  private final TtlCache<GroupId, Optional<Hold>> holds;
  private final Passages passages;

  /** Updates never change, so those that are looked up are remembered. */
  private final BoundedCache<UpdateId, OtaUpdate> updates = new BoundedCache<>(UPDATES);

  RolloutAssignments(
      OtaRepository repository, RolloutEnrolment enrolment, Duration ttl, Clock clock) {
    this.repository = repository;
    this.enrolment = enrolment;
    this.holds = new TtlCache<>(CAPACITY, ttl, clock, repository::hold);
    this.passages = new Passages(repository, ttl, clock);
  }

  Passages passages() {
    return passages;
  }

  /** The rollout that has a say in a group, from memory for a moment. */
  Optional<Hold> hold(GroupId group) {
    return holds.get(group);
  }

  /** The same of many groups, at most 2,000: those in which a rollout has a say. */
  Map<GroupId, Hold> holds(Collection<GroupId> groups) {
    Map<GroupId, Hold> held = new HashMap<>();
    holds
        .getAll(groups, this::readHolds)
        .forEach((group, hold) -> hold.ifPresent(some -> held.put(group, some)));
    return held;
  }

  private Map<GroupId, Optional<Hold>> readHolds(Collection<GroupId> groups) {
    Map<GroupId, Hold> read = repository.holds(groups);
    return groups.stream()
        .collect(Collectors.toMap(group -> group, group -> Optional.ofNullable(read.get(group))));
  }

  void invalidate(GroupId group) {
    holds.invalidate(group);
    passages.invalidate(group);
  }

  /** What a device of a group that is held is to run. */
  Optional<UpdateId> update(Hold hold, Device device) {
    return assignment(hold, device).map(Assignment::update).orElseGet(() -> unassigned(hold));
  }

  /** The version that a rollout brings, empty if its update was removed. */
  Optional<String> target(Hold hold) {
    return known(hold.target()).map(OtaUpdate::version);
  }

  /** A group that is reached serves the target, but a device must not slip past the pace. */
  private static Optional<UpdateId> unassigned(Hold hold) {
    boolean free =
        hold.state() == RolloutState.COMPLETED
            || (hold.state().isOver() && hold.status() == RolloutGroup.Status.REACHED);
    return free ? Optional.of(hold.target()) : hold.base();
  }

  private Optional<Assignment> assignment(Hold hold, Device device) {
    return Optional.ofNullable(assignments(hold, List.of(device)).get(device.id()));
  }

  /** What the rollout says of devices of one group; takes those in that it does not know. */
  Map<DeviceId, Assignment> assignments(Hold hold, List<Device> devices) {
    List<DeviceId> ids = devices.stream().map(Device::id).toList();
    Map<DeviceId, Assignment> known = new HashMap<>(repository.assignments(hold, ids));
    List<Device> late =
        devices.stream()
            .filter(
                device -> {
                  Assignment assignment = known.get(device.id());
                  return assignment == null || !assignment.rollout().equals(hold.rollout());
                })
            .toList();
    if (!late.isEmpty() && !hold.state().isOver()) {
      repository
          .rollout(hold.rollout())
          .filter(rollout -> rollout.progress().enrolment().complete())
          .ifPresent(
              rollout -> repository.enrollLate(hold.rollout(), enrolment.enrolled(rollout, late)));
    }
    return known;
  }

  /** An update by key, empty if it was removed. */
  Optional<OtaUpdate> known(UpdateId id) {
    OtaUpdate remembered = updates.get(id);
    if (remembered != null) {
      return Optional.of(remembered);
    }
    Optional<OtaUpdate> read = repository.update(id);
    read.ifPresent(update -> updates.put(id, update));
    return read;
  }

  /**
   * The versions that devices of a group are to run and may be told of at any time. Leaves out
   * those that are let through by a rollout: it triggers those in flight itself, and of one that is
   * updated but reports another version it is about to see that it fell back. Leaves out those that
   * are to run nothing, too, and those that wait where they had to pass through.
   *
   * @param held the rollout that holds their group
   * @param served the version that the group serves
   * @param reported what the devices report, as far as they do
   */
  Map<DeviceId, String> versions(
      Optional<Hold> held, String served, List<Device> devices, Map<DeviceId, String> reported) {
    return held.map(hold -> versions(hold, devices, reported))
        .orElseGet(() -> devices.stream().collect(Collectors.toMap(Device::id, device -> served)));
  }

  private Map<DeviceId, String> versions(
      Hold hold, List<Device> devices, Map<DeviceId, String> reported) {
    Map<DeviceId, Assignment> assigned = devices.isEmpty() ? Map.of() : assignments(hold, devices);
    Map<DeviceId, String> versions = new HashMap<>();
    for (Device device : devices) {
      Assignment assignment = assigned.get(device.id());
      if (assignment == null || !assignment.state().isLetThrough()) {
        (assignment == null ? unassigned(hold) : assignment.update())
            .flatMap(this::known)
            .map(OtaUpdate::version)
            .filter(version -> !waits(hold, reported.get(device.id()), version))
            .ifPresent(version -> versions.put(device.id(), version));
      }
    }
    return versions;
  }

  private boolean waits(Hold hold, @Nullable String reported, String wanted) {
    return reported != null
        && !passages.areNone(hold.group())
        && target(hold)
            .flatMap(target -> passages.onTheWay(hold.group(), reported, wanted, target))
            .isPresent();
  }

  /** The versions that rollouts bring to groups, see {@link #target}: of those that they hold. */
  Map<GroupId, Optional<String>> targets(Collection<GroupId> groups) {
    Map<GroupId, Optional<String>> targets = new HashMap<>();
    holds(groups).forEach((group, hold) -> targets.put(group, target(hold)));
    return targets;
  }

  /**
   * Takes in those of a batch of devices that joined a rollout late, and returns those devices that
   * do not run what they are to run, or whose group alone decides that.
   *
   * @param reported what each device reports
   */
  List<Device> notSettled(Map<Device, String> reported) {
    Map<GroupId, List<Device>> members =
        reported.keySet().stream()
            .collect(Collectors.groupingBy(device -> device.group().orElseThrow()));
    Map<GroupId, Hold> held = holds(members.keySet());
    List<Device> rest = new ArrayList<>();
    members.forEach(
        (group, devices) -> {
          Hold hold = held.get(group);
          if (hold == null) {
            rest.addAll(devices);
            return;
          }
          Map<DeviceId, String> running = new HashMap<>();
          devices.forEach(device -> running.put(device.id(), reported.getOrDefault(device, "")));
          Map<DeviceId, String> wanted = versions(hold, devices, running);
          devices.stream()
              .filter(
                  device ->
                      device.addressing() == Addressing.GROUP
                          || differs(wanted.get(device.id()), reported.get(device)))
              .forEach(rest::add);
        });
    return rest;
  }

  private static boolean differs(@Nullable String wanted, @Nullable String reported) {
    return wanted != null && !wanted.equals(reported);
  }
}
