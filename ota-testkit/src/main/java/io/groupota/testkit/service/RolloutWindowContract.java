package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.InvalidRequestException;
import io.groupota.RolloutStateException;
import io.groupota.UpdateCode;
import io.groupota.rollout.DeviceLimits;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Pace;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.RolloutState;
import io.groupota.rollout.Schedule;
import io.groupota.rollout.Window;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** When a rollout may let devices through. The clock starts on a Thursday, at midnight UTC. */
public abstract class RolloutWindowContract extends RolloutServiceContract {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
  private static final Pace ONE_BY_ONE = Pace.constant(60_000, 1);

  /** All the time in the world. */
  private static final DeviceLimits PATIENT =
      new DeviceLimits(
          Duration.ofDays(300),
          Duration.ofDays(300),
          0,
          Duration.ofMinutes(1),
          Duration.ofMinutes(1),
          Duration.ZERO);

  /** For subclasses. */
  protected RolloutWindowContract() {}

  private static Window daily(LocalTime from, LocalTime to, ZoneId zone) {
    return new Window(Set.of(DayOfWeek.values()), from, to, zone);
  }

  private static Instant time(String text) {
    return Instant.parse(text);
  }

  private long let(RolloutId id) {
    return rollout(id).counts().devices() - rollout(id).counts().in(RolloutDeviceState.QUEUED);
  }

  /** Lets each device that is in flight finish, so that the next one could start. */
  private long let(RolloutId id, String text) {
    runAt(time(text));
    report(in(id, RolloutDeviceState.TRIGGERED), "2.0.0");
    return let(id);
  }

  @Test
  final void nothingNewStartsOutsideAWindowThatEndsOnTheNextDay() {
    fleet(10);
    Window thursday =
        new Window(Set.of(DayOfWeek.THURSDAY), LocalTime.of(22, 0), LocalTime.of(5, 0), BERLIN);
    RolloutId id = start(stages(HALF, 100).window(thursday).pace(ONE_BY_ONE).devices(PATIENT));
    runAt(time("2026-01-01T20:59:59Z"));
    assertThat(rollout(id).state()).isEqualTo(RolloutState.RUNNING);
    assertThat(let(id)).isZero();
    runAt(time("2026-01-01T21:00:00Z"));
    assertThat(let(id)).as("22:00 in Berlin").isEqualTo(1);
    assertThat(let(id, "2026-01-02T03:59:50Z")).as("on Friday, still").isEqualTo(2);
    assertThat(let(id, "2026-01-02T04:00:00Z")).as("05:00 in Berlin").isEqualTo(2);
    assertThat(in(id, RolloutDeviceState.UPDATED)).as("what was in flight goes on").hasSize(2);
    assertThat(let(id, "2026-01-02T21:30:00Z")).as("Friday evening").isEqualTo(2);
    assertThat(let(id, "2026-01-08T20:59:58Z")).isEqualTo(2);
    runAt(time("2026-01-08T21:00:00Z"));
    assertThat(let(id)).as("a week later").isEqualTo(3);
  }

  @Test
  final void aDeviceMayStartInAnyOfTheWindows() {
    fleet(10);
    RolloutId id =
        start(
            stages(HALF, 100)
                .pace(ONE_BY_ONE)
                .devices(PATIENT)
                .window(daily(LocalTime.of(6, 0), LocalTime.of(7, 0), ZoneOffset.UTC))
                .window(daily(LocalTime.of(18, 0), LocalTime.of(19, 0), ZoneOffset.UTC)));
    runAt(time("2026-01-01T00:00:01Z"));
    assertThat(let(id)).isZero();
    runAt(time("2026-01-01T06:00:00Z"));
    assertThat(let(id)).isEqualTo(1);
    assertThat(let(id, "2026-01-01T12:00:00Z")).isEqualTo(1);
    runAt(time("2026-01-01T18:00:00Z"));
    assertThat(let(id)).isEqualTo(2);
  }

