package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OtaUpdate;
import io.groupota.Token;
import io.groupota.firmware.FirmwareSource;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.UpdateTrigger;
import io.groupota.testkit.SettableClock;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * A fleet that runs 1.0.0, a rollout of 2.0.0, and two nodes on one repository. Whatever changes
 * the states of devices is looked at right after it.
 */
final class RolloutWorld implements AutoCloseable {
  static final String OLD = "1.0.0";
  static final String TARGET = "2.0.0";
  private static final int LATE = 50;

  private final SettableClock clock = SettableClock.at(Instant.parse("2026-01-01T00:00:00Z"));
  private final InMemoryOtaRepository repository = new InMemoryOtaRepository(clock);
  private final InMemoryGroupRegistry registry = new InMemoryGroupRegistry();
  private final List<GroupOtaService> nodes = new ArrayList<>();
  private final int cap;
  private final RolloutId id;
  private Map<DeviceId, RolloutDeviceState> seen = new TreeMap<>();
  private int late;

  RolloutWorld(int devices, RolloutPlan plan) {
    cap = plan.pace().inFlight().orElse(Integer.MAX_VALUE);
    registry.saveGroups(
        List.of(
            new Group(
                ServiceContract.GROUP,
                ServiceContract.OWNER,
                Token.of(ServiceContract.TOKEN),
                "cooling")));
    InMemoryBlobStore blobs = new InMemoryBlobStore();
    for (int i = 0; i < 2; i++) {
      nodes.add(
          GroupOta.builder()
              .repository(watched())
              .blobStore(blobs)
              .groups(registry)
              .notifier(this::onTrigger)
              .clock(clock)
              .lastSeenInterval(Duration.ofMillis(1))
              .build());
    }
    nodes.get(0).deploy(request(OLD));
    for (int i = 1; i <= devices; i++) {
      join(i);
      report(0, DeviceReport.version(ServiceContract.device(i), OLD));
    }
    nodes.get(0).runOnce();
    id = nodes.get(0).rollouts().deploy(request(TARGET), Map.of(), plan).id();
    run(0);
  }

  private static DeployRequest request(String version) {
    return DeployRequest.of(
        ServiceContract.OWNER,
        ServiceContract.GROUP.value(),
        ServiceContract.TOKEN,
        version,
        FirmwareSource.bytes(ServiceContract.firmware(version)));
  }

  private void join(int number) {
    registry.saveDevices(
        List.of(
            new Device(
                ServiceContract.device(number),
                Token.of("token" + number),
                Optional.of(ServiceContract.GROUP),
                "u1",
                Addressing.DEVICE)));
  }

  void joinLate() {
    join(LATE + late++);
  }

  void report(int node, DeviceReport report) {
    assertThat(nodes.get(node).report(report)).isTrue();
  }

  void run(int node) {
    nodes.get(node).runOnce();
  }

  void pass(Duration time) {
    clock.advance(time);
  }

  RolloutId id() {
    return id;
  }

  GroupOtaService node(int node) {
    return nodes.get(node);
  }

  Rollout rollout() {
    return nodes.get(0).rollouts().get(ServiceContract.OWNER, id);
  }

  List<RolloutDevice> devices() {
    return nodes
        .get(0)
        .rollouts()
        .devices(ServiceContract.OWNER, id, RolloutQuery.<RolloutDeviceState>all().page(0, 1_000))
        .devices();
  }

  Map<DeviceId, RolloutDeviceState> states() {
    Map<DeviceId, RolloutDeviceState> states = new TreeMap<>();
    devices().forEach(device -> states.put(device.device(), device.state()));
    return states;
  }

  private CompletableFuture<Void> onTrigger(UpdateTrigger trigger) {
    if (trigger.version().equals(TARGET)) {
      Rollout rollout = rollout();
      RolloutDevice device =
          devices().stream()
              .filter(one -> trigger.device().equals(Optional.of(one.device())))
              .findFirst()
              .orElseThrow();
      assertThat(device.stage()).as("%s is triggered", device).isLessThanOrEqualTo(rollout.stage());
      assertThat(device.state().isInFlight() || isLeft(rollout, device))
          .as("%s is triggered", device)
          .isTrue();
    }
    return CompletableFuture.completedFuture(null);
  }

  /** Those that a rollout has left behind when it was completed, and that fell back since. */
  private static boolean isLeft(Rollout rollout, RolloutDevice device) {
    return rollout.state() == RolloutState.COMPLETED
        && switch (device.state()) {
          case TIMED_OUT -> true;
          case FELL_BACK -> !device.since().isBefore(rollout.endedAt().orElseThrow());
          default -> false;
        };
  }

  /** The repository, which checks each change of states. */
  private OtaRepository watched() {
    return (OtaRepository)
        Proxy.newProxyInstance(
            OtaRepository.class.getClassLoader(),
            new Class<?>[] {OtaRepository.class},
            (proxy, method, args) -> {
              try {
                Object result = method.invoke(repository, args);
                String name = method.getName();
                if (id() != null && (name.equals("move") || name.equals("advance"))) {
                  look();
                }
                return result;
              } catch (InvocationTargetException e) {
                throw Optional.ofNullable(e.getCause()).orElse(e);
              }
            });
  }

  private void look() {
    Map<DeviceId, RolloutDeviceState> now = states();
    now.forEach(
        (device, state) -> {
          RolloutDeviceState before = seen.getOrDefault(device, state);
          assertThat(before == state || before.next().contains(state))
              .as("%s goes from %s to %s", device, before, state)
              .isTrue();
        });
    seen = now;
    assertThat(rollout().counts().inFlight()).isLessThanOrEqualTo(cap);
  }

  void assertConsistent() {
    Rollout rollout = rollout();
    Map<RolloutDeviceState, Long> counted = new EnumMap<>(RolloutDeviceState.class);
    List<RolloutDevice> devices = devices();
    devices.forEach(device -> counted.merge(device.state(), 1L, Long::sum));
    assertThat(rollout.counts().byState()).isEqualTo(counted);
    for (int stage = 0; stage < rollout.plan().stages().size(); stage++) {
      int last = stage;
      assertThat(rollout.counts().upTo(stage).devices())
          .isEqualTo(devices.stream().filter(device -> device.stage() <= last).count());
    }
    assertThat(rollout.counts().inFlight()).isLessThanOrEqualTo(cap);
    if (rollout.state() != RolloutState.COMPLETED) {
      devices.forEach(device -> assertToldNoMoreThanItsStage(device, rollout));
    }
  }

  private void assertToldNoMoreThanItsStage(RolloutDevice device, Rollout rollout) {
    boolean target =
        nodes.get(1).served(device.device()).map(OtaUpdate::version).equals(Optional.of(TARGET));
    assertThat(target)
        .as("whether %s is told the target in stage %d", device, rollout.stage())
        .isEqualTo(device.state().isLetThrough());
    boolean mayBe =
        device.stage() <= rollout.stage() || device.state() == RolloutDeviceState.UPDATED;
    assertThat(target && !mayBe).as("%s is told in stage %d", device, rollout.stage()).isFalse();
  }

  @Override
  public void close() {
    nodes.forEach(GroupOtaService::close);
  }
}
