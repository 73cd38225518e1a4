package io.groupota.internal;

import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.StorageException;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.UpdateLog;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Remembers what groups serve. An answer is never older than the time to live. Where the log can
 * tell which groups have changed, one question to it renews all answers at once, whatever their
 * number; the thread that notices that it is time asks it. Elsewhere each answer is asked for anew.
 * Thread-safe.
 */
final class ServedUpdates {
  private static final int CAPACITY = 200_000;

  /** After this long the directory is asked again whether the group is still there. */
  private static final long RENEWABLE_MILLIS = Duration.ofMinutes(5).toMillis();

  private record Entry(Optional<OtaUpdate> update, long loadedAt) {}

  /**
   * What the log has told so far.
   *
   * @param mark where it goes on from, null before the first time
   * @param since what was loaded after this time is covered by it
   * @param askedAt when it last told
   */
  private record Feed(@Nullable String mark, long since, long askedAt) {}

  private static final Feed NOTHING = new Feed(null, Long.MAX_VALUE, Long.MIN_VALUE);

  private final GroupDirectory directory;
  private final UpdateLog log;
  private final Clock clock;
  private final long ttlMillis;
  private final BoundedCache<GroupId, Entry> entries = new BoundedCache<>(CAPACITY);
  private final AtomicLong invalidations = new AtomicLong();
  private final ReentrantLock asking = new ReentrantLock();
  private volatile Feed feed = NOTHING;
  private volatile long triedAt = Long.MIN_VALUE;
  private volatile boolean tells = true;

  ServedUpdates(GroupDirectory directory, UpdateLog log, Duration ttl, Clock clock) {
    this.directory = directory;
    this.log = log;
    this.clock = clock;
    this.ttlMillis = ttl.toMillis();
  }

  /** The update that a group serves, empty if it serves none or there is no such group. */
  Optional<OtaUpdate> get(GroupId group) {
    long now = clock.millis();
    askIfDue(now);
    Feed told = feed;
    Entry entry = entries.get(group);
    return entry != null && isFresh(group, entry, told, now)
        ? entry.update()
        : Optional.ofNullable(load(Set.of(group), now).get(group));
  }

  /** The same of many groups, at most 1,000: of those that serve one. */
  Map<GroupId, OtaUpdate> getAll(Collection<GroupId> groups) {
    long now = clock.millis();
    askIfDue(now);
    Feed told = feed;
    Map<GroupId, OtaUpdate> updates = new HashMap<>();
    Set<GroupId> missing = new HashSet<>();
    for (GroupId group : groups) {
      Entry entry = entries.get(group);
      if (entry == null || !isFresh(group, entry, told, now)) {
        missing.add(group);
      } else {
        entry.update().ifPresent(update -> updates.put(group, update));
      }
    }
    if (!missing.isEmpty()) {
      updates.putAll(load(missing, now));
    }
    return updates;
  }

  /** Forgets what a group serves, since it serves another update from now on. */
  void invalidate(GroupId group) {
    invalidations.incrementAndGet();
    entries.remove(group);
  }

  /**
   * Whether an answer is young enough, or renewed by what the log has told.
   *
   * @param told read before the entry: what it tells of was forgotten before it was told
   */
  private boolean isFresh(GroupId group, Entry entry, Feed told, long now) {
    if (!isOld(entry.loadedAt(), now, ttlMillis)) {
      return true;
    }
    return entry.update().isPresent()
        && entry.loadedAt() > told.since()
        && !isOld(told.askedAt(), now, ttlMillis)
        && !isOld(entry.loadedAt(), now, renewableMillis(group));
  }

  /** A quarter less for some than for others, so that not all are loaded again at once. */
  private static long renewableMillis(GroupId group) {
    return RENEWABLE_MILLIS - Math.floorMod(group.hashCode(), RENEWABLE_MILLIS / 4);
  }

  /** What was loading while it was invalidated is not remembered. */
  private Map<GroupId, OtaUpdate> load(Set<GroupId> groups, long now) {
    long before = invalidations.get();
    Set<GroupId> there = directory.groups(groups).keySet();
    Map<GroupId, OtaUpdate> updates = there.isEmpty() ? Map.of() : log.served(there);
    groups.forEach(
        group -> {
          entries.put(group, new Entry(Optional.ofNullable(updates.get(group)), now));
          if (invalidations.get() != before) {
            entries.remove(group);
          }
        });
    return updates;
  }

  private void askIfDue(long now) {
    if (tells && isOld(triedAt, now, ttlMillis / 2)) {
      ask(now);
    }
  }

  /** One thread asks; the others go on with what is known, as long as it is young enough. */
  private void ask(long now) {
    if (!asking.tryLock()) {
      return;
    }
    try {
      if (isOld(triedAt, now, ttlMillis / 2)) {
        triedAt = now;
        if (feed.mark() != null && now < feed.since()) {
          beginAnew();
        }
        Feed before = feed;
        log.changes(before.mark())
            .ifPresentOrElse(changes -> tell(before, changes, now), () -> tells = false);
      }
    } catch (StorageException e) {
      // The mark still holds. Until the log tells again, answers are asked for one by one.
      triedAt = now;
    } finally {
      asking.unlock();
    }
  }

  /**
   * The clock was set back: times of before and of now cannot be compared, and what was loaded
   * before would count as covered once the clock shows its time again.
   */
  private void beginAnew() {
    feed = NOTHING;
    invalidations.incrementAndGet();
    entries.clear();
  }

  private void tell(Feed before, UpdateLog.Changes changes, long now) {
    changes.groups().forEach(this::invalidate);
    long since = before.mark() == null ? clock.millis() : before.since();
    feed = new Feed(changes.mark(), since, now);
  }

  /** A clock that was set back must not keep anything for ever. */
  private static boolean isOld(long time, long now, long age) {
    return time == Long.MIN_VALUE || now < time || now - time >= age;
  }
}
