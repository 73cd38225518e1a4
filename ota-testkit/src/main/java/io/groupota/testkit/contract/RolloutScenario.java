package io.groupota.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.BlobKey;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.UpdateId;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutCounts;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.Stage;
import io.groupota.spi.Addressing;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutLog.Assignment;
import io.groupota.spi.RolloutLog.Opening;
import io.groupota.spi.RolloutLog.Target;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutQueue.DueMember;
import io.groupota.spi.RolloutQueue.Member;
import io.groupota.spi.RolloutQueue.Move;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.RolloutStep.Enrolled;
import io.groupota.spi.TrackedRollout;
import io.groupota.spi.UpdateLog.Outcome;
import io.groupota.testkit.SettableClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** One test of rollouts: a {@link Scenario}, and rollouts with devices to fill it with. */
final class RolloutScenario {
  /** The versions of the updates that rollouts bring. */
  static final String TARGET = "2.0.0";

  static final Duration LEASE = Scenario.LEASE;
  static final int ALL = Scenario.ALL;

  /** Two stages, the second one of everybody. */
  static final RolloutPlan PLAN =
      RolloutPlan.builder()
          .stage(Stage.percent(10, Gate.ALL_PROVEN))
          .stage(Stage.everyone())
          .build();

  final Scenario scenario;
  final OtaRepository repository;
  final OtaRepository otherNode;
  final SettableClock clock;

  RolloutScenario(OtaRepositoryFixture fixture) {
    scenario = new Scenario(fixture);
    repository = scenario.repository;
    otherNode = scenario.otherNode;
    clock = scenario.clock;
  }

  Opening opening(GroupId... groups) {
    return opening(PLAN, groups);
  }

  Opening opening(RolloutPlan plan, GroupId... groups) {
    return opening(Scenario.OWNER, plan, TARGET, groups);
  }

  /** An opening whose updates share one blob, which is reserved. */
  Opening opening(OwnerId owner, RolloutPlan plan, String version, GroupId... groups) {
    BlobKey blob = scenario.reservedBlob();
    List<Target> targets = new ArrayList<>();
    for (GroupId group : groups) {
      OtaUpdate update = scenario.ownedBy(owner, scenario.update(group, version, blob));
      targets.add(
          new Target(
              update,
              scenario.hexId(),
              Scenario.path(group),
              plan.completeIn(group).orElseThrow()));
    }
    return new Opening(
        new RolloutId(scenario.hexId()), owner, version, plan, targets, clock.instant());
  }

  TrackedRollout open(GroupId... groups) {
    return open(opening(groups));
  }

  TrackedRollout open(Opening opening) {
    assertThat(repository.open(opening)).isEqualTo(Outcome.RECORDED);
    return tracked(opening.id());
  }

  TrackedRollout tracked(RolloutId id) {
    return otherNode.rollout(id).orElseThrow();
  }

  /** A device that is addressed by itself and queued in the last stage. */
  Enrolled device(GroupId group, long place) {
    return device(group, 1, place);
  }

  Enrolled device(GroupId group, int stage, long place) {
    return enrolled(scenario.device(), group, Addressing.DEVICE, stage, place);
  }

  /** A device that is addressed by its group and queued in the last stage. */
  Enrolled follower(GroupId group) {
    return enrolled(scenario.device(), group, Addressing.GROUP, 1, 0);
  }

  static Enrolled enrolled(
      DeviceId device, GroupId group, Addressing addressing, int stage, long place) {
    return new Enrolled(
        device, group, addressing, stage, place, RolloutDeviceState.QUEUED, Optional.empty());
  }

  static Enrolled in(RolloutDeviceState state, Enrolled device) {
    return new Enrolled(
        device.device(),
        device.group(),
        device.addressing(),
        device.stage(),
        device.place(),
        state,
        device.due());
  }

  static Enrolled due(Duration after, Enrolled device) {
    return new Enrolled(
        device.device(),
        device.group(),
        device.addressing(),
        device.stage(),
        device.place(),
        device.state(),
        Optional.of(after));
  }

  /** Devices that are addressed by themselves, with the places 1 to count. */
  List<Enrolled> devices(GroupId group, int count) {
    return IntStream.rangeClosed(1, count).mapToObj(place -> device(group, place)).toList();
  }

  List<Enrolled> followers(GroupId group, int count) {
    return IntStream.range(0, count).mapToObj(i -> follower(group)).toList();
  }

  /** Takes a step that changes nothing else; returns how many devices it changed. */
  long take(RolloutId rollout, RolloutStep step) {
    TrackedRollout seen = tracked(rollout);
    long changed = repository.advance(seen, seen.progress(), step).orElseThrow();
    assertCounts(rollout);
    return changed;
  }

  void enroll(RolloutId rollout, List<Enrolled> devices) {
    assertThat(take(rollout, new RolloutStep.Enroll(devices))).isEqualTo(devices.size());
  }

