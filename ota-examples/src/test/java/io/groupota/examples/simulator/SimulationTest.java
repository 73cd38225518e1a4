package io.groupota.examples.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.rollout.DeviceLimits;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.RolloutReason;
import io.groupota.rollout.RolloutState;
import io.groupota.rollout.Stage;
import io.groupota.rollout.StopRule;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Small fleets through the real engine, compared with what the devices themselves know. */
class SimulationTest {
  private static final int DEVICES = 2_000;

  private static FleetModel fleet(double fail, double groupAddressed) {
    return new FleetModel(
        DEVICES,
        List.of(new FleetModel.Weight("1.0.0", 70), new FleetModel.Weight("1.1.0", 30)),
        Range.of("20h..24h"),
        Range.of("30s..5m"),
        new FleetModel.Shares(fail, 0.01, groupAddressed),
        7);
  }

  private static Scenario scenario(FleetModel fleet, RolloutPlan plan) {
    return new Scenario(
        fleet,
        "2.0.0",
        plan,
        Instant.parse("2026-01-05T08:00:00Z"),
        new Scenario.Steps(Duration.ofSeconds(30), Duration.ofDays(10), Duration.ofHours(1)));
  }

  @Test
  void theCountsAreWhatTheFleetKnowsAtEverySample() {
    try (Simulation simulation = new Simulation(scenario(fleet(0.02, 0), PlanFile.standard()))) {
      VirtualFleet fleet = simulation.fleet();
      Rollout rollout =
          simulation.run(
              sample -> {
                assertThat(sample.devices()).isEqualTo(DEVICES);
                assertThat(sample.in(RolloutDeviceState.UPDATED)).isEqualTo(fleet.updated());
                assertThat(sample.in(RolloutDeviceState.FELL_BACK)).isEqualTo(fleet.fellBack());
              });
      assertThat(rollout.state()).isEqualTo(RolloutState.COMPLETED);
      Map<RolloutDeviceState, Long> counts = rollout.counts().byState();
      assertThat(counts.get(RolloutDeviceState.UPDATED)).isGreaterThan(1_900);
      assertThat(counts.get(RolloutDeviceState.FAILED)).isBetween(10L, 80L);
      assertThat(counts.get(RolloutDeviceState.FELL_BACK)).isBetween(5L, 50L);
    }
  }

  @Test
  void devicesThatCannotBeToldApartFollowInTheLastStage() {
    try (Simulation simulation = new Simulation(scenario(fleet(0, 0.5), PlanFile.standard()))) {
      List<Sample> samples = new ArrayList<>();
      VirtualFleet fleet = simulation.fleet();
      Rollout rollout =
          simulation.run(
              sample -> {
                samples.add(sample);
                assertThat(sample.in(RolloutDeviceState.UPDATED)).isEqualTo(fleet.updated());
              });
      assertThat(rollout.state()).isEqualTo(RolloutState.COMPLETED);
      assertThat(samples)
          .filteredOn(sample -> sample.stage() < 4)
          .isNotEmpty()
          .allSatisfy(
              sample ->
                  assertThat(sample.in(RolloutDeviceState.QUEUED))
                      .isGreaterThanOrEqualTo(DEVICES / 2));
      assertThat(rollout.counts().byState().get(RolloutDeviceState.UPDATED)).isGreaterThan(1_900);
    }
  }

  @Test
  void aBadFirmwareIsRolledBackHavingTouchedNobodyOutsideTheFirstStage() {
    RolloutPlan plan =
        RolloutPlan.builder()
            .stage(Stage.percent(5, Gate.ALL_PROVEN))
            .stage(Stage.everyone())
            .devices(
                new DeviceLimits(
                    Duration.ofHours(8),
                    Duration.ofMinutes(30),
                    0,
                    Duration.ofMinutes(5),
                    Duration.ofMinutes(5),
                    Duration.ZERO))
            .stopWhen(StopRule.above(10, 20, StopRule.Action.ROLL_BACK))
            .build();
    try (Simulation simulation = new Simulation(scenario(fleet(0.2, 0), plan))) {
      Rollout rollout = simulation.run(sample -> {});
      assertThat(rollout.state()).isEqualTo(RolloutState.ROLLED_BACK);
      assertThat(rollout.reason()).contains(RolloutReason.STOP_RULE);
      List<RolloutDevice> devices = devices(simulation, rollout);
      assertThat(devices).hasSize(DEVICES);
      List<DeviceId> touched =
          devices.stream()
              .map(RolloutDevice::device)
              .filter(simulation.fleet()::isTouched)
              .toList();
      assertThat(touched).hasSizeBetween(20, DEVICES / 20);
      assertThat(devices)
          .filteredOn(device -> device.stage() > 0)
          .extracting(RolloutDevice::device)
          .doesNotContainAnyElementsOf(touched);
      // An hour later those that had it and are online are back.
      assertThat(simulation.fleet().updated()).isLessThan(touched.size() / 2);
    }
  }

  private static List<RolloutDevice> devices(Simulation simulation, Rollout rollout) {
    List<RolloutDevice> all = new ArrayList<>();
    for (int from = 0; from < DEVICES; from += 1_000) {
      all.addAll(
          simulation
              .service()
              .rollouts()
              .devices(
                  FleetModel.OWNER,
                  rollout.id(),
                  RolloutQuery.<RolloutDeviceState>all().page(from, 1_000))
              .devices());
    }
    return all;
  }

  @Test
  void theSameSeedGivesTheSameTimelineAndAnotherOneAnother() {
    List<Sample> once = samples(7);
    assertThat(samples(7)).isEqualTo(once);
    assertThat(samples(8)).isNotEqualTo(once);
  }

  private static List<Sample> samples(long seed) {
    FleetModel model =
        new FleetModel(
            300,
            List.of(new FleetModel.Weight("1.0.0", 1)),
            Range.of("20h..24h"),
            Range.of("1m"),
            new FleetModel.Shares(0.02, 0.01, 0),
            seed);
    List<Sample> samples = new ArrayList<>();
    try (Simulation simulation = new Simulation(scenario(model, PlanFile.standard()))) {
      Rollout unused = simulation.run(samples::add);
    }
    return samples;
  }
}
