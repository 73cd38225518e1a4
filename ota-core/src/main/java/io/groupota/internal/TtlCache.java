package io.groupota.internal;

import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * Remembers what a loader answered, for a short time. What was loading while its key was
 * invalidated is not remembered.
 */
final class TtlCache<K, V> {
  private record Entry<V>(V value, long loadedAt) {}

  private final BoundedCache<K, Entry<V>> entries;
  private final Function<K, V> loader;
  private final Clock clock;
  private final long ttlMillis;
  private final AtomicLong invalidations = new AtomicLong();

  TtlCache(int capacity, Duration ttl, Clock clock, Function<K, V> loader) {
    this.entries = new BoundedCache<>(capacity);
    this.loader = loader;
    this.clock = clock;
    this.ttlMillis = ttl.toMillis();
  }

  V get(K key) {
    long now = clock.millis();
    Entry<V> entry = entries.get(key);
    if (entry != null && isFresh(entry, now)) {
      return entry.value();
    }
    long before = invalidations.get();
    V value = loader.apply(key);
    keep(Map.of(key, value), now, before);
    return value;
  }

  /** First put, then compared: else an invalidation in between would remove nothing. */
  private void keep(Map<K, V> loaded, long now, long before) {
    loaded.forEach((key, value) -> entries.put(key, new Entry<>(value, now)));
    if (invalidations.get() != before) {
      loaded.keySet().forEach(entries::remove);
    }
  }

  /**
   * Many at once.
   *
   * @param all loads those that are not remembered, in one call; answers each
   */
  Map<K, V> getAll(Collection<K> keys, Function<Collection<K>, Map<K, V>> all) {
    long now = clock.millis();
    Map<K, V> values = new HashMap<>();
    Set<K> missing = new HashSet<>();
    for (K key : keys) {
      Entry<V> entry = entries.get(key);
      if (entry != null && isFresh(entry, now)) {
        values.put(key, entry.value());
      } else {
        missing.add(key);
      }
    }
    if (!missing.isEmpty()) {
      long before = invalidations.get();
      Map<K, V> loaded = all.apply(missing);
      keep(loaded, now, before);
      values.putAll(loaded);
    }
    return values;
  }

  void invalidate(K key) {
    invalidations.incrementAndGet();
    entries.remove(key);
  }

  /** A clock that was set back must not keep an entry for ever. */
  private boolean isFresh(Entry<V> entry, long now) {
    long age = now - entry.loadedAt();
    return age >= 0 && age < ttlMillis;
  }
}