  /** Lets the rollout sleep until something happens. */
  void sleep(RolloutId rollout) {
    TrackedRollout seen = tracked(rollout);
    RolloutProgress sleeping = seen.progress().but().due(Optional.empty()).build();
    assertThat(repository.advance(seen, sleeping, new RolloutStep.Progress())).isPresent();
    assertThat(tracked(rollout).progress().due()).isEmpty();
  }

  /** Claims all devices that are due, of whatever rollout. */
  List<Member> claimDevices() {
    return repository.claimDevices(LEASE, ALL).stream().map(DueMember::member).toList();
  }

  /** Makes devices due by a code, and moves them. */
  void move(RolloutDeviceState state, Enrolled... devices) {
    for (Enrolled device : devices) {
      move(state, member(device));
    }
  }

  /** The device as it is, by making it due. */
  Member member(Enrolled device) {
    report(device, "0.0." + scenario.hexId());
    return claimDevices().stream()
        .filter(member -> member.device().equals(device.device()))
        .findFirst()
        .orElseThrow();
  }

  void report(Enrolled device, String version) {
    // Of what is heard at the same time the greatest counts.
    clock.advance(Scenario.MILLISECOND);
    repository.save(
        List.of(
            new Reporter(clock, device.device(), device.group(), "Hcixd1Fx", device.addressing())
                .beginsWith(version, clock.instant())));
  }

  void move(RolloutDeviceState state, Member member) {
    assertThat(repository.move(List.of(moved(member, state)))).hasSize(1);
    assertCounts(member.rollout());
  }

  static Move moved(Member member, RolloutDeviceState state) {
    return new Move(member, state, member.attempts(), member.attemptAt(), Optional.empty());
  }

  Map<DeviceId, RolloutDevice> byId(RolloutId rollout) {
    return devices(rollout).stream()
        .collect(Collectors.toMap(RolloutDevice::device, device -> device));
  }

  RolloutDevice view(RolloutId rollout, Enrolled device) {
    return Optional.ofNullable(byId(rollout).get(device.device())).orElseThrow();
  }

  RolloutDeviceState state(RolloutId rollout, Enrolled device) {
    return view(rollout, device).state();
  }

  List<RolloutDevice> devices(RolloutId rollout) {
    Rollout seen = tracked(rollout).rollout();
    List<RolloutDevice> all = new ArrayList<>();
    RolloutQuery<RolloutDeviceState> first = RolloutQuery.all();
    while (true) {
      List<RolloutDevice> page =
          otherNode.rolloutDevices(seen, first.page(all.size(), ALL)).devices();
      all.addAll(page);
      if (page.size() < ALL) {
        return all;
      }
    }
  }

  /** The counts of a rollout equal the states of its devices. */
  void assertCounts(RolloutId rollout) {
    TrackedRollout tracked = tracked(rollout);
    int stages = tracked.rollout().plan().stages().size();
    List<RolloutDevice> devices = devices(rollout);
    assertThat(tracked.rollout().counts()).isEqualTo(counts(stages, devices));
    assertThat(tracked.deviceAddressed())
        .isEqualTo(
            counts(
                stages,
                devices.stream()
                    .filter(device -> device.addressing() == Addressing.DEVICE)
                    .toList()));
  }

  private static RolloutCounts counts(int stages, List<RolloutDevice> devices) {
    List<Map<RolloutDeviceState, Long>> counts = new ArrayList<>();
    for (int i = 0; i < stages; i++) {
      counts.add(new EnumMap<>(RolloutDeviceState.class));
    }
    devices.forEach(device -> counts.get(device.stage()).merge(device.state(), 1L, Long::sum));
    return new RolloutCounts(counts);
  }

  /** What the rollout that holds its group says of a device. */
  Optional<Assignment> assignment(GroupId group, DeviceId device) {
    return otherNode
        .hold(group)
        .map(hold -> otherNode.assignments(Map.of(device, hold)))
        .map(assignments -> assignments.get(device));
  }

  /** What a device is to run, as far as rollouts have a say. */
  Optional<UpdateId> assigned(Enrolled device) {
    return assignment(device.group(), device.device()).flatMap(Assignment::update);
  }

  /** Whether a rollout has let a group go, and no other one has a say in it. */
  boolean released(GroupId group, Duration within) {
    return otherNode.holds(List.of(group), within).released().contains(group);
  }

  RolloutGroup.Status status(RolloutId rollout, GroupId group) {
    return part(tracked(rollout), group).status();
  }

  static UpdateId target(TrackedRollout rollout, GroupId group) {
    return part(rollout, group).target();
  }

  static RolloutGroup part(TrackedRollout rollout, GroupId group) {
    return rollout.rollout().groups().stream()
        .filter(part -> part.group().equals(group))
        .findFirst()
        .orElseThrow();
  }
}
