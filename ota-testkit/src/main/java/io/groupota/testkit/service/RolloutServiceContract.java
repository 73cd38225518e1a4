package io.groupota.testkit.service;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.Token;
import io.groupota.UpdateCode;
import io.groupota.event.Deployed;
import io.groupota.event.OtaEvent;
import io.groupota.event.RolloutChanged;
import io.groupota.event.RolloutDeviceChanged;
import io.groupota.rollout.DeviceLimits;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.Stage;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** What the contracts of staged rollouts share: a fleet whose devices are played by the test. */
public abstract class RolloutServiceContract extends ServiceContract {
  static final Gate HALF = new Gate(50, Duration.ZERO, false);
  static final GroupId SECOND = new GroupId("5e1b76bc4315b70eb242567b");
  static final String SECOND_TOKEN = "BATluvfLURijoH9e";

  /** A minute for each step, no second attempt. */
  static final DeviceLimits ONCE = limits(0);

  final List<OtaEvent> events = new CopyOnWriteArrayList<>();

  /** For subclasses. */
  protected RolloutServiceContract() {}

  static DeviceLimits limits(int retries) {
    return new DeviceLimits(
        Duration.ofMinutes(1),
        Duration.ofMinutes(1),
        retries,
        Duration.ofMinutes(1),
        Duration.ofMinutes(3),
        Duration.ZERO);
  }

  /** Devices that are addressed by themselves and run 1.0.0, which their group serves. */
  void fleet(int devices) {
    deploy("1.0.0");
    List<Device> all = new ArrayList<>();
    for (int i = 1; i <= devices; i++) {
      all.add(member(i, GROUP));
    }
    registry.saveDevices(all);
    for (int i = 1; i <= devices; i++) {
      report(i, "1.0.0");
    }
    service.runOnce();
    triggers.clear();
  }

  static Device member(int number, GroupId group) {
    return new Device(
        device(number), Token.of("token" + number), Optional.of(group), "u1", Addressing.DEVICE);
  }

  void secondGroup() {
    registry.saveGroups(List.of(new Group(SECOND, OWNER, Token.of(SECOND_TOKEN), "heating")));
  }

  static RolloutPlan.Builder stages(Gate gate, double... percents) {
    RolloutPlan.Builder plan = RolloutPlan.builder();
    for (double percent : percents) {
      plan.stage(Stage.percent(percent, gate));
    }
    return plan;
  }

  RolloutId start(RolloutPlan.Builder plan) {
    return start("2.0.0", plan);
  }

  RolloutId start(String version, RolloutPlan.Builder plan) {
    return service.rollouts().deploy(request(version), Map.of(), plan.build()).id();
  }

  RolloutId startInBothGroups(RolloutPlan.Builder plan) {
    return service
        .rollouts()
        .deploy(request("2.0.0"), Map.of(SECOND, Token.of(SECOND_TOKEN)), plan.build())
        .id();
  }

  void run() {
    run(Duration.ofSeconds(1));
  }

  void run(Duration later) {
    clock.advance(later);
    service.runOnce();
  }

  void runAt(Instant time) {
    clock.set(time);
    service.runOnce();
  }

  /** So often that whatever follows from what is known has happened. */
  void settle() {
    for (int i = 0; i < 4; i++) {
      run();
    }
  }

  Rollout rollout(RolloutId id) {
    return service.rollouts().get(OWNER, id);
  }

  List<RolloutDevice> devices(RolloutId id) {
    return service
        .rollouts()
        .devices(OWNER, id, RolloutQuery.<RolloutDeviceState>all().page(0, 1_000))
        .devices();
  }

  RolloutDevice device(RolloutId id, DeviceId device) {
    return devices(id).stream()
        .filter(one -> one.device().equals(device))
        .findFirst()
        .orElseThrow();
  }

  List<DeviceId> triggeredOf(RolloutId id) {
    return in(id, RolloutDeviceState.TRIGGERED);
  }

  List<DeviceId> in(RolloutId id, RolloutDeviceState state) {
    return devices(id).stream()
        .filter(device -> device.state() == state)
        .map(RolloutDevice::device)
        .toList();
  }

  List<DeviceId> upTo(RolloutId id, int stage) {
    return devices(id).stream()
        .filter(device -> device.stage() <= stage)
        .map(RolloutDevice::device)
        .toList();
  }

  void report(List<DeviceId> devices, String version) {
    devices.forEach(device -> service.report(DeviceReport.version(device, version)));
    run();
  }

  void code(List<DeviceId> devices, UpdateCode code) {
    devices.forEach(device -> service.report(DeviceReport.code(device, code)));
    run();
  }

  Optional<String> told(DeviceId device) {
    return service.served(device).map(OtaUpdate::version);
  }

  List<DeviceId> triggered() {
    return triggers.stream().flatMap(trigger -> trigger.device().stream()).sorted().toList();
  }

  /** Hears of events from now on. */
  void listen() {
    service = build(builder().listener(events::add));
  }

  List<Deployed> deployed() {
    return events.stream().filter(Deployed.class::isInstance).map(Deployed.class::cast).toList();
  }

  List<RolloutChanged> changes() {
    return events.stream()
        .filter(RolloutChanged.class::isInstance)
        .map(RolloutChanged.class::cast)
        .toList();
  }

  List<RolloutDeviceChanged> moves() {
    return events.stream()
        .filter(RolloutDeviceChanged.class::isInstance)
        .map(RolloutDeviceChanged.class::cast)
        .toList();
  }
}
