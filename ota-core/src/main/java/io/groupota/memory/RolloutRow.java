package io.groupota.memory;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.UpdateId;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.Addressing;
import io.groupota.spi.RolloutQueue.Member;
import io.groupota.spi.RolloutStep.Enrolled;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A device of a rollout. Changed by {@link RolloutEntry} alone, which keeps the indexes. */
final class RolloutRow {
  static final Comparator<RolloutRow> BY_PLACE =
      Comparator.<RolloutRow>comparingInt(row -> row.stage)
          .thenComparingLong(row -> row.place)
          .thenComparing(row -> row.device);

  /** For rows that are due. */
  static final Comparator<RolloutRow> BY_DUE =
      Comparator.<RolloutRow, Instant>comparing(RolloutRow::dueAt)
          .thenComparing(row -> row.rollout)
          .thenComparing(row -> row.device);

  final RolloutId rollout;
  final DeviceId device;
  final GroupId group;
  final Addressing addressing;
  final long place;
  final @Nullable UpdateId base;
  int stage;
  RolloutDeviceState state;
  int attempts;
  @Nullable Instant attemptAt;
  Instant since;
  @Nullable Instant due;
  long revision;

  RolloutRow(RolloutId rollout, Enrolled enrolled, @Nullable UpdateId base, Instant now) {
    this.rollout = rollout;
    this.device = enrolled.device();
    this.group = enrolled.group();
    this.addressing = enrolled.addressing();
    this.place = enrolled.place();
    this.stage = enrolled.stage();
    this.state = enrolled.state();
    this.due = enrolled.due().map(now::plus).orElse(null);
    this.base = base;
    this.since = now;
  }

  private Instant dueAt() {
    return due == null ? Instant.MAX : due;
  }

  Member member() {
    return new Member(
        rollout,
        device,
        group,
        addressing,
        state,
        attempts,
        Optional.ofNullable(attemptAt),
        since,
        revision);
  }

  RolloutDevice view() {
    return new RolloutDevice(
        device, group, addressing, stage, state, attempts, since, Optional.ofNullable(due));
  }
}
