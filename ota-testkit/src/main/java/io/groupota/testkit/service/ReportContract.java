package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeviceId;
import io.groupota.DevicePage;
import io.groupota.DeviceReport;
import io.groupota.DeviceState;
import io.groupota.DeviceState.Progress;
import io.groupota.GroupId;
import io.groupota.InvalidRequestException;
import io.groupota.OtaUpdate;
import io.groupota.ReportCounts;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.UpdateCode;
import io.groupota.VersionChange.Direction;
import io.groupota.VersionChange.Kind;
import io.groupota.VersionDiff;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * What becomes of the reports of devices, and the version diff, on the storages of an implementer.
 */
public abstract class ReportContract extends ServiceContract {
  private static final Duration TIMEOUT = Duration.ofMinutes(5);
  private static final GroupId MOVED_TO = new GroupId("5e1b76bc4315b70eb2425aaa");

  /** For subclasses. */
  protected ReportContract() {}

  @Test
  void theDiffCountsEveryDeviceOnce() {
    String[] reported = {
      "1.2.6", "1.2.6", "1.2.7", "1.3.0", "2.0.0-rc.1", "1.2.7+b1", "beta", null
    };
    for (int i = 0; i < reported.length; i++) {
      addDevice(i, "user" + i % 3, i % 2 == 0 ? Addressing.GROUP : Addressing.DEVICE);
      if (reported[i] != null) {
        report(i, reported[i]);
      }
    }
    service.runOnce();

    VersionDiff diff = service.diff(OWNER, GROUP, "1.2.7");

    assertThat(diff.devices()).isEqualTo(8);
    assertThat(diff.count(Direction.UPGRADE)).isEqualTo(3);
    assertThat(diff.count(Direction.UPGRADE, Kind.PATCH)).isEqualTo(2);
    assertThat(diff.count(Direction.UPGRADE, Kind.BUILD)).isEqualTo(1);
    assertThat(diff.count(Direction.DOWNGRADE, Kind.MINOR)).isEqualTo(1);
    assertThat(diff.count(Direction.DOWNGRADE, Kind.MAJOR)).isEqualTo(1);
    assertThat(diff.count(Direction.CURRENT)).isEqualTo(1);
    assertThat(diff.count(Direction.UNKNOWN)).isEqualTo(2);
    assertThat(diff.lines().get(0).reported()).contains("1.2.6");
    assertThat(diff.lines()).hasSize(7);
  }

  @Test
  void theDevicesOfADiffComeInPages() {
    for (int i = 0; i < 23; i++) {
      addDevice(i, "user", Addressing.GROUP);
      if (i % 4 != 3) {
        report(i, "1." + i % 4 + ".0");
      }
    }
    service.runOnce();
    for (Direction direction : Direction.values()) {
      List<DeviceId> listed = new ArrayList<>();
      DevicePage page;
      DeviceId after = null;
      do {
        page = service.diffDevices(OWNER, GROUP, "1.1.0", direction, after, 4);
        page.devices().forEach(entry -> listed.add(entry.device()));
        assertThat(page.devices()).allMatch(entry -> entry.change().direction() == direction);
        after = page.next().orElse(null);
      } while (after != null);
      assertThat(listed).isSorted().doesNotHaveDuplicates();
      assertThat((long) listed.size())
          .isEqualTo(service.diff(OWNER, GROUP, "1.1.0").count(direction))
          .isPositive();
    }
  }

