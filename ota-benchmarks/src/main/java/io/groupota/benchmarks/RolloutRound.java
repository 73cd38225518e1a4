package io.groupota.benchmarks;

import io.groupota.DeployRequest;
import io.groupota.GroupOtaService;
import io.groupota.firmware.FirmwareSource;
import io.groupota.rollout.DeviceLimits;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Pace;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutCounts;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.RolloutState;
import io.groupota.rollout.Schedule;
import io.groupota.rollout.Stage;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Takes one large group through the first stage of a rollout, over and over. What was written
 * before is on the disk and cleaned up when a part begins, as with the limit. One thread.
 */
final class RolloutRound {
  static final String VERSION = "1.3.0";
  static final double PERCENT = 10;

  /** Nobody is triggered while the stage is let through: that is measured on its own. */
  private static final Duration JITTER = Duration.ofDays(366);

  private static final String FORGET =
      "TRUNCATE ota_rollout, ota_rollout_group, ota_rollout_hold, ota_rollout_device,"
          + " ota_rollout_count";

  private static final String DUE_NOW =
      "UPDATE ota_rollout_device SET due = now(), since = since - INTERVAL '366 days'"
          + " WHERE state = 'ADMITTED'";

  private final GroupOtaService service;
  private final CountingNotifier notifier;
  private final Database database;
  private final Fleet fleet;
  private final int devices;

  /**
   * How long a round takes, in seconds.
   *
   * @param join until all devices are in
   * @param step until the first stage is let through
   * @param triggers until it is triggered
   */
  record Seconds(double join, double step, double triggers) {
    /** What lies between two rounds. */
    Seconds mean(Seconds other) {
      return new Seconds(
          (join + other.join) / 2, (step + other.step) / 2, (triggers + other.triggers) / 2);
    }
  }

  RolloutRound(
      GroupOtaService service,
      CountingNotifier notifier,
      Database database,
      Fleet fleet,
      int devices) {
    this.service = service;
    this.notifier = notifier;
    this.database = database;
    this.fleet = fleet;
    this.devices = devices;
  }

  /** How many devices the stage has. */
  int stage() {
    return (int) (devices * PERCENT / 100);
  }

  /** Takes the devices in; the rollouts of earlier rounds are gone before. */
  double join() throws Exception {
    database.execute(FORGET);
    database.settle();
    Rollout opened = service.rollouts().deploy(request(), Map.of(), plan());
    double seconds = Timing.seconds(service::runOnce);
    Rollout rollout = service.rollouts().get(fleet.owner(), opened.id());
    require(rollout, RolloutState.SCHEDULED, RolloutDeviceState.QUEUED, devices);
    requireStage(rollout);
    return seconds;
  }

  private DeployRequest request() {
    return DeployRequest.of(
        fleet.owner(),
        fleet.group(0).value(),
        fleet.token(0).value(),
        VERSION,
        FirmwareSource.bytes(new byte[] {1}));
  }

  private static RolloutPlan plan() {
    DeviceLimits limits = DeviceLimits.DEFAULT;
    return RolloutPlan.builder()
        .stage(Stage.percent(PERCENT, Gate.ALL_PROVEN))
        .stage(Stage.everyone())
        .pace(Pace.UNLIMITED)
        .schedule(new Schedule(true, Optional.empty(), Optional.empty()))
        .devices(
            new DeviceLimits(
                limits.reactWithin(),
                limits.finishWithin(),
                limits.retries(),
                limits.backoff(),
                limits.maxBackoff(),
                JITTER))
        .build();
  }

  /** Lets the first stage of the rollout through. */
  double step() throws Exception {
    Rollout rollout = only();
    database.settle();
    double seconds =
        Timing.seconds(
            () -> {
              service.rollouts().start(fleet.owner(), rollout.id());
              service.runOnce();
            });
    RolloutCounts counts = only().counts();
    long through = counts.in(RolloutDeviceState.ADMITTED) + counts.in(RolloutDeviceState.TRIGGERED);
    if (through != stage() || counts.in(RolloutDeviceState.QUEUED) != devices - stage()) {
      throw new IllegalStateException("The stage is not let through: " + counts.byState());
    }
    return seconds;
  }

  /** Triggers the devices that are let through. */
  double trigger() throws Exception {
    database.execute(DUE_NOW);
    // A hundred thousand rows that were moved within a moment: no database of a host has those.
    database.settle();
    double seconds = Timing.seconds(service::runOnce);
    notifier.require(stage());
    require(only(), RolloutState.RUNNING, RolloutDeviceState.TRIGGERED, stage());
    return seconds;
  }

  private Rollout only() {
    List<Rollout> rollouts =
        service
            .rollouts()
            .list(fleet.owner(), RolloutQuery.<RolloutState>all().page(0, 2))
            .rollouts();
    if (rollouts.size() != 1) {
      throw new IllegalStateException("There are " + rollouts.size() + " rollouts");
    }
    return rollouts.get(0);
  }

  private static void require(
      Rollout rollout, RolloutState state, RolloutDeviceState device, long count) {
    if (rollout.state() != state || rollout.counts().in(device) != count) {
      throw new IllegalStateException(
          "The rollout is " + rollout.state() + " with " + rollout.counts().byState());
    }
  }

  private void requireStage(Rollout rollout) throws SQLException {
    long first = rollout.counts().upTo(0).devices();
    long rows = database.count("SELECT COUNT(*) FROM ota_rollout_device WHERE stage = 0");
    if (first != stage() || rows != first) {
      throw new IllegalStateException("The first stage counts " + first + " and has " + rows);
    }
  }
}
