package io.groupota.internal;

import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.spi.TriggerQueue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Notices groups with devices that report another version than the served one, and marks them due
 * for a trigger. The repository sees to it that a group is triggered once per interval; what is
 * remembered here only spares it the question.
 */
final class BehindWatch {
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(100);
  private static final int CAPACITY = 200_000;

  /** How long a report that is worth a look may take to get it, before another one is. */
  private static final long PATIENCE_MILLIS = 1_000;

  private static final long NEVER = Long.MIN_VALUE;

  /**
   * What a group serves, as far as it is known.
   *
   * @param loadedAt when it was read
   * @param askedAt when a report was found worth a look just to read it anew
   * @param markedAt when it was last marked, which is not repeated soon
   */
  private record Served(Optional<String> version, long loadedAt, long askedAt, long markedAt) {
    Served askedAt(long now) {
      return new Served(version, loadedAt, now, markedAt);
    }

    Served markedAt(long now) {
      return new Served(version, loadedAt, NEVER, now);
    }
  }

  private final TriggerQueue triggers;
  private final ServedFirmware firmware;
  private final Duration interval;
  private final Runnable onBehind;
  private final long pauseMillis;
  private final BoundedCache<GroupId, Served> groups = new BoundedCache<>(CAPACITY);

  BehindWatch(
      TriggerQueue triggers, ServedFirmware firmware, Duration interval, Runnable onBehind) {
    this.triggers = triggers;
    this.firmware = firmware;
    this.interval = interval;
    this.onBehind = onBehind;
    this.pauseMillis =
        Math.max(
            SHORTEST_PAUSE.toMillis(),
            Math.min(LONGEST_PAUSE.toMillis(), interval.toMillis() / 10));
  }

  /**
   * Whether a device of a group that runs a version may need a trigger. Touches memory only. One
   * report is enough to find out what the group serves by now; the others are judged by what it
   * served.
   */
  boolean isWorthALook(GroupId group, Optional<String> version, long now) {
    Served served = groups.get(group);
    if (served == null) {
      groups.put(group, new Served(Optional.empty(), NEVER, now, NEVER));
      return true;
    }
    if (isOld(served.loadedAt(), now, pauseMillis)
        && isOld(served.askedAt(), now, PATIENCE_MILLIS)) {
      groups.put(group, served.askedAt(now));
      return true;
    }
    return isOld(served.markedAt(), now, pauseMillis) && isBehind(version, served);
  }

  /** Marks the groups in which a version was reported that is not the served one. */
  void look(Map<GroupId, Set<String>> reported, long now) {
    Map<GroupId, Served> known = served(reported.keySet(), now);
    List<GroupId> behind = new ArrayList<>();
    known.forEach(
        (group, served) -> {
          Set<String> versions = reported.getOrDefault(group, Set.of());
          boolean due =
              isOld(served.markedAt(), now, pauseMillis)
                  && versions.stream().anyMatch(version -> isBehind(Optional.of(version), served));
          if (due) {
            behind.add(group);
          }
        });
    if (behind.isEmpty()) {
      return;
    }
    triggers.markBehind(behind, interval);
    served(behind, now).forEach((group, served) -> groups.put(group, served.markedAt(now)));
    onBehind.run();
  }

  void invalidate(GroupId group) {
    groups.remove(group);
  }

  private Map<GroupId, Served> served(Collection<GroupId> wanted, long now) {
    Map<GroupId, Served> known = new HashMap<>();
    List<GroupId> old = new ArrayList<>();
    for (GroupId group : wanted) {
      Served served = groups.get(group);
      if (served == null || isOld(served.loadedAt(), now, pauseMillis)) {
        old.add(group);
      } else {
        known.put(group, served);
      }
    }
    if (!old.isEmpty()) {
      Map<GroupId, OtaUpdate> read = firmware.served(old);
      old.forEach(group -> known.put(group, loaded(group, read.get(group), now)));
    }
    return known;
  }

  private Served loaded(GroupId group, @Nullable OtaUpdate update, long now) {
    Served before = groups.get(group);
    Served loaded =
        new Served(
            Optional.ofNullable(update).map(OtaUpdate::version),
            now,
            NEVER,
            before == null ? NEVER : before.markedAt());
    groups.put(group, loaded);
    return loaded;
  }

  /** A clock that was set back must not keep anything for ever. */
  private static boolean isOld(long time, long now, long limit) {
    return time == NEVER || now < time || now - time >= limit;
  }

  private static boolean isBehind(Optional<String> version, Served served) {
    return version.isPresent() && served.version().isPresent() && !version.equals(served.version());
  }
}
