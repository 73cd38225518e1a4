package io.groupota.rollout;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * How many devices of a rollout are in each state, by stage: always equal to the states of the
 * devices, as of one moment. A device counts in the first stage that takes it. Immutable.
 *
 * @param stages one map per stage of the plan; states without devices may be missing
 */
public record RolloutCounts(List<Map<RolloutDeviceState, Long>> stages) {
  /** Copies the maps. */
  public RolloutCounts {
    List<Map<RolloutDeviceState, Long>> copies = new ArrayList<>(stages.size());
    stages.forEach(stage -> copies.add(Map.copyOf(stage)));
    stages = List.copyOf(copies);
  }

  /**
   * The devices in a state.
   *
   * @param state the state
   * @return how many, over all stages
   */
  public long in(RolloutDeviceState state) {
    return stages.stream().mapToLong(stage -> stage.getOrDefault(state, 0L)).sum();
  }

  /**
   * All devices.
   *
   * @return how many, over all stages and states
   */
  public long devices() {
    return stages.stream().flatMap(stage -> stage.values().stream()).mapToLong(n -> n).sum();
  }

  /**
   * The devices that had their chance.
   *
   * @return how many are finished ({@link RolloutDeviceState#isFinished()})
   */
  public long finished() {
    long finished = 0;
    for (RolloutDeviceState state : RolloutDeviceState.values()) {
      finished += state.isFinished() ? in(state) : 0;
    }
    return finished;
  }

  /**
   * The devices that hold a slot.
   *
   * @return how many are in flight ({@link RolloutDeviceState#isInFlight()})
   */
  public long inFlight() {
    long inFlight = 0;
    for (RolloutDeviceState state : RolloutDeviceState.values()) {
      inFlight += state.isInFlight() ? in(state) : 0;
    }
    return inFlight;
  }

  /**
   * The devices for which the rollout will still do something.
   *
   * @return how many are open ({@link RolloutDeviceState#isOpen()})
   */
  public long open() {
    long open = 0;
    for (RolloutDeviceState state : RolloutDeviceState.values()) {
      open += state.isOpen() ? in(state) : 0;
    }
    return open;
  }

  /**
   * The counts of the first stages.
   *
   * @param stage the last stage to count, from 0
   * @return the counts of the stages up to it
   */
  public RolloutCounts upTo(int stage) {
    return new RolloutCounts(stages.subList(0, Math.min(stage + 1, stages.size())));
  }

  /**
   * The counts of all stages together.
   *
   * @return the devices by state; states without devices are missing
   */
  public Map<RolloutDeviceState, Long> byState() {
    Map<RolloutDeviceState, Long> sum = new EnumMap<>(RolloutDeviceState.class);
    stages.forEach(
        stage -> stage.forEach((state, devices) -> sum.merge(state, devices, Long::sum)));
    sum.values().removeIf(devices -> devices == 0);
    return sum;
  }
}