  @Test
  void aDiffRefusesBadInput() {
    assertThatThrownBy(() -> service.diff(OWNER, GROUP, "latest"))
        .isInstanceOf(InvalidRequestException.class);
    assertThatThrownBy(() -> service.diffDevices(OWNER, GROUP, "1.0.0", Direction.CURRENT, null, 0))
        .isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void aReportIsTheProofAndAnOlderOneTakesItBack() {
    addDevice(1, "alice", Addressing.GROUP);
    OtaUpdate update = deploy("2.0.0");
    report(1, "1.0.0");
    service.runOnce();
    assertThat(progress(update)).isEqualTo(Progress.PENDING);
    report(1, "2.0.0");
    service.runOnce();
    assertThat(progress(update)).isEqualTo(Progress.UPDATED);
    assertThat(service.diff(OWNER, GROUP, "2.0.0").count(Direction.CURRENT)).isEqualTo(1);
    clock.advance(Duration.ofSeconds(5));
    report(1, "1.0.0");
    service.runOnce();
    assertThat(progress(update)).isEqualTo(Progress.PENDING);
    assertThat(service.diff(OWNER, GROUP, "2.0.0").count(Direction.CURRENT)).isZero();
  }

  @Test
  void codesAreProgressWithTheirTimeAndNeverProof() {
    addDevice(1, "alice", Addressing.GROUP);
    OtaUpdate update = deploy("2.0.0");
    report(1, "1.0.0");
    code(UpdateCode.TRIGGER_RECEIVED);
    assertThat(progress(update)).isEqualTo(Progress.TRIGGERED);
    clock.advance(Duration.ofSeconds(3));
    code(UpdateCode.DOWNLOAD_STARTED);
    assertThat(progress(update)).isEqualTo(Progress.DOWNLOADING);
    assertThat(state().codes())
        .containsEntry(UpdateCode.TRIGGER_RECEIVED, clock.instant().minusSeconds(3))
        .containsEntry(UpdateCode.DOWNLOAD_STARTED, clock.instant());
    clock.advance(TIMEOUT.plusSeconds(1));
    assertThat(progress(update)).isEqualTo(Progress.TIMED_OUT);
    code(UpdateCode.FAILED);
    assertThat(progress(update)).isEqualTo(Progress.FAILED);
    code(UpdateCode.UP_TO_DATE);
    assertThat(progress(update)).isNotEqualTo(Progress.UPDATED);
    assertThat(state().reportedVersion()).contains("1.0.0");
    report(1, "2.0.0");
    service.runOnce();
    assertThat(progress(update)).isEqualTo(Progress.UPDATED);
  }

  @Test
  void codesBeforeADeployDoNotCountForIt() {
    addDevice(1, "alice", Addressing.GROUP);
    report(1, "1.0.0");
    code(UpdateCode.FAILED);
    clock.advance(Duration.ofSeconds(1));
    OtaUpdate update = deploy("2.0.0");
    assertThat(progress(update)).isEqualTo(Progress.PENDING);
  }

  @Test
  void repetitionsAreNotSavedButTheLastSignOfLifeIsRefreshed() {
    addDevice(1, "alice", Addressing.GROUP);
    AtomicInteger saved = new AtomicInteger();
    service =
        build(
            builder().lastSeenInterval(Duration.ofMinutes(1)).repository(onSave(saved::addAndGet)));
    deploy("1.0.0");
    for (int second = 0; second < 120; second += 5) {
      report(1, "1.0.0");
      service.runOnce();
      clock.advance(Duration.ofSeconds(5));
    }
    assertThat(saved).hasValue(2);
    assertThat(state().lastSeen()).isEqualTo(clock.instant().minusSeconds(60));
    report(1, "1.0.1");
    service.runOnce();
    assertThat(saved).hasValue(3);
    assertThat(state().versionSince()).contains(clock.instant());
  }

  @Test
  void whatHadToWaitToBeSavedIsRefreshedByWhenItWasHeard() {
    addDevice(1, "alice", Addressing.GROUP);
    deploy("1.0.0");
    report(1, "1.0.0");
    clock.advance(Duration.ofSeconds(50));
    service.runOnce();
    clock.advance(Duration.ofSeconds(9));
    report(1, "1.0.0");
    service.runOnce();
    assertThat(state().lastSeen()).isEqualTo(clock.instant().minusSeconds(59));
    clock.advance(Duration.ofSeconds(1));
    report(1, "1.0.0");
    service.runOnce();
    assertThat(state().lastSeen()).isEqualTo(clock.instant());
  }

  @Test
  void reportsOfUnknownDevicesAndOfOtherUsersAreIgnored() {
    addDevice(1, "alice", Addressing.GROUP);
    report(99, "1.0.0");
    service.report(DeviceReport.version(device(1), "6.6.6").from("mallory"));
    service.runOnce();
    assertThat(service.deviceState(OWNER, device(1))).isEmpty();
    assertThat(service.deviceState(OWNER, device(99))).isEmpty();
    service.report(DeviceReport.version(device(1), "1.0.0").from("alice"));
    service.report(DeviceReport.version(device(1), "6.6.6").from("mallory"));
    service.runOnce();
    assertThat(service.deviceState(OWNER, device(1)).orElseThrow().reportedVersion())
        .contains("1.0.0");
    assertThat(service.deviceState(STRANGER, device(1))).isEmpty();
  }

  @Test
  void whatADeviceSaysInSeveralWaysIsSavedTogether() {
    addDevice(1, "alice", Addressing.DEVICE);
    service.report(DeviceReport.code(device(1), UpdateCode.TRIGGER_RECEIVED).from("alice"));
    service.report(DeviceReport.freeSpace(device(1), 1_000));
    service.report(DeviceReport.code(device(1), UpdateCode.DOWNLOAD_STARTED).from("alice"));
    service.runOnce();
    assertThat(state().codes())
        .containsOnlyKeys(UpdateCode.TRIGGER_RECEIVED, UpdateCode.DOWNLOAD_STARTED);
    assertThat(state().freeSpace()).hasValue(1_000);

    service.report(DeviceReport.code(device(1), UpdateCode.FAILED).from("alice"));
    service.report(DeviceReport.freeSpace(device(1), 1_000));
    service.report(DeviceReport.version(device(1), "1.0.0").from("alice"));
    clock.advance(Duration.ofSeconds(1));
    service.report(DeviceReport.version(device(1), "1.0.1"));
    service.runOnce();
    assertThat(state().codes()).containsKey(UpdateCode.FAILED);
    assertThat(state().reportedVersion()).contains("1.0.1");
    assertThat(service.reportCounts().waiting()).isZero();
  }

  @Test
  void aStrangerTakesAwayNothingOfWhatADeviceSaid() {
    addDevice(1, "alice", Addressing.DEVICE);
    service.report(DeviceReport.code(device(1), UpdateCode.DOWNLOAD_STARTED).from("alice"));
    service.report(DeviceReport.freeSpace(device(1), 1_000));
    for (int i = 0; i < 2; i++) {
      service.report(DeviceReport.version(device(1), "6.6.6").from("mallory" + i));
    }
    service.runOnce();
    assertThat(state().codes()).containsOnlyKeys(UpdateCode.DOWNLOAD_STARTED);
    assertThat(state().reportedVersion()).isEmpty();

    clock.advance(Duration.ofHours(1));
    service.report(DeviceReport.freeSpace(device(1), 2_000));
    for (int i = 0; i < 100; i++) {
      service.report(DeviceReport.version(device(1), "6.6.6").from("mallory" + i));
    }
    service.runOnce();
    assertThat(state().freeSpace()).as("what the host vouches for").hasValue(2_000);
    assertThat(state().reportedVersion()).isEmpty();
  }

  @Test
  void reportsAreSavedOnceWhateverFailsAfterThat() {
    addDevice(1, "alice", Addressing.GROUP);
    deploy("2.0.0");
    service.runOnce();
    clock.advance(Duration.ofHours(1));
    AtomicBoolean down = new AtomicBoolean(true);
    service = build(builder().repository(failing("markBehind", down::get)));
    report(1, "1.0.0");
    service.report(DeviceReport.code(device(1), UpdateCode.DOWNLOAD_STARTED));
    assertThatThrownBy(service::runOnce).isInstanceOf(StorageException.class);
    assertThat(state().codes()).containsOnlyKeys(UpdateCode.DOWNLOAD_STARTED);
    assertThat(service.reportCounts())
        .extracting(ReportCounts::saved, ReportCounts::waiting)
        .containsExactly(1L, 0);

    down.set(false);
    report(1, "1.0.0");
    assertThat(triggersOfOneRun()).as("it is noticed the next time").containsExactly("alice");
    assertThat(service.reportCounts().saved()).isEqualTo(1);
  }

  @Test
  void reportsSurviveAnOutageOfTheRepository() {
    addDevice(1, "alice", Addressing.GROUP);
    AtomicBoolean down = new AtomicBoolean(true);
    service =
        build(
            builder()
                .repository(
                    onSave(
                        count -> {
                          if (down.get()) {
                            throw new StorageException("down", null);
                          }
                        })));
    report(1, "1.0.0");
    assertThatThrownBy(service::runOnce).isInstanceOf(StorageException.class);
    service.report(DeviceReport.code(device(1), UpdateCode.DOWNLOAD_STARTED));
    down.set(false);
    service.runOnce();
    assertThat(state().reportedVersion()).contains("1.0.0");
    assertThat(state().codes()).containsKey(UpdateCode.DOWNLOAD_STARTED);
  }

  @Test
  void whatWasReportedIsSavedOnClose() {
    addDevice(1, "alice", Addressing.GROUP);
    report(1, "1.0.0");
    service.close();
    assertThat(repository.states(List.of(device(1))).values())
        .extracting(state -> state.reportedVersion().orElseThrow())
        .containsExactly("1.0.0");
    assertThatThrownBy(service::start).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void whatIsReportedToAServiceThatIsClosedIsRefused() {
    addDevice(1, "alice", Addressing.GROUP);
    report(1, "1.0.0");
    service.close();
    ReportCounts before = service.reportCounts();
    assertThat(service.report(DeviceReport.version(device(1), "2.0.0"))).isFalse();
    assertThat(service.report(DeviceReport.version(device(1), "1.0.0"))).isFalse();
    assertThat(service.report(DeviceReport.version(device(2), "1.0.0"))).isFalse();
    assertThat(service.reportCounts()).isEqualTo(before);
  }

  @Test
  void aForgottenDeviceLeavesTheDiff() {
    addDevice(1, "alice", Addressing.GROUP);
    addDevice(2, "alice", Addressing.GROUP);
    report(1, "1.0.0");
    report(2, "1.0.0");
    service.runOnce();
    registry.removeDevices(List.of(device(1)));
    service.forget(List.of(device(1)));
    VersionDiff diff = service.diff(OWNER, GROUP, "1.0.0");
    assertThat(diff.devices()).isEqualTo(1);
    assertThat(diff.count(Direction.CURRENT)).isEqualTo(1);
  }

  @Test
  void aDeviceThatMovedCountsWhereItLastReportedUntilItIsForgotten() {
    registry.saveGroups(List.of(new Group(MOVED_TO, OWNER, Token.of("other"), "")));
    addDevice(1, "alice", Addressing.GROUP);
    report(1, "1.0.0");
    service.runOnce();
    registry.saveDevices(
        List.of(
            new Device(
                device(1), Token.of("t"), Optional.of(MOVED_TO), "alice", Addressing.GROUP)));
    assertThat(service.diff(OWNER, GROUP, "1.0.0").devices()).isEqualTo(1);
    service.forget(List.of(device(1)));
    assertThat(service.diff(OWNER, GROUP, "1.0.0").devices()).isZero();
    assertThat(service.diff(OWNER, MOVED_TO, "1.0.0").count(Direction.UNKNOWN)).isEqualTo(1);
    report(1, "1.0.0");
    service.runOnce();
    assertThat(service.diff(OWNER, GROUP, "1.0.0").devices()).isZero();
    assertThat(service.diff(OWNER, MOVED_TO, "1.0.0").count(Direction.CURRENT)).isEqualTo(1);
  }

  private void code(UpdateCode code) {
    service.report(DeviceReport.code(device(1), code));
    service.runOnce();
  }

  private DeviceState state() {
    return service.deviceState(OWNER, device(1)).orElseThrow();
  }

  private Progress progress(OtaUpdate update) {
    return state().progress(update, clock.instant(), TIMEOUT);
  }
}
