package io.groupota.internal;

import io.groupota.DeviceState;
import io.groupota.OtaUpdate;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutGroup;
import io.groupota.spi.Addressing;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the fate of a batch of devices of one group of a rollout depends on, besides themselves.
 * Used by one thread, and not for longer than the batch.
 */
final class MemberContext {
  private final Rollout rollout;
  private final RolloutGroup.Status status;
  private final Set<String> passages;
  private final Optional<OtaUpdate> target;
  private final Duration triggerAgain;

  /** What guards say of versions: many devices run the same one, and it is costly to tell. */
  private final Map<Optional<String>, Boolean> admitted = new HashMap<>();

  /**
   * Looked up by {@link MemberContexts}.
   *
   * @param rollout the rollout
   * @param status how far it is with the group
   * @param passages the versions that older devices must pass through, below the target
   * @param target what the rollout brings to the group, empty if that was removed
   * @param triggerAgain how long after a trigger a device that does not react gets another one
   */
  MemberContext(
      Rollout rollout,
      RolloutGroup.Status status,
      Set<String> passages,
      Optional<OtaUpdate> target,
      Duration triggerAgain) {
    this.rollout = rollout;
    this.status = status;
    this.passages = passages;
    this.target = target;
    this.triggerAgain = triggerAgain;
  }

  Rollout rollout() {
    return rollout;
  }

  RolloutGroup.Status status() {
    return status;
  }

  Optional<OtaUpdate> target() {
    return target;
  }

  Duration triggerAgain() {
    return triggerAgain;
  }

  /** Whether a device that reports this version is where it had to pass through. */
  boolean isAtAPassage(Optional<String> version) {
    return version.filter(passages::contains).isPresent();
  }

  /** Whether the guards let a device in that reports a version. */
  boolean isLetIn(Addressing addressing, Optional<String> version) {
    return admitted.computeIfAbsent(version, this::admits)
        && (addressing == Addressing.DEVICE
            || passages.stream().noneMatch(passage -> isBelow(version, passage)));
  }

  private boolean admits(Optional<String> version) {
    return rollout.plan().guards().admits(version, rollout.version());
  }

  private static boolean isBelow(Optional<String> version, String passage) {
    return version.filter(reported -> MemberContexts.isBelow(reported, passage)).isPresent();
  }

  /** Whether the firmware is larger than the space that a device says it has. */
  boolean isTooLargeFor(Optional<DeviceState> reported) {
    long size = target.map(update -> update.firmware().size()).orElse(0L);
    return reported
        .map(DeviceState::freeSpace)
        .filter(space -> space.isPresent() && space.getAsLong() < size)
        .isPresent();
  }
}
