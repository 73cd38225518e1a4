package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.UpdateId;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutLog.Assignment;
import io.groupota.spi.RolloutLog.Hold;
import io.groupota.spi.RolloutLog.Holds;
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
  private final TtlCache<GroupId, Say> says;

  /** For how long devices of a group that a rollout has let go may have offers. */
  private final Duration offersLast;

  private final Passages passages;

  /** Updates never change, so those that are looked up are remembered. */
  private final BoundedCache<UpdateId, OtaUpdate> updates = new BoundedCache<>(UPDATES);

  /** Who has a say in a group. */
  private record Say(Optional<Hold> hold, boolean wasReleased) {}

  RolloutAssignments(
      OtaRepository repository,
      RolloutEnrolment enrolment,
      ServedUpdates served,
      Duration ttl,
      Clock clock) {
    this.repository = repository;
    this.enrolment = enrolment;
    // A node may offer for as long as it takes to see that the rollout let the group go.
    this.offersLast = Offers.VALIDITY.plus(ttl);
    this.says = new TtlCache<>(CAPACITY, ttl, clock, group -> read(List.of(group)).get(group));
    this.passages = new Passages(repository, served);
  }

  Passages passages() {
    return passages;
  }

  /** The rollout that has a say in a group, from memory for a moment. */
  Optional<Hold> hold(GroupId group) {
    return says.get(group).hold();
  }

  /** Whether devices of a group that no rollout holds may have offers of a moment ago. */
  boolean offersOutlive(GroupId group) {
    return says.get(group).wasReleased();
  }

  /** The same of many groups, at most 2,000: those in which a rollout has a say. */
  Map<GroupId, Hold> holds(Collection<GroupId> groups) {
    Map<GroupId, Hold> held = new HashMap<>();
    says.getAll(groups, this::read)
        .forEach((group, say) -> say.hold().ifPresent(hold -> held.put(group, hold)));
    return held;
  }

  /** The same asked now: what is decided by it is not decided again a moment later. */
  Map<GroupId, Hold> presentHolds(Collection<GroupId> groups) {
    return repository.holds(groups, offersLast).held();
  }

  private Map<GroupId, Say> read(Collection<GroupId> groups) {
    Holds read = repository.holds(groups, offersLast);
    Map<GroupId, Say> found = new HashMap<>();
    groups.forEach(
        group ->
            found.put(
                group,
                new Say(
                    Optional.ofNullable(read.held().get(group)), read.released().contains(group))));
    return found;
  }

  void invalidate(GroupId group) {
    says.invalidate(group);
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
    return Optional.ofNullable(assignments(Map.of(device, hold)).get(device.id()));
  }

  /** What rollouts say of devices whose groups they hold; they take in those they do not know. */
  private Map<DeviceId, Assignment> assignments(Map<Device, Hold> held) {
    Map<DeviceId, Hold> ids = new HashMap<>();
    held.forEach((device, hold) -> ids.put(device.id(), hold));
    Map<DeviceId, Assignment> known = repository.assignments(ids);
    Map<RolloutId, List<Device>> late = new HashMap<>();
    held.forEach(
        (device, hold) -> {
          Assignment assignment = known.get(device.id());
          boolean isIn = assignment != null && assignment.rollout().equals(hold.rollout());
          if (!isIn && !hold.state().isOver()) {
            late.computeIfAbsent(hold.rollout(), any -> new ArrayList<>()).add(device);
          }
        });
    late.forEach(this::takeIn);
    return known;
  }

  private void takeIn(RolloutId id, List<Device> late) {
    repository
        .rollout(id)
        .filter(rollout -> rollout.progress().enrolment().complete())
        // What is remembered of it is from a moment ago.
        .filter(rollout -> !rollout.progress().state().isOver())
        .ifPresent(rollout -> repository.enrollLate(id, enrolment.late(rollout, late)));
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
   * those that a rollout sees to itself ({@link Assignment#isSeenTo}), those that are to run
   * nothing, and those that wait where they had to pass through.
   *
   * @param held the rollout that holds their group
   * @param served the version that the group serves
   * @param reported what the devices report, as far as they do
   */
  Map<DeviceId, String> versions(
      Optional<Hold> held, String served, List<Device> devices, Map<DeviceId, String> reported) {
    if (held.isEmpty()) {
      return devices.stream().collect(Collectors.toMap(Device::id, device -> served));
    }
    return versions(
        devices.stream().collect(Collectors.toMap(device -> device, device -> held.get())),
        reported);
  }

  private Map<DeviceId, String> versions(Map<Device, Hold> held, Map<DeviceId, String> reported) {
    Map<DeviceId, Assignment> assigned = held.isEmpty() ? Map.of() : assignments(held);
    Map<DeviceId, String> versions = new HashMap<>();
    held.forEach(
        (device, hold) -> {
          Assignment assignment = assigned.get(device.id());
          if (assignment == null || !assignment.isSeenTo()) {
            (assignment == null ? unassigned(hold) : assignment.update())
                .flatMap(this::known)
                .map(OtaUpdate::version)
                .filter(version -> !waits(hold, reported.get(device.id()), version))
                .ifPresent(version -> versions.put(device.id(), version));
          }
        });
    return versions;
  }

  private boolean waits(Hold hold, @Nullable String reported, String wanted) {
    return reported != null
        && !reported.equals(wanted)
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
    Map<GroupId, Hold> holds =
        holds(
            reported.keySet().stream()
                .map(device -> device.group().orElseThrow())
                .collect(Collectors.toSet()));
    Map<Device, Hold> held = new HashMap<>();
    List<Device> rest = new ArrayList<>();
    Map<DeviceId, String> running = new HashMap<>();
    reported.forEach(
        (device, version) -> {
          Hold hold = holds.get(device.group().orElseThrow());
          if (hold == null) {
            rest.add(device);
          } else {
            held.put(device, hold);
            running.put(device.id(), version);
          }
        });
    Map<DeviceId, String> wanted = versions(held, running);
    for (Device device : held.keySet()) {
      if (device.addressing() == Addressing.GROUP
          || differs(wanted.get(device.id()), reported.get(device))) {
        rest.add(device);
      }
    }
    return rest;
  }

  private static boolean differs(@Nullable String wanted, @Nullable String reported) {
    return wanted != null && !wanted.equals(reported);
  }
}
