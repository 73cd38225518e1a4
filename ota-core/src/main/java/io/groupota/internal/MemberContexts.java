package io.groupota.internal;

import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.VersionChange;
import io.groupota.VersionChange.Direction;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutGroup;
import io.groupota.spi.UpdateLog;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Looks up what the fate of a device of a rollout depends on. */
final class MemberContexts {
  private final UpdateLog updates;

  MemberContexts(UpdateLog updates) {
    this.updates = updates;
  }

  MemberRules.Context of(Rollout rollout, GroupId group) {
    Optional<RolloutGroup> part =
        rollout.groups().stream().filter(one -> one.group().equals(group)).findFirst();
    Set<String> passages =
        updates.mustPassThrough(group).stream()
            .map(OtaUpdate::version)
            .filter(passage -> isBelow(passage, rollout.version()))
            .collect(Collectors.toUnmodifiableSet());
    return new MemberRules.Context(
        rollout, part.map(RolloutGroup::status).orElse(RolloutGroup.Status.RELEASED), passages);
  }

  static boolean isBelow(String version, String target) {
    return VersionChange.between(version, target).direction() == Direction.UPGRADE;
  }
}
