package io.groupota.internal;

import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.spi.UpdateLog;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The updates that older devices of a group must pass through, from memory for a moment. */
final class Passages {
  private static final int CAPACITY = 200_000;

  private final TtlCache<GroupId, List<OtaUpdate>> updates;

  Passages(UpdateLog log, Duration ttl, Clock clock) {
    this.updates = new TtlCache<>(CAPACITY, ttl, clock, log::mustPassThrough);
  }

  boolean areNone(GroupId group) {
    return updates.get(group).isEmpty();
  }

  /** What a device that reports a version must get before another one. */
  Optional<OtaUpdate> before(GroupId group, String reported, String target) {
    return updates.get(group).stream()
        .filter(passage -> MemberContexts.isBelow(passage.version(), target))
        .filter(passage -> MemberContexts.isBelow(reported, passage.version()))
        .min(Passages::byPrecedence);
  }

  /**
   * What a device has passed through on its way to a target, if it is to run something older: it
   * waits there for its next attempt, and does not go back.
   */
  Optional<OtaUpdate> onTheWay(GroupId group, String reported, String wanted, String target) {
    return updates.get(group).stream()
        .filter(passage -> passage.version().equals(reported))
        .filter(passage -> MemberContexts.isBelow(wanted, reported))
        .filter(passage -> MemberContexts.isBelow(reported, target))
        .findFirst();
  }

  void invalidate(GroupId group) {
    updates.invalidate(group);
  }

  private static int byPrecedence(OtaUpdate one, OtaUpdate other) {
    if (MemberContexts.isBelow(one.version(), other.version())) {
      return -1;
    }
    return MemberContexts.isBelow(other.version(), one.version()) ? 1 : 0;
  }
}
