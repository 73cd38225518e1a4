package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceReport;
import io.groupota.GroupOtaService;
import io.groupota.UpdateCode;
import io.groupota.VersionChange.Direction;
import io.groupota.spi.Addressing;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two nodes that hear the same device, on the storages of an implementer. */
public abstract class TwoNodesContract extends ServiceContract {
  private static final Duration INTERVAL_OF_STATUS = Duration.ofSeconds(5);

  private GroupOtaService other;

  /** For subclasses. */
  @SuppressWarnings("NullAway.Init")
  protected TwoNodesContract() {}

  @BeforeEach
  final void openTheOther() {
    other = build(builder());
    addDevice(1, "alice", Addressing.GROUP);
  }

  @Test
  void whatIsSavedLateChangesNothing() {
    hears(service, "1.0.0");
    Instant updated = hears(other, "2.0.0");
    other.runOnce();
    service.runOnce();
    assertThat(state(1).reportedVersion()).contains("2.0.0");
    assertThat(state(1).versionSince()).contains(updated);
    assertThat(state(1).lastSeen()).isEqualTo(updated);
    assertThat(service.diff(OWNER, GROUP, "2.0.0").count(Direction.CURRENT)).isEqualTo(1);
    assertThat(service.reportCounts().versionChanges()).isZero();
  }

  @Test
  void aNodeThatWasOvertakenNoticesTheNextFallBackAtOnce() {
    hears(service, "1.0.0");
    hears(other, "2.0.0");
    other.runOnce();
    service.runOnce();
    Instant back = hears(service, "1.0.0");
    service.runOnce();
    assertThat(state(1).reportedVersion()).contains("1.0.0");
    assertThat(state(1).versionSince()).contains(back);
  }

  @Test
  void aFallBackThatOnlyAnUnawareNodeHearsIsSavedWithinTheInterval() {
    hears(service, "1.0.0");
    service.runOnce();
    hears(other, "2.0.0");
    other.runOnce();
    Instant fallenBack = clock.instant();
    while (!state(1).reportedVersion().orElseThrow().equals("1.0.0")) {
      assertThat(Duration.between(fallenBack, clock.instant())).isLessThan(Duration.ofMinutes(1));
      hears(service, "1.0.0");
      service.runOnce();
    }
  }

  @Test
  void aFallBackThatTheNodeOfTheUpdateHearsIsSavedAtOnce() {
    hears(service, "1.0.0");
    service.runOnce();
    hears(other, "2.0.0");
    other.runOnce();
    hears(service, "1.0.0");
    Instant back = hears(other, "1.0.0");
    other.runOnce();
    assertThat(state(1).reportedVersion()).contains("1.0.0");
    assertThat(state(1).versionSince()).contains(back);
  }

  /** Otherwise a node that takes a device over would say that it began only now. */
  @Test
  void aNodeThatTakesADeviceOverDoesNotMistakeItsVersionForNews() {
    hears(other, "1.0.0");
    other.runOnce();
    Instant updated = hears(service, "2.0.0");
    service.runOnce();
    clock.advance(Duration.ofDays(30));
    Instant seen = hears(other, "2.0.0");
    other.runOnce();
    assertThat(state(1).versionSince()).contains(updated);
    assertThat(state(1).lastSeen()).isEqualTo(seen);
    clock.advance(Duration.ofDays(30));
    Instant back = hears(service, "1.0.0");
    service.runOnce();
    assertThat(state(1).versionSince()).contains(back);
  }

  @Test
  void bothHearEverything() {
    Instant last = clock.instant();
    for (String version : new String[] {"1.0.0", "2.0.0", "2.0.0", "1.0.0"}) {
      last = hears(service, version);
      other.report(DeviceReport.version(device(1), version));
      other.report(DeviceReport.code(device(1), UpdateCode.UP_TO_DATE));
    }
    other.runOnce();
    service.runOnce();
    assertThat(state(1).reportedVersion()).contains("1.0.0");
    assertThat(state(1).versionSince()).contains(last);
    assertThat(state(1).codes()).containsEntry(UpdateCode.UP_TO_DATE, last);
    assertThat(service.reportCounts().versionChanges() + other.reportCounts().versionChanges())
        .isEqualTo(1);
  }

  /** Returns when. */
  private Instant hears(GroupOtaService node, String version) {
    clock.advance(INTERVAL_OF_STATUS);
    node.report(DeviceReport.version(device(1), version));
    return clock.instant();
  }
}