  @Test
  final void aWindowFollowsTheClockOfItsZoneThroughTheYear() {
    fleet(10);
    RolloutId id =
        start(
            stages(HALF, 100)
                .pace(ONE_BY_ONE)
                .devices(PATIENT)
                .window(daily(LocalTime.of(2, 30), LocalTime.of(4, 0), BERLIN)));
    runAt(time("2026-03-28T01:29:59Z"));
    assertThat(let(id)).isZero();
    runAt(time("2026-03-28T01:30:00Z"));
    assertThat(let(id)).as("02:30 in winter").isEqualTo(1);
    assertThat(let(id, "2026-03-28T03:00:00Z")).as("04:00 in winter").isEqualTo(1);
    runAt(time("2026-03-29T00:59:59Z"));
    assertThat(let(id)).as("there is no 02:30 that day").isEqualTo(1);
    runAt(time("2026-03-29T01:00:00Z"));
    assertThat(let(id)).as("03:00 instead").isEqualTo(2);
    assertThat(let(id, "2026-03-29T02:00:00Z")).as("04:00 in summer").isEqualTo(2);
    runAt(time("2026-03-30T00:29:59Z"));
    assertThat(let(id)).isEqualTo(2);
    runAt(time("2026-03-30T00:30:00Z"));
    assertThat(let(id)).as("02:30 in summer").isEqualTo(3);
  }

  @Test
  final void aRetryWaitsForTheNextWindow() {
    fleet(1);
    RolloutId id =
        start(
            stages(HALF, 100)
                .devices(limits(1))
                .window(daily(LocalTime.MIDNIGHT, LocalTime.of(1, 0), ZoneOffset.UTC)));
    runAt(time("2026-01-01T00:59:30Z"));
    code(List.of(device(1)), UpdateCode.FAILED);
    triggers.clear();
    run(Duration.ofMinutes(1));
    run(Duration.ofHours(12));
    assertThat(device(id, device(1)).state()).isEqualTo(RolloutDeviceState.QUEUED);
    assertThat(triggers).isEmpty();
    runAt(time("2026-01-02T00:00:00Z"));
    assertThat(device(id, device(1)).state()).isEqualTo(RolloutDeviceState.TRIGGERED);
  }

  @Test
  final void jitterStartsNobodyOutsideTheWindow() {
    fleet(40);
    DeviceLimits spread =
        new DeviceLimits(
            Duration.ofMinutes(15),
            Duration.ofMinutes(15),
            0,
            Duration.ofMinutes(1),
            Duration.ofMinutes(1),
            Duration.ofMinutes(20));
    RolloutId id =
        start(
            stages(HALF, 100)
                .devices(spread)
                .window(daily(LocalTime.MIDNIGHT, LocalTime.of(1, 0), ZoneOffset.UTC)));
    runAt(time("2026-01-01T00:50:00Z"));
    runAt(time("2026-01-01T00:59:59Z"));
    int inTime = triggers.size();
    assertThat(inTime).isBetween(5, 35);
    for (int minute = 0; minute < 30; minute++) {
      runAt(time("2026-01-01T01:00:00Z").plus(Duration.ofMinutes(minute)));
    }
    assertThat(triggers).as("nothing new starts").hasSize(inTime);
    assertThat(in(id, RolloutDeviceState.QUEUED)).hasSize(40 - inTime);
    runAt(time("2026-01-02T00:00:00Z"));
    runAt(time("2026-01-02T00:25:00Z"));
    assertThat(triggered().stream().distinct()).hasSize(40);
  }

