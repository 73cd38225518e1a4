package io.groupota.internal;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * A map that forgets what was not used for long once it is full. Two generations: a hit in the old
 * one is copied to the young one; when the young one is full it becomes the old one and the old one
 * is dropped. Reads of the young one are lock-free; at most {@code capacity} entries are held, at
 * least the last {@code capacity / 2} that were used.
 */
final class BoundedCache<K, V> {
  private final int generationSize;
  private volatile ConcurrentMap<K, V> young = new ConcurrentHashMap<>();
  private volatile ConcurrentMap<K, V> old = new ConcurrentHashMap<>();

  BoundedCache(int capacity) {
    this.generationSize = Math.max(1, capacity / 2);
  }

  @Nullable V get(K key) {
    V value = young.get(key);
    if (value != null) {
      return value;
    }
    value = old.get(key);
    if (value != null) {
      keep(key);
      rotateIfFull();
    }
    return value;
  }

  /** Excludes {@link #remove}: what was removed must not come back. */
  private synchronized void keep(K key) {
    V value = old.get(key);
    if (value != null) {
      young.putIfAbsent(key, value);
    }
  }

  void put(K key, V value) {
    young.put(key, value);
    rotateIfFull();
  }

  private void rotateIfFull() {
    // mappingCount is an estimate under contention, which is good enough for a bound.
    if (((ConcurrentHashMap<K, V>) young).mappingCount() > generationSize) {
      rotate();
    }
  }

  synchronized void remove(K key) {
    young.remove(key);
    old.remove(key);
  }

  synchronized void clear() {
    young.clear();
    old.clear();
  }

  private synchronized void rotate() {
    if (young.size() > generationSize) {
      old = young;
      young = new ConcurrentHashMap<>();
    }
  }
}
