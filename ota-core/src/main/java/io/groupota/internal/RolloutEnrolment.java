package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.Selector;
import io.groupota.rollout.Stage;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutProgress.Enrolment;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.RolloutStep.Enrolled;
import io.groupota.spi.TrackedRollout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Takes the devices of a rollout in, page by page, each page in a step that remembers how far it
 * is; then settles where the stages end. Any node can go on where another one stopped.
 */
final class RolloutEnrolment {
  private static final int PAGE = 10_000;
  private static final int STATES = 1_000;

  /**
   * When to look again at devices of which something may have come while they were taken in, and
   * did not find them: a report that was being saved, or the turn of their group.
   */
  static final Duration SECOND_LOOK = Duration.ofMinutes(1);

  private final OtaRepository repository;
  private final GroupDirectory directory;
  private final MemberContexts contexts;

  RolloutEnrolment(Spis spis, MemberContexts contexts) {
    this.repository = spis.repository();
    this.directory = spis.groups();
    this.contexts = contexts;
  }

  RolloutRules.Decision next(TrackedRollout tracked) {
    Enrolment enrolment = tracked.progress().enrolment();
    List<RolloutGroup> groups = tracked.rollout().groups();
    if (enrolment.group() >= groups.size()) {
      return settle(tracked, enrolment);
    }
    RolloutGroup group = groups.get(enrolment.group());
    if (group.status() == RolloutGroup.Status.RELEASED) {
      return goOn(tracked, nextGroup(enrolment), new RolloutStep.Progress());
    }
    List<Device> page =
        directory.devices(group.group(), null, enrolment.after().orElse(null), PAGE);
    Enrolment after =
        page.size() < PAGE
            ? nextGroup(enrolment)
            : new Enrolment(
                enrolment.group(), Optional.of(page.get(PAGE - 1).id()), List.of(), false);
    return goOn(tracked, after, new RolloutStep.Enroll(enrolled(tracked, page)));
  }

  private static Enrolment nextGroup(Enrolment enrolment) {
    return new Enrolment(enrolment.group() + 1, Optional.empty(), List.of(), false);
  }

  private static RolloutRules.Decision goOn(
      TrackedRollout tracked, Enrolment enrolment, RolloutStep step) {
    RolloutProgress next = tracked.progress().but().enrolment(enrolment).build();
    return RolloutRules.Decision.goOn(next, step);
  }

  /** Settles the next stage. */
  private RolloutRules.Decision settle(TrackedRollout tracked, Enrolment enrolment) {
    List<Stage> stages = tracked.rollout().plan().stages();
    int stage = enrolment.places().size();
    if (stage == stages.size()) {
      return goOn(
          tracked,
          new Enrolment(enrolment.group(), Optional.empty(), enrolment.places(), true),
          new RolloutStep.Progress());
    }
    long rank =
        RolloutPlaces.lastRank(stages.get(stage).selector(), tracked.deviceAddressed().devices());
    OptionalLong place =
        rank == 0 ? OptionalLong.empty() : repository.place(tracked.rollout().id(), rank);
    List<Long> places = new ArrayList<>(enrolment.places());
    places.add(place.orElse(-1));
    Enrolment settled = new Enrolment(enrolment.group(), Optional.empty(), places, false);
    return goOn(
        tracked,
        settled,
        place.isPresent()
            ? new RolloutStep.Restage(stage, place.getAsLong())
            : new RolloutStep.Progress());
  }

  /**
   * How devices are taken in that joined late. Their group may be reached before they are in, so
   * those that wait for that are looked at once more.
   */
  List<Enrolled> late(TrackedRollout tracked, List<Device> devices) {
    return enrolled(tracked, devices).stream()
        .map(device -> waitsForItsGroup(device) ? again(device) : device)
        .toList();
  }

  private static boolean waitsForItsGroup(Enrolled device) {
    return device.addressing() == Addressing.GROUP && device.state() == RolloutDeviceState.QUEUED;
  }

  private static Enrolled again(Enrolled device) {
    return new Enrolled(
        device.device(),
        device.group(),
        device.addressing(),
        device.stage(),
        device.place(),
        device.state(),
        Optional.of(SECOND_LOOK));
  }

  /** How devices of groups of a rollout are taken in. */
  private List<Enrolled> enrolled(TrackedRollout tracked, List<Device> devices) {
    Rollout rollout = tracked.rollout();
    RolloutPlaces places =
        new RolloutPlaces(rollout.id(), rollout.plan(), tracked.progress().enrolment().places());
    Map<DeviceId, DeviceState> reported = states(devices);
    Map<GroupId, MemberRules.Context> ofGroups = new HashMap<>();
    List<Enrolled> enrolled = new ArrayList<>(devices.size());
    for (Device device : devices) {
      MemberRules.Context context =
          ofGroups.computeIfAbsent(
              device.group().orElseThrow(), group -> contexts.of(rollout, group));
      long place = places.place(device.id());
      enrolled.add(
          enrolled(
              device,
              places.stage(device, place),
              place,
              context,
              Optional.ofNullable(reported.get(device.id()))));
    }
    return enrolled;
  }

  private Map<DeviceId, DeviceState> states(List<Device> devices) {
    Map<DeviceId, DeviceState> states = new HashMap<>();
    for (int from = 0; from < devices.size(); from += STATES) {
      List<Device> some = devices.subList(from, Math.min(from + STATES, devices.size()));
      states.putAll(repository.states(some.stream().map(Device::id).toList()));
    }
    return states;
  }

  private static Enrolled enrolled(
      Device device,
      int stage,
      long place,
      MemberRules.Context context,
      Optional<DeviceState> reported) {
    Optional<DeviceState> said =
        reported.filter(state -> device.group().equals(Optional.of(state.group())));
    Optional<String> version = said.flatMap(DeviceState::reportedVersion);
    RolloutDeviceState state = RolloutDeviceState.QUEUED;
    Optional<Duration> due = Optional.empty();
    if (version.filter(context.rollout().version()::equals).isPresent()) {
      state = RolloutDeviceState.UPDATED;
      due = Optional.of(SECOND_LOOK);
    } else if (!MemberRules.isLetIn(context, device.addressing(), version)) {
      state = RolloutDeviceState.EXCLUDED;
      due = Optional.of(SECOND_LOOK);
    } else if (MemberRules.cannotTake(context, said)) {
      state = RolloutDeviceState.REJECTED;
      due = Optional.of(SECOND_LOOK);
    } else if (device.addressing() == Addressing.GROUP
        && context.status() == RolloutGroup.Status.REACHED) {
      // It cannot be held back: its group serves the target.
      state = RolloutDeviceState.TRIGGERED;
      due = Optional.of(context.rollout().plan().devices().reactWithin());
    }
    return new Enrolled(
        device.id(), device.group().orElseThrow(), device.addressing(), stage, place, state, due);
  }

  /** Whether a stage is chosen by the places of devices. */
  static boolean isByPlace(Selector selector) {
    return selector instanceof Selector.Count
        || (selector instanceof Selector.Percent share && share.percent() < 100);
  }
}
