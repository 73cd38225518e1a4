package io.groupota.testkit.contract;

import static io.groupota.testkit.contract.RolloutScenario.LEASE;

import io.groupota.GroupId;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutQueue.DueMember;
import io.groupota.spi.RolloutQueue.Move;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.RolloutStep.Enrolled;
import io.groupota.spi.TrackedRollout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** Does to two rollouts of the same groups what may be done to them, in an order from a seed. */
final class RandomWork {
  private static final RolloutDeviceState[] STATES = RolloutDeviceState.values();

  private final RolloutScenario scenario;
  private final Random random;
  private final List<GroupId> groups;
  private final List<RolloutId> rollouts;
  private final List<Enrolled> devices;

  RandomWork(RolloutScenario scenario, long seed) {
    this.scenario = scenario;
    this.random = new Random(seed);
    groups = scenario.scenario.groups(3);
    rollouts = new ArrayList<>();
    devices = new ArrayList<>();
    scenario.scenario.deploy(groups.get(0), "1.0.0");
    for (int i = 0; i < 2; i++) {
      rollouts.add(scenario.open(groups.toArray(GroupId[]::new)).rollout().id());
    }
    for (int i = 0; i < 60; i++) {
      GroupId group = groups.get(i % 3);
      Enrolled device =
          i % 2 == 0 ? scenario.device(group, random.nextInt(100)) : scenario.follower(group);
      devices.add(RolloutScenario.due(Duration.ofMillis(random.nextInt(50)), device));
    }
  }

  /** The same rollouts and devices, in another order. */
  RandomWork(RandomWork other, long seed) {
    scenario = other.scenario;
    random = new Random(seed);
    groups = other.groups;
    rollouts = other.rollouts;
    devices = other.devices;
  }

  List<RolloutId> rollouts() {
    return rollouts;
  }

  List<GroupId> groups() {
    return groups;
  }

  void doSomething(OtaRepository node) {
    switch (random.nextInt(6)) {
      case 0 -> move(node);
      case 1 -> scenario.report(devices.get(random.nextInt(devices.size())), "1." + number());
      case 2 -> node.enrollLate(rollout(), some());
      case 3 -> node.claimRollouts(LEASE, 1).forEach(seen -> step(node, seen));
      default -> node.rollout(rollout()).ifPresent(seen -> step(node, seen));
    }
  }

  private int number() {
    return random.nextInt(50);
  }

  private RolloutId rollout() {
    return rollouts.get(random.nextInt(rollouts.size()));
  }

  private List<Enrolled> some() {
    int from = random.nextInt(devices.size());
    return devices.subList(from, Math.min(devices.size(), from + 10));
  }

  private void move(OtaRepository node) {
    List<Move> moves = new ArrayList<>();
    for (DueMember due : node.claimDevices(LEASE, 10)) {
      moves.add(
          new Move(
              due.member(),
              STATES[random.nextInt(STATES.length)],
              due.member().attempts(),
              due.member().attemptAt(),
              Optional.of(Duration.ofMillis(number()))));
    }
    node.move(moves);
  }

  private void step(OtaRepository node, TrackedRollout seen) {
    GroupId group = groups.get(random.nextInt(groups.size()));
    RolloutStep step =
        switch (random.nextInt(12)) {
          case 0, 1, 2 -> new RolloutStep.Enroll(some());
          case 3, 4 -> new RolloutStep.Restage(0, number());
          case 5, 6, 7 -> new RolloutStep.Admit(1, number(), Duration.ofMillis(number()));
          case 8 -> new RolloutStep.Reach(group, Duration.ofMillis(number()));
          case 9 -> new RolloutStep.RollBack(List.of());
          case 10 -> new RolloutStep.Cancel(Set.of(group), random.nextBoolean(), 5);
          default -> new RolloutStep.Cancel(Set.of(), random.nextBoolean(), 7);
        };
    node.advance(seen, seen.progress(), step);
  }
}
