package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeviceId;
import io.groupota.RolloutStateException;
import io.groupota.UpdateCode;
import io.groupota.rollout.DeviceLimits;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Pace;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Addressing;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How fast a rollout lets devices through, and how many it has in flight. */
public abstract class RolloutPaceContract extends RolloutServiceContract {
  private static final int DEVICES = 60;

  private static final DeviceLimits SPREAD =
      new DeviceLimits(
          Duration.ofMinutes(15),
          Duration.ofMinutes(15),
          0,
          Duration.ofMinutes(1),
          Duration.ofMinutes(1),
          Duration.ofMinutes(10));

  /** More than a node claims at once: while it triggers some, it claims others. */
  private static final int MANY = 10_050;

  /** For subclasses. */
  protected RolloutPaceContract() {}

  private static Pace perMinute(double rate) {
    return new Pace(OptionalDouble.of(rate), 1, 1, OptionalDouble.empty(), OptionalInt.empty());
  }

  /** How many devices are let through in a time in which the service looks every second. */
  private long started(RolloutId id, Duration time) {
    long before = in(id, RolloutDeviceState.QUEUED).size();
    for (int i = 0; i < time.toSeconds(); i++) {
      run();
    }
    return before - in(id, RolloutDeviceState.QUEUED).size();
  }

