package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.GroupOtaService;
import io.groupota.OtaUpdate;
import io.groupota.Token;
import io.groupota.UpdateCode;
import io.groupota.rollout.DeviceLimits;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Pace;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.Addressing;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A device asks for the version, and a moment later for the file: it gets the file of that version,
 * whatever its rollout did in between, and whichever of two nodes it asks.
 */
public abstract class RolloutAgreementContract extends RolloutServiceContract {
  private GroupOtaService other;

  /** For subclasses. */
  protected RolloutAgreementContract() {}

  private static Token token(DeviceId device) {
    return Token.of("token" + Long.parseLong(device.value(), 16));
  }

  @BeforeEach
  final void startAnotherNode() {
    other = build(builder());
  }

  private Optional<String> downloads(DeviceId device) {
    Optional<String> version = downloads(service, device);
    assertThat(downloads(other, device)).as("on the other node").isEqualTo(version);
    return version;
  }

  private static Optional<String> downloads(GroupOtaService node, DeviceId device) {
    return node.download(device, token(device)).map(download -> download.update().version());
  }

  private Optional<String> toldByTheOther(DeviceId device) {
    return other.served(device).map(OtaUpdate::version);
  }

  /** What a device is told, then something moves, then it downloads. */
  private void assertAgrees(DeviceId device, String version, Runnable moves) {
    assertThat(toldByTheOther(device)).as("before that").isPresent();
    assertThat(told(device)).contains(version);
    moves.run();
    clock.advance(Duration.ofSeconds(2));
    assertThat(downloads(device)).contains(version);
    for (GroupOtaService node : List.of(service, other)) {
      byte[] bytes = read(node.download(device, token(device)).orElseThrow());
      assertThat(same(bytes, firmware(version))).isTrue();
    }
  }

  private RolloutId begin() {
    fleet(6);
    RolloutId id = start(stages(Gate.ALL_PROVEN, 50, 100).devices(limits(1)));
    run();
    return id;
  }

  private DeviceId inFlight(RolloutId id) {
    return in(id, RolloutDeviceState.TRIGGERED).get(0);
  }

  private DeviceId queued(RolloutId id) {
    return in(id, RolloutDeviceState.QUEUED).get(0);
  }

  @Test
  final void whenADeviceIsLetThrough() {
    fleet(6);
    deploy("1.1.0");
    run();
    RolloutId id = start(stages(Gate.ALL_PROVEN, 100).pace(Pace.constant(60_000, 1)));
    run();
    DeviceId one = inFlight(id);
    DeviceId next = queued(id);
    assertAgrees(
        next,
        "1.1.0",
        () -> {
          service.rollouts().changePace(OWNER, id, Pace.UNLIMITED);
          report(List.of(one), "2.0.0");
          assertThat(device(id, next).state()).isEqualTo(RolloutDeviceState.TRIGGERED);
        });
    clock.advance(Duration.ofMinutes(5));
    assertThat(downloads(next)).as("long after that").contains("2.0.0");
  }

  @Test
  final void whenADeviceIsLate() {
    RolloutId id = begin();
    run(Duration.ofSeconds(50));
    DeviceId device = inFlight(id);
    assertAgrees(
        device,
        "2.0.0",
        () -> {
          run(Duration.ofSeconds(20));
          assertThat(device(id, device).state()).isEqualTo(RolloutDeviceState.RETRYING);
        });
  }

  @Test
  final void whenADeviceFails() {
    RolloutId id = begin();
    DeviceId device = inFlight(id);
    assertAgrees(device, "2.0.0", () -> code(List.of(device), UpdateCode.FAILED));
  }

  @Test
  final void whenADeviceSaysThatItHasNoRoom() {
    RolloutId id = begin();
    DeviceId device = inFlight(id);
    assertAgrees(
        device,
        "2.0.0",
        () -> {
          service.report(DeviceReport.freeSpace(device, 1));
          run();
          assertThat(device(id, device).state()).isEqualTo(RolloutDeviceState.REJECTED);
        });
  }

  @Test
  final void whenTheRolloutIsCanceled() {
    RolloutId id = begin();
    assertAgrees(
        inFlight(id),
        "2.0.0",
        () -> {
          service.rollouts().cancel(OWNER, id);
          run();
        });
    assertThat(downloads(in(id, RolloutDeviceState.CANCELED).get(0))).contains("1.0.0");
  }

  @Test
  final void whenTheRolloutIsPausedBeforeTheTriggerOfADeviceIsSent() {
    fleet(6);
    RolloutId id =
        start(
            stages(HALF, 100)
                .devices(
                    new DeviceLimits(
                        Duration.ofMinutes(5),
                        Duration.ofMinutes(5),
                        0,
                        Duration.ofMinutes(1),
                        Duration.ofMinutes(1),
                        Duration.ofHours(1))));
    run();
    DeviceId device = in(id, RolloutDeviceState.ADMITTED).get(0);
    assertAgrees(
        device,
        "2.0.0",
        () -> {
          service.rollouts().pause(OWNER, id);
          service.report(DeviceReport.freeSpace(device, 1 << 20));
          run();
          assertThat(device(id, device).state()).isEqualTo(RolloutDeviceState.QUEUED);
          assertThat(device(id, device).attempts()).as("it did not begin").isZero();
        });
  }

  @Test
  final void whenTheRolloutIsRolledBack() {
    RolloutId id = begin();
    DeviceId device = inFlight(id);
    assertAgrees(
        device,
        "2.0.0",
        () -> {
          service.rollouts().rollBack(OWNER, id, Optional.empty());
          run();
        });
    clock.advance(Duration.ofMinutes(5));
    assertThat(downloads(device)).contains("1.0.0");
    assertAgrees(device, "1.0.0", () -> {});
  }

