package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.ReportCounts;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.UpdateCode;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.OtaRepository;
import io.groupota.testkit.SettableClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** What is dropped when more is reported than can be saved, on the storages of an implementer. */
public abstract class OverloadContract extends ServiceContract {
  /** So many devices are remembered for sure, too. */
  private static final int CAPACITY = 16;

  /** The first of the devices that are not known to the service. */
  private static final int STRANGERS = 100;

  /** For subclasses. */
  protected OverloadContract() {}

  @Test
  void everyReportIsCountedOnce() {
    service = build(builder());
    addDevice(1, "alice", Addressing.GROUP);
    deploy("1.0.0");
    report(1, "1.0.0");
    service.report(DeviceReport.version(device(99), "1.0.0"));
    assertThat(service.reportCounts()).isEqualTo(counts(2, 0, 0, 0, 0, 0, 0, 2, 100_000));
    service.runOnce();
    assertThat(service.reportCounts()).isEqualTo(counts(2, 0, 0, 0, 0, 1, 1, 0, 100_000));
    report(1, "1.0.0");
    service.report(DeviceReport.version(device(99), "1.0.0"));
    service.report(DeviceReport.version(device(1), "2.0.0").from("mallory"));
    assertThat(service.reportCounts()).isEqualTo(counts(2, 1, 2, 0, 0, 1, 1, 0, 100_000));
    clock.advance(Duration.ofSeconds(5));
    report(1, "2.0.0");
    report(1, "2.0.0");
    service.report(DeviceReport.code(device(1), UpdateCode.UP_TO_DATE));
    service.runOnce();
    assertThat(service.reportCounts()).isEqualTo(counts(5, 1, 2, 0, 0, 2, 2, 0, 100_000));
  }

  @Test
  void aFullBufferRefusesAndSaysSo() {
    service = build(builder().reportCapacity(CAPACITY));
    int taken = 0;
    for (int i = 0; i < 40; i++) {
      addDevice(i, "alice", Addressing.GROUP);
      taken += service.report(DeviceReport.version(device(i), "1.0.0")) ? 1 : 0;
    }
    assertThat(taken).as("two places stay for devices that are known").isEqualTo(14);
    assertThat(service.reportCounts()).isEqualTo(counts(14, 0, 0, 0, 26, 0, 0, 14, CAPACITY));
    clock.advance(Duration.ofSeconds(5));
    assertThat(service.report(DeviceReport.version(device(0), "1.0.1")))
        .as("a device that has a place keeps it")
        .isTrue();
    service.runOnce();
    assertThat(state(0).reportedVersion()).contains("1.0.1");
    assertThat(service.report(DeviceReport.version(device(39), "1.0.0"))).isTrue();
  }

  @Test
  void refreshesAreDroppedFirstAndVersionsLast() {
    service = build(builder().reportCapacity(CAPACITY));
    remember();
    ReportCounts start = service.reportCounts();
    clock.advance(Duration.ofMinutes(1));
    for (int i = 0; i < CAPACITY; i++) {
      assertThat(service.report(DeviceReport.version(device(i), "1.0.0"))).isEqualTo(i < 12);
    }
    assertThat(service.reportCounts().waiting()).isEqualTo(12);
    assertThat(service.reportCounts().droppedRefreshes()).isEqualTo(4);

    for (int i = 0; i < CAPACITY; i++) {
      DeviceReport first = DeviceReport.version(device(STRANGERS + i), "1.0.0");
      assertThat(service.report(first)).isEqualTo(i < 14);
      assertThat(service.reportCounts().waiting()).isLessThanOrEqualTo(14);
    }
    assertThat(service.reportCounts().droppedRefreshes()).as("all that waited").isEqualTo(16);
    assertThat(service.reportCounts().refusedChanges()).isEqualTo(2);

    for (int i = 0; i < 4; i++) {
      assertThat(service.report(DeviceReport.version(device(i), "2.0.0"))).isEqualTo(i < 2);
    }
    assertThat(service.reportCounts().waiting()).isEqualTo(CAPACITY);
    assertThat(service.reportCounts().refusedChanges()).isEqualTo(4);
    service.runOnce();
    assertThat(state(1).reportedVersion()).contains("2.0.0");
    assertThat(service.reportCounts().waiting()).isZero();

    clock.advance(Duration.ofSeconds(5));
    assertThat(service.report(DeviceReport.version(device(3), "2.0.0")))
        .as("the device repeats what was refused")
        .isTrue();
    service.runOnce();
    assertThat(state(3).reportedVersion()).contains("2.0.0");
    assertThat(service.reportCounts().versionChanges() - start.versionChanges())
        .as("of 14 strangers and three others")
        .isEqualTo(17);
  }

