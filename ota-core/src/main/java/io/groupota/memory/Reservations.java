package io.groupota.memory;

import io.groupota.BlobKey;
import io.groupota.StorageException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The keys of blobs: each is in one of four states. Not thread-safe. */
final class Reservations {
  private final Clock clock;
  private final Map<BlobKey, Instant> reserved = new LinkedHashMap<>();
  private final Set<BlobKey> abandoned = new LinkedHashSet<>();
  private final Set<BlobKey> claimed = new LinkedHashSet<>();
  private final Set<BlobKey> recorded = new HashSet<>();

  Reservations(Clock clock) {
    this.clock = clock;
  }

  void reserve(Collection<BlobKey> keys) {
    for (BlobKey key : keys) {
      if (isKnown(key)) {
        throw new StorageException("The blob key " + key + " is reserved already", null);
      }
    }
    keys.forEach(key -> reserved.put(key, clock.instant()));
  }

  private boolean isKnown(BlobKey key) {
    return canRecord(key) || claimed.contains(key);
  }

  /** Whether an update may name the blob. */
  boolean canRecord(BlobKey key) {
    return reserved.containsKey(key) || abandoned.contains(key) || recorded.contains(key);
  }

  void record(BlobKey key) {
    reserved.remove(key);
    abandoned.remove(key);
    recorded.add(key);
  }

  List<BlobKey> claimAbandoned(Duration grace, int limit) {
    Instant now = clock.instant();
    List<BlobKey> keys = new ArrayList<>(abandoned);
    reserved.forEach(
        (key, since) -> {
          if (Duration.between(since, now).compareTo(grace) >= 0) {
            keys.add(key);
          }
        });
    // Those claimed the longest ago come last, so that a blob that cannot be deleted starves none.
    keys.addAll(claimed);
    List<BlobKey> claims = List.copyOf(keys.subList(0, Math.min(limit, keys.size())));
    for (BlobKey key : claims) {
      reserved.remove(key);
      abandoned.remove(key);
      claimed.remove(key);
      claimed.add(key);
    }
    return claims;
  }

  void abandon(BlobKey key) {
    // One that was swept meanwhile may have a blob by now.
    if (reserved.remove(key) != null || !isKnown(key)) {
      abandoned.add(key);
    }
  }

  /** The last update that named the blob is removed. */
  void release(BlobKey key) {
    if (recorded.remove(key)) {
      abandoned.add(key);
    }
  }

  void forget(Collection<BlobKey> keys) {
    keys.forEach(claimed::remove);
  }
}