  @Test
  final void aConstantPaceLetsThatManyThroughEachMinute() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 100).pace(perMinute(6)));
    service.runOnce();
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).as("the first one at once").hasSize(1);
    assertThat(started(id, Duration.ofMinutes(1))).isEqualTo(6);
    assertThat(started(id, Duration.ofMinutes(2))).isEqualTo(12);
    assertThat(triggers).hasSize(19);
  }

  @Test
  final void theLargestRateAloneIsKeptToo() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 100).pace(Pace.constant(60, 1)));
    service.runOnce();
    assertThat(in(id, RolloutDeviceState.QUEUED)).hasSize(DEVICES - 1);
    service
        .rollouts()
        .changePace(
            OWNER,
            id,
            new Pace(OptionalDouble.empty(), 2, 1, OptionalDouble.of(6), OptionalInt.empty()));
    run(Duration.ofSeconds(1));
    assertThat(started(id, Duration.ofMinutes(1))).isEqualTo(6);
  }

  @Test
  final void nobodyMoreIsLetThroughByALargestRateOfNone() {
    fleet(DEVICES);
    Pace none = new Pace(OptionalDouble.empty(), 1, 1, OptionalDouble.of(0), OptionalInt.empty());
    RolloutId id = start(stages(HALF, 100).pace(none));
    service.runOnce();
    run(Duration.ofDays(2));
    assertThat(in(id, RolloutDeviceState.QUEUED)).hasSize(DEVICES - 1);
  }

  @Test
  final void aPaceBelowOnePerMinuteIsKeptToo() {
    fleet(5);
    RolloutId id = start(stages(HALF, 100).pace(perMinute(0.5)));
    service.runOnce();
    run(Duration.ofSeconds(119));
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(1);
    run(Duration.ofSeconds(1));
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(2);
  }

  @Test
  final void aPaceThatNobodyWillLiveToSeeTheEndOfIsNoHarm() {
    fleet(5);
    RolloutId id = start(stages(HALF, 100).pace(perMinute(1e-12)));
    service.runOnce();
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(1);
    report(in(id, RolloutDeviceState.TRIGGERED), "2.0.0");
    run(Duration.ofDays(2));
    assertThat(in(id, RolloutDeviceState.QUEUED)).hasSize(4);
  }

  @Test
  final void whatCouldNotBeUsedIsNotMadeUpForAtOnce() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 100).pace(perMinute(60)));
    service.runOnce();
    service.rollouts().pause(OWNER, id);
    run(Duration.ofMinutes(10));
    service.rollouts().resume(OWNER, id);
    long before = in(id, RolloutDeviceState.QUEUED).size();
    run(Duration.ofSeconds(1));
    assertThat(before - in(id, RolloutDeviceState.QUEUED).size()).isBetween(1L, 3L);
  }

  @Test
  final void thePaceGrowsWithTheDevicesThatAreProvenAndFallsWithThoseThatFallBack() {
    fleet(DEVICES);
    Pace growing = new Pace(OptionalDouble.of(6), 2, 2, OptionalDouble.of(24), OptionalInt.empty());
    RolloutId id = start(stages(HALF, 100).pace(growing));
    service.runOnce();
    assertThat(started(id, Duration.ofMinutes(1))).as("nobody is proven").isEqualTo(6);
    List<DeviceId> first = in(id, RolloutDeviceState.TRIGGERED);
    report(first.subList(0, 1), "2.0.0");
    assertThat(started(id, Duration.ofSeconds(30))).as("one is not enough").isEqualTo(3);
    report(first.subList(1, 2), "2.0.0");
    assertThat(started(id, Duration.ofMinutes(1))).as("doubled").isBetween(10L, 13L);
    report(first.subList(2, 7), "2.0.0");
    assertThat(started(id, Duration.ofSeconds(30)))
        .as("not more than the highest rate")
        .isBetween(10L, 13L);
    report(first, "1.0.0");
    assertThat(started(id, Duration.ofMinutes(1))).isBetween(5L, 7L);
  }

  @Test
  final void nobodyIsLetThroughOverTheCap() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 100).pace(Pace.constant(60_000, 7)).devices(limits(1)));
    Set<DeviceId> started = new HashSet<>();
    for (int round = 0; round < 8; round++) {
      run();
      List<DeviceId> inFlight = in(id, RolloutDeviceState.TRIGGERED);
      assertThat(rollout(id).counts().inFlight()).isEqualTo(7);
      started.addAll(inFlight);
      code(inFlight.subList(0, 1), UpdateCode.FAILED);
      code(inFlight.subList(1, 2), UpdateCode.DOWNLOAD_STARTED);
      assertThat(rollout(id).counts().inFlight()).as("a download holds a slot").isEqualTo(7);
      report(inFlight.subList(1, 4), "2.0.0");
      assertThat(rollout(id).counts().inFlight()).isEqualTo(7);
    }
    assertThat(started).hasSizeGreaterThan(20);
  }

  @Test
  final void thePaceAndTheCapHoldForDevicesThatJoinLate() {
    fleet(2);
    RolloutId id = start(stages(HALF, 100).pace(Pace.constant(6, 4)));
    service.runOnce();
    for (int i = 50; i < 60; i++) {
      addDevice(i, "u1", Addressing.DEVICE);
      assertThat(told(device(i))).contains("1.0.0");
    }
    run();
    assertThat(rollout(id).counts().devices()).isEqualTo(12);
    assertThat(started(id, Duration.ofSeconds(19))).as("the pace").isEqualTo(2);
    assertThat(started(id, Duration.ofMinutes(1))).as("the cap").isEqualTo(1);
    assertThat(rollout(id).counts().inFlight()).isEqualTo(4);
    run(Duration.ofMinutes(14));
    assertThat(rollout(id).counts().inFlight()).isLessThanOrEqualTo(4);
    assertThat(in(id, RolloutDeviceState.RETRYING)).as("past their deadline").isNotEmpty();
    run(Duration.ofSeconds(10));
    assertThat(rollout(id).counts().inFlight()).isBetween(1L, 4L);
  }

  @Test
  final void thePaceOfARolloutThatRunsCanBeChanged() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 100).pace(perMinute(1)));
    service.runOnce();
    assertThat(started(id, Duration.ofSeconds(30))).isZero();
    Pace faster = Pace.constant(60, 20);
    assertThat(service.rollouts().changePace(OWNER, id, faster).plan().pace()).isEqualTo(faster);
    assertThat(started(id, Duration.ofSeconds(10))).as("one per second").isBetween(9L, 11L);
    started(id, Duration.ofSeconds(20));
    assertThat(rollout(id).counts().inFlight()).as("the new cap").isEqualTo(20);
    service.rollouts().changePace(OWNER, id, Pace.constant(60, 5));
    report(in(id, RolloutDeviceState.TRIGGERED).subList(0, 15), "2.0.0");
    run();
    assertThat(rollout(id).counts().inFlight()).as("those over the cap go on").isEqualTo(5);
    report(in(id, RolloutDeviceState.TRIGGERED).subList(0, 1), "2.0.0");
    run();
    assertThat(rollout(id).counts().inFlight()).isEqualTo(5);
    service.rollouts().pause(OWNER, id);
    service.rollouts().changePace(OWNER, id, Pace.UNLIMITED);
    run();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.PAUSED);
    assertThat(rollout(id).counts().inFlight()).isEqualTo(5);
    service.rollouts().resume(OWNER, id);
    run();
    assertThat(in(id, RolloutDeviceState.QUEUED)).isEmpty();
    service.rollouts().cancel(OWNER, id);
    assertThatThrownBy(() -> service.rollouts().changePace(OWNER, id, faster))
        .isInstanceOf(RolloutStateException.class)
        .hasMessageContaining("is over");
  }

  @Test
  final void aGroupThatFollowsAsAWholeCountsAsThatManyDevices() {
    deploy("1.0.0");
    for (int i = 1; i <= 14; i++) {
      addDevice(i, "u1", i <= 6 ? Addressing.GROUP : Addressing.DEVICE);
      report(i, "1.0.0");
    }
    service.runOnce();
    RolloutId id = start(stages(HALF, 100).pace(perMinute(6)));
    service.runOnce();
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(6);
    assertThat(started(id, Duration.ofSeconds(55))).as("until the pace has caught up").isZero();
    assertThat(started(id, Duration.ofSeconds(5))).isEqualTo(1);
  }

  @Test
  final void jitterSpreadsTheTriggersOfDevicesThatAreLetThroughAtOnce() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 100).devices(SPREAD));
    service.runOnce();
    assertThat(rollout(id).counts().inFlight()).as("all hold a slot").isEqualTo(DEVICES);
    int busy = 0;
    for (int minute = 0; minute < 10; minute++) {
      triggers.clear();
      run(Duration.ofMinutes(1));
      assertThat(triggers).as("in minute %d", minute).hasSizeLessThan(DEVICES / 2);
      busy += triggers.isEmpty() ? 0 : 1;
    }
    assertThat(busy).isGreaterThan(6);
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(DEVICES);
  }

  /** Let through, and not one of the first whose trigger is sent. */
  private DeviceId admitted(RolloutId id) {
    List<DeviceId> admitted = in(id, RolloutDeviceState.ADMITTED);
    assertThat(admitted).isNotEmpty();
    return admitted.stream()
        .max(Comparator.comparing(device -> device(id, device).due().orElseThrow()))
        .orElseThrow();
  }

  @Test
  final void newsOfADeviceDoNotTakeAwayItsShareOfTheJitter() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 100).devices(SPREAD));
    service.runOnce();
    DeviceId device = admitted(id);
    RolloutDevice before = device(id, device);
    code(List.of(device), UpdateCode.UP_TO_DATE);
    report(List.of(device), "1.0.1");
    assertThat(triggered()).doesNotContain(device);
    assertThat(device(id, device)).isEqualTo(before);
    runAt(before.due().orElseThrow().minusMillis(1));
    assertThat(triggered()).doesNotContain(device);
    runAt(before.due().orElseThrow());
    assertThat(triggered()).contains(device);
  }

  @Test
  final void aDeviceThatIsUpdatedBeforeItsShareOfTheJitterIsOverIsProvenAtOnce() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 100).devices(SPREAD));
    service.runOnce();
    DeviceId device = admitted(id);
    code(List.of(device), UpdateCode.DOWNLOAD_STARTED);
    assertThat(device(id, device).state()).isEqualTo(RolloutDeviceState.DOWNLOADING);
    report(List.of(device), "2.0.0");
    assertThat(device(id, device).state()).isEqualTo(RolloutDeviceState.UPDATED);
    run(Duration.ofMinutes(10));
    assertThat(triggered()).doesNotContain(device);
  }

  @Test
  final void aDeviceThatAGuardKeepsOutBeforeItIsTriggeredIsNot() {
    listen();
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 100).devices(SPREAD));
    service.runOnce();
    DeviceId device = admitted(id);
    report(List.of(device), "3.0.0");
    assertThat(device(id, device).state()).isEqualTo(RolloutDeviceState.EXCLUDED);
    assertThat(device(id, device).attempts()).isZero();
    assertThat(told(device)).contains("1.0.0");
    run(Duration.ofMinutes(10));
    assertThat(triggered()).doesNotContain(device);
    assertThat(moves()).allMatch(move -> move.from().next().contains(move.to()));
  }

  @Test
  final void eachOfManyDevicesIsTriggeredOnce() {
    deploy("1.0.0");
    registry.saveDevices(IntStream.rangeClosed(1, MANY).mapToObj(n -> member(n, GROUP)).toList());
    RolloutId id = start(stages(Gate.ALL_PROVEN, 100).pace(Pace.UNLIMITED));
    run();
    assertThat(triggered()).hasSize(MANY).doesNotHaveDuplicates();
    assertThat(rollout(id).counts().in(RolloutDeviceState.TRIGGERED)).isEqualTo(MANY);
  }
}