  @Test
  final void aRolloutStartsAtItsTimeAndNotBefore() {
    fleet(5);
    Instant start = time("2026-01-03T08:00:00Z");
    RolloutId id =
        start(
            stages(HALF, 100).schedule(new Schedule(false, Optional.of(start), Optional.empty())));
    run();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.SCHEDULED);
    assertThat(rollout(id).enrolled()).isTrue();
    runAt(start.minusSeconds(1));
    assertThat(let(id)).isZero();
    assertThat(told(device(1))).contains("1.0.0");
    runAt(start);
    assertThat(rollout(id).state()).isEqualTo(RolloutState.RUNNING);
    assertThat(rollout(id).startedAt()).contains(start);
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(5);
  }

  @Test
  final void aRolloutWaitsForSomebodyToStartIt() {
    fleet(5);
    RolloutId id =
        start(stages(HALF, 100).schedule(new Schedule(true, Optional.empty(), Optional.empty())));
    run();
    run(Duration.ofDays(60));
    assertThat(rollout(id).state()).isEqualTo(RolloutState.SCHEDULED);
    assertThat(let(id)).isZero();
    assertThat(service.rollouts().start(OWNER, id).state()).isEqualTo(RolloutState.RUNNING);
    assertThatThrownBy(() -> service.rollouts().start(OWNER, id))
        .isInstanceOf(RolloutStateException.class)
        .hasMessageContaining("has started already");
    run();
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(5);
  }

  @Test
  final void aRolloutThatWasPausedBeforeItsStartWaitsForItStill() {
    fleet(5);
    Instant start = time("2026-01-03T08:00:00Z");
    RolloutId id =
        start(
            stages(HALF, 100).schedule(new Schedule(false, Optional.of(start), Optional.empty())));
    run();
    service.rollouts().pause(OWNER, id);
    run();
    assertThat(service.rollouts().resume(OWNER, id).state())
        .isEqualTo(RolloutState.SCHEDULED)
        .isIn(RolloutState.PAUSED.next());
    run();
    assertThat(let(id)).isZero();
    service.rollouts().pause(OWNER, id);
    runAt(start.plusSeconds(60));
    assertThat(let(id)).isZero();
    service.rollouts().resume(OWNER, id);
    run();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.RUNNING);
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(5);
  }

  @Test
  final void aPlanWhoseDeadlineIsPastIsRefusedAndNothingChanges() {
    fleet(2);
    for (long early : List.of(0L, 1L, 86_400L)) {
      Instant deadline = clock.instant().minusSeconds(early);
      assertThatThrownBy(
              () ->
                  start(
                      stages(HALF, 100)
                          .schedule(new Schedule(false, Optional.empty(), Optional.of(deadline)))))
          .isInstanceOf(InvalidRequestException.class)
          .hasMessageContaining("plan: the deadline is past");
    }
    assertThat(service.rollouts().list(OWNER, RolloutQuery.<RolloutState>all()).total()).isZero();
    assertThat(told(device(1))).contains("1.0.0");
    Instant soon = clock.instant().plusMillis(1);
    assertThat(
            rollout(
                    start(
                        stages(HALF, 100)
                            .schedule(new Schedule(true, Optional.empty(), Optional.of(soon)))))
                .state())
        .isEqualTo(RolloutState.SCHEDULED);
  }

  @Test
  final void aRolloutThatIsNotDoneByItsDeadlineExpires() {
    fleet(10);
    Instant deadline = time("2026-01-02T00:00:00Z");
    RolloutId id =
        start(
            stages(Gate.ALL_PROVEN, 40, 100)
                .schedule(new Schedule(false, Optional.empty(), Optional.of(deadline))));
    runAt(deadline.minusSeconds(120));
    List<DeviceId> first = in(id, RolloutDeviceState.TRIGGERED);
    assertThat(first).hasSize(4);
    report(first.subList(0, 1), "2.0.0");
    code(first.subList(1, 2), UpdateCode.DOWNLOAD_STARTED);
    runAt(deadline.minusSeconds(1));
    assertThat(rollout(id).state()).isEqualTo(RolloutState.RUNNING);
    triggers.clear();
    runAt(deadline);
    settle();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.EXPIRED);
    assertThat(rollout(id).endedAt()).contains(deadline);
    assertThat(in(id, RolloutDeviceState.CANCELED)).hasSize(6);
    assertThat(in(id, RolloutDeviceState.CANCELED))
        .allSatisfy(device -> assertThat(told(device)).contains("1.0.0"));
    assertThat(first).allSatisfy(device -> assertThat(told(device)).contains("2.0.0"));
    assertThat(triggers).isEmpty();
    report(first.subList(1, 2), "2.0.0");
    assertThat(in(id, RolloutDeviceState.UPDATED)).isEqualTo(first.subList(0, 2));
    run(Duration.ofHours(1));
    assertThat(in(id, RolloutDeviceState.TIMED_OUT))
        .as("nobody is tried again")
        .isEqualTo(first.subList(2, 4));
    assertThat(rollout(id).counts().open()).isZero();
  }

  @Test
  final void aPausedOrScheduledRolloutExpiresToo() {
    fleet(4);
    Instant deadline = time("2026-01-02T00:00:00Z");
    RolloutId id =
        start(
            stages(HALF, 100)
                .schedule(new Schedule(true, Optional.empty(), Optional.of(deadline))));
    run();
    service.rollouts().pause(OWNER, id);
    service.report(DeviceReport.version(device(1), "1.0.0"));
    runAt(deadline);
    settle();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.EXPIRED);
    assertThat(in(id, RolloutDeviceState.CANCELED)).hasSize(4);
    assertThatThrownBy(() -> service.rollouts().start(OWNER, id))
        .isInstanceOf(RolloutStateException.class);
  }
}
