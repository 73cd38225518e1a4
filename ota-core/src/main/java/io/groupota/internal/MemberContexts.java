package io.groupota.internal;

import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.VersionChange;
import io.groupota.VersionChange.Direction;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutGroup;
import io.groupota.spi.UpdateLog;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Looks up what the fate of a device of a rollout depends on. */
final class MemberContexts {
  private final UpdateLog updates;
  private final Duration triggerAgain;

  MemberContexts(UpdateLog updates, Duration triggerAgain) {
    this.updates = updates;
    this.triggerAgain = triggerAgain;
  }

  MemberContext of(Rollout rollout, GroupId group) {
    Optional<RolloutGroup> part =
        rollout.groups().stream().filter(one -> one.group().equals(group)).findFirst();
    Set<String> passages =
        updates.mustPassThrough(group).stream()
            .map(OtaUpdate::version)
            .filter(passage -> isBelow(passage, rollout.version()))
            .collect(Collectors.toUnmodifiableSet());
    return new MemberContext(
        rollout,
        part.map(RolloutGroup::status).orElse(RolloutGroup.Status.RELEASED),
        passages,
        part.map(RolloutGroup::target).flatMap(updates::update),
        triggerAgain);
  }

  /** Whether a version is of lower precedence: one that differs in build metadata alone is not. */
  static boolean isBelow(String version, String target) {
    VersionChange change = VersionChange.between(version, target);
    return change.direction() == Direction.UPGRADE && change.kind() != VersionChange.Kind.BUILD;
  }
}
