package io.groupota.memory;

import io.groupota.BlobKey;
import io.groupota.GroupId;
import io.groupota.LatestUpdate;
import io.groupota.OtaPage;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.Retention;
import io.groupota.UpdateId;
import io.groupota.UpdatePage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The history of every group and its current record. Not thread-safe. */
final class Updates {
  private static final Comparator<LatestUpdate> OLDEST_FIRST =
      Comparator.comparing(LatestUpdate::lastUpdated).thenComparing(LatestUpdate::id);

  private final Map<UpdateId, OtaUpdate> byId = new HashMap<>();

  /** In the order in which they were recorded, which that of their times need not be. */
  private final Map<GroupId, List<OtaUpdate>> recorded = new HashMap<>();

  private final Map<BlobKey, Integer> updatesOfBlob = new HashMap<>();
  private final Map<GroupId, LatestUpdate> latest = new HashMap<>();
  private final Map<OwnerId, NavigableSet<LatestUpdate>> latestByOwner = new HashMap<>();

  boolean has(UpdateId id) {
    return byId.containsKey(id);
  }

  /** Adds an update to the history, without serving it. */
  void add(OtaUpdate update) {
    byId.put(update.id(), update);
    recorded.computeIfAbsent(update.group(), any -> new ArrayList<>()).add(update);
    updatesOfBlob.merge(update.blob(), 1, Integer::sum);
  }

  /** Serves an update of the history. */
  void serve(OtaUpdate update, String recordId, String path) {
    LatestUpdate before = latest.get(update.group());
    LatestUpdate now =
        new LatestUpdate(
            before == null ? recordId : before.id(),
            update.id(),
            update.group(),
            update.owner(),
            update.version(),
            path,
            update.createdAt());
    latest.put(update.group(), now);
    if (before != null) {
      records(before.owner()).remove(before);
    }
    records(now.owner()).add(now);
  }

  Optional<OtaUpdate> served(GroupId group) {
    return Optional.ofNullable(latest.get(group)).flatMap(record -> update(record.update()));
  }

  Optional<OtaUpdate> update(UpdateId id) {
    return Optional.ofNullable(byId.get(id));
  }

  OtaPage latest(OwnerId owner, OtaQuery query) {
    NavigableSet<LatestUpdate> all = latestByOwner.get(owner);
    if (all == null) {
      return new OtaPage(List.of(), 0, 0);
    }
    int limit = query.limit().orElseThrow();
    List<LatestUpdate> page = new ArrayList<>();
    long filtered = 0;
    for (LatestUpdate record : query.order() == OtaQuery.Order.ASC ? all : all.descendingSet()) {
      if (record.path().contains(query.search())) {
        if (filtered >= query.offset() && page.size() < limit) {
          page.add(record);
        }
        filtered++;
      }
    }
    return new OtaPage(page, all.size(), filtered);
  }

  UpdatePage history(GroupId group, long offset, int limit) {
    List<OtaUpdate> all = recorded.getOrDefault(group, List.of());
    int last = all.size() - 1 - (int) Math.min(offset, all.size());
    List<OtaUpdate> page = new ArrayList<>();
    for (int i = last; i >= 0 && page.size() < limit; i--) {
      page.add(all.get(i));
    }
    return new UpdatePage(page, all.size());
  }

  /** Those of the updates that the group serves or has served. */
  List<OtaUpdate> mustPassThrough(GroupId group) {
    List<OtaUpdate> all = recorded.getOrDefault(group, List.of());
    return all.subList(0, servedSoFar(group, all)).stream()
        .filter(OtaUpdate::mustPassThrough)
        .toList();
  }

  /** How many of the updates were recorded up to the one that is served. */
  private int servedSoFar(GroupId group, List<OtaUpdate> all) {
    return served(group).map(update -> all.indexOf(update) + 1).orElse(0);
  }

  /**
   * Removes the oldest updates that need not be kept, and returns them.
   *
   * @param base since when everything is kept, empty if that does not matter
   */
  List<OtaUpdate> prune(
      GroupId group, Retention retention, Optional<UpdateId> base, Instant now, int limit) {
    List<OtaUpdate> all = recorded.getOrDefault(group, List.of());
    int surplus = Math.max(0, servedSoFar(group, all) - Math.max(2, retention.updates()));
    int held = base.flatMap(this::update).map(all::indexOf).orElse(surplus);
    List<OtaUpdate> removed =
        all.subList(0, Math.min(surplus, held)).stream()
            .filter(update -> !update.mustPassThrough())
            .filter(
                update -> Duration.between(update.createdAt(), now).compareTo(retention.age()) >= 0)
            .limit(limit)
            .toList();
    if (!removed.isEmpty()) {
      all.removeAll(Set.copyOf(removed));
      removed.forEach(this::remove);
    }
    return removed;
  }

  private void remove(OtaUpdate update) {
    byId.remove(update.id());
    updatesOfBlob.computeIfPresent(update.blob(), (key, count) -> count == 1 ? null : count - 1);
  }

  /** Whether an update has this firmware file. */
  boolean names(BlobKey key) {
    return updatesOfBlob.containsKey(key);
  }

  private NavigableSet<LatestUpdate> records(OwnerId owner) {
    return latestByOwner.computeIfAbsent(owner, any -> new TreeSet<>(OLDEST_FIRST));
  }
}
