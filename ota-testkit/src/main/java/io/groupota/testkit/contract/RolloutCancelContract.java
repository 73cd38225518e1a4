package io.groupota.testkit.contract;

import static io.groupota.testkit.contract.RolloutScenario.ALL;
import static io.groupota.testkit.contract.RolloutScenario.due;
import static io.groupota.testkit.contract.RolloutScenario.in;
import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.GroupId;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.RolloutStep.Admit;
import io.groupota.spi.RolloutStep.Cancel;
import io.groupota.spi.RolloutStep.Enrolled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * How every {@link io.groupota.spi.RolloutQueue} must end what a rollout still meant to do; part of
 * {@link OtaRepositoryContract}, which shows how to use it.
 */
public interface RolloutCancelContract extends OtaRepositoryFixture {
  @Test
  default void whatARolloutStillMeantToDoIsCanceled() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    List<Enrolled> all = new ArrayList<>();
    for (RolloutDeviceState state : RolloutDeviceState.values()) {
      all.add(in(state, due(Duration.ofHours(1), rollouts.device(group, 1))));
      all.add(in(state, due(Duration.ofHours(1), rollouts.follower(group))));
    }
    rollouts.enroll(id, all);
    rollouts.clock.advance(Duration.ofMinutes(1));
    assertThat(rollouts.take(id, new Cancel(Set.of(), false, ALL))).isEqualTo(8);
    Map<RolloutDeviceState, Long> counts = rollouts.tracked(id).rollout().counts().byState();
    assertThat(counts)
        .doesNotContainKeys(
            RolloutDeviceState.QUEUED,
            RolloutDeviceState.RETRYING,
            RolloutDeviceState.EXCLUDED,
            RolloutDeviceState.ADMITTED)
        .containsEntry(RolloutDeviceState.CANCELED, 10L)
        .containsEntry(RolloutDeviceState.TRIGGERED, 2L)
        .containsEntry(RolloutDeviceState.DOWNLOADING, 2L);
    assertThat(rollouts.devices(id))
        .filteredOn(device -> device.since().equals(rollouts.clock.instant()))
        .hasSize(8)
        .allSatisfy(device -> assertThat(device.due()).isEmpty());
    assertThat(rollouts.take(id, new Cancel(Set.of(), true, ALL))).isEqualTo(4);
    assertThat(rollouts.tracked(id).rollout().counts().byState())
        .containsEntry(RolloutDeviceState.CANCELED, 14L)
        .containsEntry(RolloutDeviceState.UPDATED, 2L);
    assertThat(rollouts.take(id, new Cancel(Set.of(), true, ALL))).isZero();
  }

  @Test
  default void aCancelEndsOneGroupAndNoMoreThanItsLimit() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    GroupId other = rollouts.scenario.group();
    RolloutId id = rollouts.open(group, other).rollout().id();
    rollouts.enroll(id, rollouts.devices(group, 5));
    rollouts.enroll(id, rollouts.followers(group, 4));
    rollouts.enroll(id, rollouts.devices(other, 3));
    rollouts.take(id, new Admit(1, 2, Duration.ZERO));
    Cancel step = new Cancel(Set.of(group), false, 6);
    assertThat(rollouts.take(id, step)).isEqualTo(6);
    assertThat(rollouts.take(id, step)).isEqualTo(3);
    assertThat(rollouts.take(id, step)).isZero();
    assertThat(rollouts.devices(id))
        .filteredOn(device -> device.state() == RolloutDeviceState.CANCELED)
        .hasSize(9)
        .allSatisfy(device -> assertThat(device.group()).isEqualTo(group));
  }

  @Test
  default void aCancelOfSomeGroupsLeavesTheOthersAlone() {
    RolloutScenario rollouts = new RolloutScenario(this);
    List<GroupId> groups = List.of(rollouts.scenario.group(), rollouts.scenario.group());
    GroupId other = rollouts.scenario.group();
    RolloutId id = rollouts.open(groups.get(0), groups.get(1), other).rollout().id();
    for (GroupId group : List.of(groups.get(0), groups.get(1), other)) {
      rollouts.enroll(id, rollouts.devices(group, 3));
      rollouts.enroll(id, rollouts.followers(group, 2));
    }
    Cancel step = new Cancel(Set.copyOf(groups), true, 8);
    assertThat(rollouts.take(id, step)).isEqualTo(8);
    assertThat(rollouts.take(id, step)).isEqualTo(2);
    assertThat(rollouts.take(id, step)).isZero();
    assertThat(rollouts.devices(id))
        .filteredOn(device -> device.group().equals(other))
        .hasSize(5)
        .allMatch(device -> device.state() == RolloutDeviceState.QUEUED);
  }

  @Test
  default void groupsInWhichACancelFindsSomethingAreNamed() {
    RolloutScenario rollouts = new RolloutScenario(this);
    Set<GroupId> unfinished = new HashSet<>();
    List<GroupId> all = new ArrayList<>();
    List<Enrolled> devices = new ArrayList<>();
    for (RolloutDeviceState state : RolloutDeviceState.values()) {
      GroupId ofDevice = rollouts.scenario.group();
      GroupId ofFollower = rollouts.scenario.group();
      devices.add(in(state, rollouts.device(ofDevice, 0, 1)));
      devices.add(in(state, rollouts.follower(ofFollower)));
      all.addAll(List.of(ofDevice, ofFollower));
      if (state.isOpen() || state == RolloutDeviceState.EXCLUDED) {
        unfinished.addAll(List.of(ofDevice, ofFollower));
      }
    }
    GroupId notAsked = rollouts.scenario.group();
    GroupId empty = rollouts.scenario.group();
    Set<GroupId> asked = new HashSet<>(all);
    asked.add(empty);
    all.addAll(List.of(notAsked, empty));
    RolloutId id = rollouts.open(all.toArray(GroupId[]::new)).rollout().id();
    devices.add(rollouts.device(notAsked, 2));
    rollouts.enroll(id, devices);
    Set<GroupId> named = rollouts.otherNode.unfinished(id, asked);
    assertThat(named).as("exactly, or all of them").isIn(unfinished, asked);
    long revision = rollouts.tracked(id).revision();
    assertThat(rollouts.repository.unfinished(id, asked)).isEqualTo(named);
    assertThat(rollouts.tracked(id).revision()).isEqualTo(revision);
    assertThat(rollouts.take(id, new Cancel(named, true, ALL))).isEqualTo(12);
    assertThat(rollouts.repository.unfinished(id, asked)).isIn(Set.of(), asked);
    assertThat(rollouts.repository.unfinished(id, Set.of(notAsked))).containsExactly(notAsked);
    assertThat(rollouts.repository.unfinished(id, Set.of())).isEmpty();
  }
}