  @Test
  final void whenAnotherFirmwareIsDeployed() {
    RolloutId id = begin();
    DeviceId device = inFlight(id);
    DeviceId waiting = queued(id);
    assertAgrees(device, "2.0.0", () -> deploy("3.0.0"));
    assertThat(downloads(waiting)).as("it has not asked for a version").contains("3.0.0");
  }

  @Test
  final void whenADeviceReportsWhatItHadToPassThrough() {
    service.deploy(request("1.4.0").asMustPassThrough());
    clock.advance(Duration.ofMinutes(1));
    RolloutId id = begin();
    DeviceId device = inFlight(id);
    assertAgrees(device, "1.4.0", () -> report(List.of(device), "1.4.0"));
    assertAgrees(device, "2.0.0", () -> report(List.of(device), "1.4.0"));
  }

  @Test
  final void theLastAnswerCountsWhicheverNodeGaveIt() {
    RolloutId id = begin();
    DeviceId device = inFlight(id);
    assertThat(told(device)).contains("2.0.0");
    service.rollouts().rollBack(OWNER, id, Optional.empty());
    run(Duration.ofSeconds(2));
    assertThat(downloads(device)).as("it knows no better").contains("2.0.0");
    assertThat(toldByTheOther(device)).contains("1.0.0");
    assertThat(downloads(device)).contains("1.0.0");
  }

  @Test
  final void aDeviceThatStaysAwayForLongIsToldAnew() {
    RolloutId id = begin();
    DeviceId device = inFlight(id);
    assertThat(told(device)).contains("2.0.0");
    service.rollouts().rollBack(OWNER, id, Optional.empty());
    run();
    clock.advance(Duration.ofSeconds(118));
    assertThat(downloads(device)).contains("2.0.0");
    clock.advance(Duration.ofSeconds(1));
    assertThat(downloads(device)).contains("1.0.0");
  }

  @Test
  final void aDeviceThatAsksAllTheTimeIsToldForLonger() {
    RolloutId id = begin();
    DeviceId device = inFlight(id);
    assertThat(told(device)).contains("2.0.0");
    clock.advance(Duration.ofSeconds(100));
    assertAgrees(
        device,
        "2.0.0",
        () -> {
          service.rollouts().rollBack(OWNER, id, Optional.empty());
          run(Duration.ofSeconds(55));
        });
  }

  @Test
  final void afterARolloutADeviceDownloadsWhatItsGroupServes() {
    RolloutId id = begin();
    DeviceId device = inFlight(id);
    assertThat(told(device)).contains("2.0.0");
    deploy("3.0.0");
    clock.advance(Duration.ofSeconds(100));
    assertThat(told(device)).contains("3.0.0");
    clock.advance(Duration.ofSeconds(50));
    deploy("4.0.0");
    clock.advance(Duration.ofSeconds(2));
    assertThat(toldByTheOther(device)).contains("4.0.0");
    assertThat(downloads(device)).contains("4.0.0");
  }

  @Test
  final void allWithinOneMomentOfTheClock() {
    fleet(1);
    DeviceId device = device(1);
    assertThat(told(device)).contains("1.0.0");
    start(stages(Gate.ALL_PROVEN, 100));
    assertThat(told(device)).contains("1.0.0");
    deploy("3.0.0");
    assertThat(downloads(service, device)).contains("1.0.0");
    assertThat(told(device)).contains("3.0.0");
    assertThat(downloads(service, device)).contains("3.0.0");
  }

  @Test
  final void aDeviceThatRunsTheTargetCostsNoWrite() {
    RolloutId id = begin();
    DeviceId device = inFlight(id);
    report(List.of(device), "2.0.0");
    assertThat(told(device)).contains("2.0.0");
    assertThat(repository.offer(device)).isEmpty();
    DeviceId next = inFlight(id);
    assertThat(told(next)).contains("2.0.0");
    assertThat(repository.offer(next)).isPresent();
  }

  @Test
  final void aDeviceThatHasNothingToGoBackToIsToldNothing() {
    registry.saveDevices(List.of(member(1, GROUP)));
    DeviceId device = device(1);
    report(1, "0.9.0");
    start(stages(Gate.ALL_PROVEN, 100).devices(ONCE));
    run();
    assertAgrees(device, "2.0.0", () -> code(List.of(device), UpdateCode.FAILED));
    assertThat(told(device)).isEmpty();
    assertThat(downloads(device)).isEmpty();
  }

  @Test
  final void aDeviceThatChangesItsGroupTakesNothingAlong() {
    secondGroup();
    RolloutId id = begin();
    DeviceId device = inFlight(id);
    assertThat(told(device)).contains("2.0.0");
    registry.saveDevices(List.of(member(Integer.parseInt(device.value(), 16), SECOND)));
    clock.advance(Duration.ofSeconds(2));
    assertThat(downloads(device)).isEmpty();
  }

  @Test
  final void aWrongTokenGetsNothingThatWasToldToADevice() {
    RolloutId id = begin();
    DeviceId device = inFlight(id);
    assertThat(told(device)).contains("2.0.0");
    assertThat(service.download(device, Token.of("wrong"))).isEmpty();
  }

  @Test
  final void devicesThatAreAddressedByTheirGroupAgreeWithWhatItServes() {
    deploy("1.0.0");
    for (int i = 1; i <= 3; i++) {
      addDevice(i, "u1", Addressing.GROUP);
      report(i, "1.0.0");
    }
    RolloutId id = start(stages(HALF, 100));
    run();
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("2.0.0");
    assertThat(same(servedBytes(), firmware("2.0.0"))).isTrue();
    service.rollouts().rollBack(OWNER, id, Optional.empty());
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("1.0.0");
    assertThat(same(servedBytes(), firmware("1.0.0"))).isTrue();
  }
}
