package io.groupota.internal;

import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.UpdateId;
import io.groupota.spi.UpdateLog;
import java.util.List;
import java.util.Optional;

/**
 * The updates that older devices of a group must pass through. They are among those that the group
 * has served, and are never removed, so they are asked for once for each update that it serves.
 */
final class Passages {
  private static final int CAPACITY = 200_000;

  /** What was found when a group served an update. */
  private record Entry(UpdateId served, List<OtaUpdate> passages) {}

  private final UpdateLog log;
  private final ServedUpdates updates;
  private final BoundedCache<GroupId, Entry> entries = new BoundedCache<>(CAPACITY);

  Passages(UpdateLog log, ServedUpdates updates) {
    this.log = log;
    this.updates = updates;
  }

  boolean areNone(GroupId group) {
    return of(group).isEmpty();
  }

  private List<OtaUpdate> of(GroupId group) {
    return updates.get(group).map(served -> of(group, served.id())).orElse(List.of());
  }

  private List<OtaUpdate> of(GroupId group, UpdateId served) {
    Entry entry = entries.get(group);
    if (entry != null && entry.served().equals(served)) {
      return entry.passages();
    }
    List<OtaUpdate> passages = log.mustPassThrough(group);
    entries.put(group, new Entry(served, passages));
    return passages;
  }

  /** What a device that reports a version must get before another one. */
  Optional<OtaUpdate> before(GroupId group, String reported, String target) {
    return of(group).stream()
        .filter(passage -> MemberContexts.isBelow(passage.version(), target))
        .filter(passage -> MemberContexts.isBelow(reported, passage.version()))
        .min(Passages::byPrecedence);
  }

  /**
   * What a device has passed through on its way to a target, if it is to run something older: it
   * waits there for its next attempt, and does not go back.
   */
  Optional<OtaUpdate> onTheWay(GroupId group, String reported, String wanted, String target) {
    return of(group).stream()
        .filter(passage -> passage.version().equals(reported))
        .filter(passage -> MemberContexts.isBelow(wanted, reported))
        .filter(passage -> MemberContexts.isBelow(reported, target))
        .findFirst();
  }

  private static int byPrecedence(OtaUpdate one, OtaUpdate other) {
    if (MemberContexts.isBelow(one.version(), other.version())) {
      return -1;
    }
    return MemberContexts.isBelow(other.version(), one.version()) ? 1 : 0;
  }
}
