package io.groupota.internal;

import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.internal.DevicePages.Reported;
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

  /** For a row of steps. */
  DevicePages pages() {
    return new DevicePages(directory, repository);
  }

  RolloutRules.Decision next(TrackedRollout tracked, DevicePages pages) {
    Enrolment enrolment = tracked.progress().enrolment();
    List<RolloutGroup> groups = tracked.rollout().groups();
    if (enrolment.group() >= groups.size()) {
      return settle(tracked, enrolment);
    }
    RolloutGroup group = groups.get(enrolment.group());
    if (group.status() == RolloutGroup.Status.RELEASED) {
      return goOn(tracked, nextGroup(enrolment), new RolloutStep.Progress());
    }
    List<Reported> page = pages.page(group.group(), enrolment.after());
    Enrolment after =
        page.size() < DevicePages.SIZE
            ? nextGroup(enrolment)
            : new Enrolment(
                enrolment.group(),
                Optional.of(page.get(page.size() - 1).device().id()),
                List.of(),
                false);
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
    return enrolled(tracked, DevicePages.reported(repository, devices)).stream()
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
  private List<Enrolled> enrolled(TrackedRollout tracked, List<Reported> devices) {
    Taking taking = new Taking(tracked);
    return devices.stream().map(taking::in).toList();
  }

  /** How devices of a rollout are taken in, with what depends on their groups looked up once. */
  private final class Taking {
    private final Rollout rollout;
    private final RolloutPlaces places;
    private final Map<GroupId, MemberContext> ofGroups = new HashMap<>();

    Taking(TrackedRollout tracked) {
      this.rollout = tracked.rollout();
      this.places =
          new RolloutPlaces(rollout.id(), rollout.plan(), tracked.progress().enrolment().places());
    }

    Enrolled in(Reported reported) {
      Device device = reported.device();
      MemberContext context =
          ofGroups.computeIfAbsent(
              device.group().orElseThrow(), group -> contexts.of(rollout, group));
      long place = places.place(device.id());
      return enrolled(device, places.stage(device, place), place, context, reported.state());
    }
  }

  private static Enrolled enrolled(
      Device device, int stage, long place, MemberContext context, Optional<DeviceState> reported) {
    Optional<DeviceState> said =
        reported.filter(state -> device.group().equals(Optional.of(state.group())));
    Optional<String> version = said.flatMap(DeviceState::reportedVersion);
    RolloutDeviceState state = RolloutDeviceState.QUEUED;
    Optional<Duration> due = Optional.empty();
    if (version.filter(context.rollout().version()::equals).isPresent()) {
      state = RolloutDeviceState.UPDATED;
      due = Optional.of(SECOND_LOOK);
    } else if (!context.isLetIn(device.addressing(), version)) {
      state = RolloutDeviceState.EXCLUDED;
      due = Optional.of(SECOND_LOOK);
    } else if (context.isTooLargeFor(said)) {
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
