package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.GroupId;
import io.groupota.GroupOtaService;
import io.groupota.InvalidRequestException;
import io.groupota.NoSuchGroupException;
import io.groupota.OtaUpdate;
import io.groupota.Token;
import io.groupota.UpdateCode;
import io.groupota.firmware.FirmwareSource;
import io.groupota.rollout.DeviceLimits;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Guards;
import io.groupota.rollout.Pace;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutReason;
import io.groupota.rollout.RolloutState;
import io.groupota.rollout.Selector;
import io.groupota.rollout.Stage;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which devices a stage takes, and which ones are kept out or brought on a detour. */
public abstract class RolloutMemberContract extends RolloutServiceContract {
  private static final int DEVICES = 20;

  /** For subclasses. */
  protected RolloutMemberContract() {}

  private static long place(RolloutId id, DeviceId device) {
    try {
      byte[] text = (id + "/" + device).getBytes(StandardCharsets.US_ASCII);
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(text);
      return ByteBuffer.wrap(hash).getLong() & Long.MAX_VALUE;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** As {@link Selector} documents it. */
  private static List<DeviceId> lowest(RolloutId id, int devices, int of) {
    List<DeviceId> all = new ArrayList<>();
    for (int i = 1; i <= of; i++) {
      all.add(device(i));
    }
    all.sort(Comparator.comparingLong(device -> place(id, device)));
    return all.subList(0, devices).stream().sorted().toList();
  }

  private static RolloutPlan.Builder first(Selector... selectors) {
    RolloutPlan.Builder plan = RolloutPlan.builder();
    for (Selector selector : selectors) {
      plan.stage(new Stage(selector, HALF));
    }
    return plan.stage(Stage.everyone());
  }

  private void stageDone(RolloutId id) {
    report(in(id, RolloutDeviceState.TRIGGERED), "2.0.0");
  }

  @Test
  final void membershipFollowsFromTheHashOfRolloutAndDeviceAndARestartChangesNothing() {
    fleet(DEVICES);
    RolloutId id = start(stages(Gate.ALL_PROVEN, 10, 25, 100));
    run();
    List<DeviceId> one = in(id, RolloutDeviceState.TRIGGERED);
    assertThat(one).isEqualTo(lowest(id, 2, DEVICES));
    List<RolloutDevice> before = devices(id);
    service.close();
    service = build(builder());
    run();
    assertThat(devices(id)).isEqualTo(before);
    stageDone(id);
    List<DeviceId> two = new ArrayList<>(in(id, RolloutDeviceState.TRIGGERED));
    two.addAll(one);
    assertThat(two).as("contains the first stage").hasSameElementsAs(lowest(id, 5, DEVICES));
    assertThat(upTo(id, 1)).isEqualTo(lowest(id, 5, DEVICES));
  }

  @Test
  final void anotherRolloutChoosesOthers() {
    fleet(DEVICES);
    RolloutId id = start(stages(HALF, 25, 100));
    run();
    RolloutId other = start("2.1.0", stages(HALF, 25, 100));
    run();
    assertThat(upTo(id, 0)).hasSize(5).isEqualTo(lowest(id, 5, DEVICES));
    assertThat(upTo(other, 0)).hasSize(5).isEqualTo(lowest(other, 5, DEVICES));
  }

  @Test
  final void aStageTakesANumberOfDevices() {
    fleet(DEVICES);
    RolloutId id = start(first(new Selector.Count(3), new Selector.Count(7)));
    run();
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).isEqualTo(lowest(id, 3, DEVICES));
    stageDone(id);
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(4);
    assertThat(upTo(id, 1)).isEqualTo(lowest(id, 7, DEVICES));
    stageDone(id);
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(13);
  }

  @Test
  final void aStageTakesNamedDevices() {
    fleet(DEVICES);
    RolloutId id = start(first(new Selector.Named(Set.of(device(7), device(3)))));
    run();
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).containsExactly(device(3), device(7));
    assertThatThrownBy(() -> start(first(new Selector.Named(Set.of(device(7), device(77))))))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining(device(77).value());
    stageDone(id);
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(18);
  }

