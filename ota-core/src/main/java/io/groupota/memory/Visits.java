package io.groupota.memory;

import io.groupota.GroupId;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.TreeSet;

/** When the history of each group is looked at next. Not thread-safe. */
final class Visits {
  private record Visit(Instant due, GroupId group) {}

  private final TreeSet<Visit> visits =
      new TreeSet<>(Comparator.comparing(Visit::due).thenComparing(visit -> visit.group().value()));

  /** For a group that has none. */
  void add(GroupId group, Instant due) {
    visits.add(new Visit(due, group));
  }

  /** Takes the visit that waits the longest, if one is due. */
  Optional<GroupId> take(Instant now) {
    return visits.isEmpty() || visits.first().due().isAfter(now)
        ? Optional.empty()
        : Optional.of(visits.pollFirst().group());
  }
}