  @Test
  void aVersionTakesThePlaceOfARefresh() {
    service = build(builder().reportCapacity(CAPACITY));
    remember();
    clock.advance(Duration.ofMinutes(1));
    for (int i = 0; i < 12; i++) {
      report(i, "1.0.0");
    }
    for (int i = 12; i < CAPACITY; i++) {
      assertThat(service.report(DeviceReport.version(device(i), "2.0.0"))).isTrue();
    }
    assertThat(service.reportCounts().waiting()).isEqualTo(CAPACITY);
    clock.advance(Duration.ofSeconds(5));
    // One that waits as a refresh becomes a change where it is.
    assertThat(service.report(DeviceReport.version(device(5), "2.0.0"))).isTrue();
    assertThat(service.report(DeviceReport.code(device(STRANGERS), UpdateCode.FAILED))).isTrue();
    ReportCounts counts = service.reportCounts();
    assertThat(counts.waiting()).isEqualTo(13);
    assertThat(counts.droppedRefreshes()).isEqualTo(4);
    service.runOnce();
    for (int i = 12; i < CAPACITY; i++) {
      assertThat(state(i).reportedVersion()).contains("2.0.0");
    }
    assertThat(state(5).reportedVersion()).contains("2.0.0");
  }

  @Test
  void whatCannotBeSavedKeepsItsPlaces() {
    AtomicBoolean down = new AtomicBoolean();
    service =
        build(
            builder()
                .reportCapacity(CAPACITY)
                .repository(
                    onSave(
                        count -> {
                          if (down.get()) {
                            // Others come while it is being tried.
                            for (int i = 0; i < CAPACITY; i++) {
                              report(STRANGERS + i, "1.0.0");
                              report(i, "2.0.0");
                            }
                            assertThat(service.reportCounts().waiting()).isEqualTo(CAPACITY);
                            throw new StorageException("down", null);
                          }
                        })));
    remember();
    clock.advance(Duration.ofSeconds(5));
    for (int i = 0; i < 14; i++) {
      report(i, "2.0.0");
    }
    down.set(true);
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(service::runOnce).isInstanceOf(StorageException.class);
      assertThat(service.reportCounts().waiting()).isEqualTo(CAPACITY);
    }
    assertThat(service.reportCounts().refusedChanges()).isPositive();
    down.set(false);
    service.runOnce();
    for (int i = 0; i < CAPACITY; i++) {
      assertThat(state(i).reportedVersion()).contains("2.0.0");
    }
  }

  @Test
  void oneThatCannotBeSavedHoldsUpNoOther() {
    AtomicBoolean locked = new AtomicBoolean(true);
    List<List<DeviceId>> tried = new ArrayList<>();
    service =
        build(
            builder()
                .repository(
                    failingSaves(tried, devices -> locked.get() && devices.contains(device(7)))));
    reportAll(3_500);
    assertThatThrownBy(service::runOnce).isInstanceOf(StorageException.class);
    assertThat(service.reportCounts().waiting())
        .as("in the batch of the one")
        .isLessThanOrEqualTo(1_000);
    for (int i = 0; i < 10; i++) {
      assertThatThrownBy(service::runOnce).isInstanceOf(StorageException.class);
    }
    assertThat(service.reportCounts().waiting()).isEqualTo(1);
    report(1, "2.0.0");
    tried.clear();
    assertThatThrownBy(service::runOnce).isInstanceOf(StorageException.class);
    assertThat(tried)
        .as("what failed comes last")
        .containsExactly(List.of(device(1)), List.of(device(7)));
    assertThat(state(1).reportedVersion()).contains("2.0.0");
    locked.set(false);
    service.runOnce();
    assertThat(state(7).reportedVersion()).contains("1.0.0");
    assertThat(service.reportCounts().waiting()).isZero();
    assertThat(service.reportCounts().versionChanges()).isEqualTo(3_501);
  }

  /** Each attempt may have to wait for a timeout. */
  @Test
  void anOutageIsNotTriedWithEveryBatchAndNotWithTheSameOnes() {
    AtomicBoolean down = new AtomicBoolean(true);
    List<List<DeviceId>> tried = new ArrayList<>();
    service = build(builder().repository(failingSaves(tried, devices -> down.get())));
    reportAll(4_500);
    Set<DeviceId> all = new HashSet<>();
    for (int i = 1; i <= 3; i++) {
      tried.clear();
      assertThatThrownBy(service::runOnce).isInstanceOf(StorageException.class);
      assertThat(tried).hasSize(2);
      tried.forEach(all::addAll);
      assertThat(all).hasSize(Math.min(2_000 * i, 4_500));
    }
    assertThat(service.reportCounts().waiting()).isEqualTo(4_500);
    down.set(false);
    tried.clear();
    service.runOnce();
    assertThat(tried).as("an outage is no reason for smaller batches").hasSize(5);
    assertThat(service.reportCounts().waiting()).isZero();
    assertThat(service.reportCounts().versionChanges()).isEqualTo(4_500);
  }

  private OtaRepository failingSaves(List<List<DeviceId>> tried, Predicate<List<DeviceId>> fails) {
    return intercepting(
        "save",
        (method, args) -> {
          List<DeviceId> devices = new ArrayList<>();
          ((Collection<?>) args[0]).forEach(each -> devices.add(((Sighting) each).device().id()));
          tried.add(devices);
          if (fails.test(devices)) {
            throw new StorageException("locked", null);
          }
          return method.call();
        });
  }

  private void reportAll(int devices) {
    List<Device> all = new ArrayList<>();
    for (int i = 0; i < devices; i++) {
      Token token = Token.of("token" + i);
      all.add(new Device(device(i), token, Optional.of(GROUP), "alice", Addressing.GROUP));
    }
    registry.saveDevices(all);
    for (int i = 0; i < devices; i++) {
      report(i, "1.0.0");
    }
  }

  /** What is being saved is not remembered yet, so it must not be taken for what is saved. */
  @Test
  void aFallBackWhileTheOtherVersionIsBeingSavedIsNoRepetition() {
    SettableClock clockOfNode = SettableClock.at(clock.instant());
    AtomicInteger saves = new AtomicInteger();
    service =
        build(
            builder()
                .clock(clockOfNode)
                .repository(
                    onSave(
                        count -> {
                          if (saves.incrementAndGet() == 2) {
                            clockOfNode.advance(Duration.ofSeconds(1));
                            report(1, "2.0.0");
                            report(1, "1.0.0");
                          }
                        })));
    addDevice(1, "alice", Addressing.GROUP);
    deploy("1.0.0");
    report(1, "1.0.0");
    service.runOnce();
    clockOfNode.advance(Duration.ofSeconds(5));
    clock.advance(Duration.ofSeconds(5));
    report(1, "2.0.0");
    service.runOnce();
    assertThat(service.reportCounts().repeated()).isEqualTo(1);
    assertThat(state(1).reportedVersion()).contains("2.0.0");
    clock.advance(Duration.ofSeconds(1));
    service.runOnce();
    assertThat(state(1).reportedVersion()).contains("1.0.0");
    assertThat(state(1).versionSince()).contains(clock.instant());
  }

  @Test
  void aFallBackBeforeTheOtherVersionIsSavedIsNoRepetition() {
    service = build(builder());
    addDevice(1, "alice", Addressing.GROUP);
    deploy("1.0.0");
    report(1, "1.0.0");
    service.runOnce();
    clock.advance(Duration.ofSeconds(1));
    report(1, "1.0.0");
    assertThat(service.reportCounts().repeated()).isEqualTo(1);
    report(1, "2.0.0");
    clock.advance(Duration.ofSeconds(1));
    report(1, "1.0.0");
    assertThat(service.reportCounts().repeated()).isEqualTo(1);
    service.runOnce();
    assertThat(state(1).reportedVersion()).contains("1.0.0");
    assertThat(state(1).versionSince()).contains(clock.instant());
  }

  /** All devices report once, and are remembered. */
  private void remember() {
    deploy("1.0.0");
    for (int i = 0; i < CAPACITY; i++) {
      addDevice(i, "alice", Addressing.GROUP);
      addDevice(STRANGERS + i, "alice", Addressing.GROUP);
      report(i, "1.0.0");
      service.runOnce();
    }
    assertThat(service.reportCounts().versionChanges()).isEqualTo(CAPACITY);
  }

  private static ReportCounts counts(long... counts) {
    return new ReportCounts(
        counts[0],
        counts[1],
        counts[2],
        counts[3],
        counts[4],
        counts[5],
        counts[6],
        (int) counts[7],
        (int) counts[8]);
  }
}