  @Test
  final void aStageTakesDevicesWithAnAttributeAlsoThoseThatJoinLate() {
    fleet(6);
    registry.saveDevices(List.of(labelled(1, "lab"), labelled(2, "field"), labelled(3, "lab")));
    RolloutId id = start(first(new Selector.WithAttribute("site", "lab")));
    run();
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).containsExactly(device(1), device(3));
    registry.saveDevices(List.of(labelled(8, "lab"), labelled(9, "field")));
    told(device(8));
    told(device(9));
    run();
    assertThat(upTo(id, 0)).containsExactly(device(1), device(3), device(8));
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).contains(device(8)).doesNotContain(device(9));
  }

  @Test
  final void whoeverAPercentageLeavesOutComesIntoTheStageOfItsNameOrAttribute() {
    deploy("1.0.0");
    Set<DeviceId> named = Set.of(device(1), device(2));
    registry.saveDevices(List.of(member(1, GROUP), member(2, GROUP), member(3, GROUP)));
    RolloutId id =
        start(
            first(
                new Selector.Percent(50),
                new Selector.WithAttribute("site", "lab"),
                new Selector.Named(named)));
    // More than half of all devices are in the lower half of the range.
    List<Device> lab =
        IntStream.iterate(10, i -> i + 1)
            .filter(i -> place(id, device(i)) < 1L << 62)
            .limit(13)
            .mapToObj(i -> labelled(i, "lab"))
            .toList();
    registry.saveDevices(lab);
    run();
    List<DeviceId> byPlace =
        devices(id).stream()
            .map(RolloutDevice::device)
            .sorted(Comparator.comparingLong(device -> place(id, device)))
            .toList();
    assertThat(byPlace).hasSize(16);
    Set<DeviceId> labelled = lab.stream().map(Device::id).collect(Collectors.toSet());
    assertThat(devices(id))
        .allSatisfy(
            device -> {
              boolean low = byPlace.indexOf(device.device()) < 8;
              int own =
                  labelled.contains(device.device()) ? 1 : named.contains(device.device()) ? 2 : 3;
              assertThat(device.stage()).isEqualTo(low ? 0 : own);
            });
  }

  private static Device labelled(int number, String site) {
    return new Device(
        device(number),
        Token.of("token" + number),
        Optional.of(GROUP),
        "u1",
        Addressing.DEVICE,
        Map.of("site", site));
  }

  /** Five devices in each of two groups, of which three are addressed by their group. */
  private void twoGroups() {
    secondGroup();
    deploy("1.0.0");
    service.deploy(
        DeployRequest.of(
            OWNER, SECOND.value(), SECOND_TOKEN, "1.1.0", FirmwareSource.bytes(firmware("1.1.0"))));
    for (int i = 1; i <= 10; i++) {
      GroupId group = i <= 5 ? GROUP : SECOND;
      Addressing addressing = i % 5 < 2 ? Addressing.DEVICE : Addressing.GROUP;
      registry.saveDevices(
          List.of(
              new Device(device(i), Token.of("token" + i), Optional.of(group), "u1", addressing)));
      report(i, i <= 5 ? "1.0.0" : "1.1.0");
    }
    service.runOnce();
    triggers.clear();
  }

  @Test
  final void aWholeGroupIsTheCanaryOfDevicesThatAreAddressedByTheirGroups() {
    twoGroups();
    RolloutId id =
        startInBothGroups(
            RolloutPlan.builder()
                .stage(new Stage(new Selector.WholeGroups(Set.of(SECOND)), Gate.ALL_PROVEN))
                .stage(Stage.everyone()));
    run();
    assertThat(service.served(SECOND).map(OtaUpdate::version)).contains("2.0.0");
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("1.0.0");
    assertThat(told(device(1))).contains("1.0.0");
    List<DeviceId> second = in(id, RolloutDeviceState.TRIGGERED);
    assertThat(second).hasSize(5).allMatch(device -> device.compareTo(device(6)) >= 0);
    assertThat(triggers).allMatch(trigger -> trigger.group().equals(SECOND));
    report(second.subList(0, 4), "2.0.0");
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("1.0.0");
    report(second, "2.0.0");
    run();
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("2.0.0");
    stageDone(id);
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
  }

  @Test
  final void severalGroupsOfAnOwnerShareStagesAndEachGoesBackToItsOwn() {
    twoGroups();
    RolloutId id = startInBothGroups(stages(Gate.ALL_PROVEN, 50, 100));
    run();
    assertThat(rollout(id).groups()).hasSize(2);
    assertThat(in(id, RolloutDeviceState.TRIGGERED))
        .as("half of 4 that can be told apart")
        .hasSize(2);
    stageDone(id);
    run();
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(8);
    assertThat(service.served(SECOND).map(OtaUpdate::version)).contains("2.0.0");
    service.rollouts().rollBack(OWNER, id, Optional.empty());
    run();
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("1.0.0");
    assertThat(service.served(SECOND).map(OtaUpdate::version)).contains("1.1.0");
    assertThat(told(device(1))).contains("1.0.0");
    assertThat(told(device(6))).contains("1.1.0");
  }

  @Test
  final void theTokenOfEachGroupIsChecked() {
    twoGroups();
    RolloutPlan plan = stages(HALF, 100).build();
    assertThatThrownBy(
            () ->
                service
                    .rollouts()
                    .deploy(request("2.0.0"), Map.of(SECOND, Token.of("wrong")), plan))
        .isInstanceOf(NoSuchGroupException.class);
    run();
    assertThat(told(device(1))).contains("1.0.0");
  }

  @Test
  final void aConstraintRestrictsWhoIsEligible() {
    fleet(5);
    report(1, "1.1.9");
    report(2, "1.2.0");
    report(3, "1.9.9");
    report(4, "no version");
    registry.saveDevices(List.of(member(6, GROUP)));
    run();
    Guards guards = new Guards(false, Optional.of(">=1.2.0 & <2.0.0"));
    RolloutId id = start(stages(HALF, 100).guards(guards));
    run();
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).containsExactly(device(2), device(3));
    assertThat(in(id, RolloutDeviceState.EXCLUDED))
        .containsExactly(device(1), device(4), device(5), device(6));
    stageDone(id);
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
    assertThat(told(device(1))).contains("1.0.0");
  }

  @Test
  final void aDeviceThatIsKeptOutComesInOnceItReportsAVersionThatIsLetIn() {
    fleet(5);
    report(List.of(device(1)), "3.0.0");
    RolloutId id = start(stages(HALF, 100).pace(Pace.constant(60_000, 2)));
    run();
    assertThat(in(id, RolloutDeviceState.EXCLUDED)).containsExactly(device(1));
    report(List.of(device(1)), "1.5.0");
    assertThat(device(id, device(1)).state()).isEqualTo(RolloutDeviceState.QUEUED);
    List<DeviceId> queued = in(id, RolloutDeviceState.QUEUED);
    report(queued.subList(1, 2), "2.1.0");
    assertThat(in(id, RolloutDeviceState.EXCLUDED)).isEqualTo(queued.subList(1, 2));
  }

  @Test
  final void aGuardThatKeepsOutADeviceOfAGroupBlocksItUntilSomebodyApproves() {
    twoGroups();
    report(List.of(device(2)), "3.0.0");
    RolloutId id = startInBothGroups(stages(HALF, 100));
    settle();
    stageDone(id);
    settle();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.PAUSED);
    assertThat(rollout(id).reason()).contains(RolloutReason.GROUP_BLOCKED);
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("1.0.0");
    assertThat(service.served(SECOND).map(OtaUpdate::version)).contains("2.0.0");
    service.rollouts().approve(OWNER, id);
    settle();
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("2.0.0");
  }

  private void passThrough(String version) {
    service.deploy(request(version).asMustPassThrough());
    clock.advance(Duration.ofMinutes(1));
    service.runOnce();
  }

  @Test
  final void anOlderDeviceGetsWhatItMustPassThroughFirstAndThenTheTargetInOneAttempt() {
    passThrough("1.4.0");
    passThrough("1.2.0");
    fleet(4);
    report(2, "1.2.0");
    report(3, "1.3.0");
    report(4, "1.4.0");
    service.runOnce();
    RolloutId id = start(stages(HALF, 100).devices(limits(0)));
    run();
    List<String> wanted = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      wanted.add(told(device(i)).orElseThrow());
    }
    assertThat(wanted).containsExactly("1.2.0", "1.4.0", "1.4.0", "2.0.0");
    assertThat(downloaded(1)).isEqualTo("1.2.0");

    triggers.clear();
    code(List.of(device(1)), UpdateCode.DOWNLOAD_STARTED);
    report(List.of(device(1)), "1.2.0");
    assertThat(told(device(1))).contains("1.4.0");
    assertThat(triggered()).containsExactly(device(1));
    report(List.of(device(1)), "1.4.0");
    assertThat(triggered()).containsExactly(device(1), device(1));
    assertThat(told(device(1))).contains("2.0.0");
    assertThat(downloaded(1)).isEqualTo("2.0.0");
    assertThat(device(id, device(1)).attempts()).isEqualTo(1);
    report(List.of(device(1)), "2.0.0");
    assertThat(in(id, RolloutDeviceState.UPDATED)).containsExactly(device(1));
  }

  @Test
  final void anotherBuildOfAPassageIsNotBelowIt() {
    addDevice(1, "u1", Addressing.DEVICE);
    passThrough("1.5.0");
    deploy("1.5.0+1");
    report(List.of(device(1)), "1.4.0");
    assertThat(told(device(1))).contains("1.5.0+1");
    report(List.of(device(1)), "1.5.0+1");
    assertThat(told(device(1))).as("it is not sent back").contains("1.5.0+1");
  }

  @Test
  final void aDeviceGoesOnFromAPassageAtOnceWhateverTheJitterAndTheGuards() {
    passThrough("1.4.0");
    fleet(4);
    DeviceLimits spread =
        new DeviceLimits(
            Duration.ofMinutes(30),
            Duration.ofMinutes(30),
            0,
            Duration.ofMinutes(1),
            Duration.ofMinutes(1),
            Duration.ofMinutes(10));
    RolloutId id =
        start(
            stages(HALF, 100)
                .devices(spread)
                .guards(new Guards(false, Optional.of(">=1.0.0 & <1.2.0"))));
    run();
    run(Duration.ofMinutes(10));
    List<DeviceId> all = in(id, RolloutDeviceState.TRIGGERED);
    assertThat(all).hasSize(4);
    triggers.clear();
    report(all, "1.4.0");
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).isEqualTo(all);
    assertThat(triggered()).isEqualTo(all);
  }

  private String downloaded(int number) {
    return service
        .download(device(number), Token.of("token" + number))
        .orElseThrow()
        .update()
        .version();
  }

  @Test
  final void aDeviceThatFailsAfterItsDetourStaysWhereItIs() {
    passThrough("1.4.0");
    fleet(2);
    RolloutId id = start(stages(HALF, 100).devices(limits(0)));
    run();
    report(List.of(device(1)), "1.4.0");
    run();
    assertThat(told(device(1))).contains("2.0.0");
    triggers.clear();
    code(List.of(device(1)), UpdateCode.FAILED);
    assertThat(device(id, device(1)).state()).isEqualTo(RolloutDeviceState.FAILED);
    assertThat(told(device(1))).as("no downgrade").contains("1.4.0");
    settle();
    run(Duration.ofHours(1));
    report(List.of(device(1)), "1.4.0");
    run(Duration.ofHours(1));
    assertThat(triggered()).doesNotContain(device(1));
  }

  @Test
  final void aFirmwareLargerThanTheFreeSpaceOfADeviceThatJoinsLateIsRejected() {
    fleet(3);
    RolloutId id = start(stages(HALF, 100));
    run();
    registry.saveDevices(List.of(member(9, GROUP)));
    service.report(DeviceReport.freeSpace(device(9), 1));
    service.report(DeviceReport.version(device(9), "1.0.0"));
    run();
    run();
    assertThat(device(id, device(9)).state()).isEqualTo(RolloutDeviceState.REJECTED);
    assertThat(triggered()).doesNotContain(device(9));
  }

  @Test
  final void aPlanThatLeavesDevicesOutOrTakesNobodyIsRefused() {
    fleet(2);
    assertThatThrownBy(() -> start(stages(HALF, 50)))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("leave out devices of group " + GROUP);
    assertThatThrownBy(() -> start(first(new Selector.WholeGroups(Set.of(SECOND)))))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("names a group that is not deployed to");
    addDevice(1, "u1", Addressing.GROUP);
    addDevice(2, "u1", Addressing.GROUP);
    assertThatThrownBy(() -> start(stages(HALF, 50, 100)))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("use stages of whole groups");
    assertThat(service.served(GROUP).map(OtaUpdate::version)).contains("1.0.0");
  }

  @Test
  final void aSlowBrokerMakesNoNodeSendWhatAnotherOneIsAboutToSend() {
    int devices = 60;
    fleet(devices);
    GroupOtaService other = build(builder());
    service =
        build(
            builder()
                .triggerLease(Duration.ofSeconds(30))
                .notifier(
                    trigger -> {
                      clock.advance(Duration.ofSeconds(1));
                      if (triggers.size() == devices * 2 / 3) {
                        other.runOnce();
                      }
                      return recorder.trigger(trigger);
                    }));
    RolloutId id = start(stages(Gate.ALL_PROVEN, 100).pace(Pace.UNLIMITED));
    settle();
    assertThat(triggered()).hasSize(devices).doesNotHaveDuplicates();
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(devices);
    assertThat(devices(id)).extracting(RolloutDevice::attempts).containsOnly(1);
  }
}
