package io.groupota.spi;

import io.groupota.BlobKey;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

/**
 * The role of an {@link OtaRepository} that knows every blob before it is written, so that none is
 * ever orphaned: a key is reserved, the blob is written, and the transaction of {@link
 * UpdateLog#record} makes the reservation final. A reservation that was not made final in time is
 * abandoned, and so is a blob whose last update {@link UpdateLog#prune} removed; claiming it and
 * recording it exclude each other, so a blob that is served is never swept.
 */
public interface BlobLedger {
  /**
   * Reserves keys, durably, before anything is written under them. Atomic.
   *
   * @param keys new keys, different from each other, at least one
   * @throws io.groupota.StorageException if one of them is known already, or the storage fails;
   *     then none is reserved
   */
  void reserve(Collection<BlobKey> keys);

  /**
   * Reserves one key.
   *
   * @param key a new key
   */
  default void reserve(BlobKey key) {
    reserve(List.of(key));
  }

  /**
   * Claims abandoned reservations for deletion: those not made final within a time, and those
   * claimed before but not forgotten. From then on the keys cannot be recorded.
   *
   * @param grace how long a deploy may take
   * @param limit how many at the most
   * @return the keys; delete the blobs, then {@link #forget} them
   */
  List<BlobKey> claimAbandoned(Duration grace, int limit);

  /**
   * Abandons a reservation at once, after a deploy that failed: {@link #claimAbandoned} returns it
   * whatever the grace. If a transaction that makes it final is still under way, its end is waited
   * for, so that what is read after this is how the deploy ended. So it does with a key that is not
   * known (any more): a deploy that outlasted the grace may have written its blob after the key was
   * claimed and forgotten. Nothing happens if the reservation is final already, or claimed.
   * Idempotent.
   *
   * @param key the key, which nobody records any more
   */
  void abandon(BlobKey key);

  /**
   * Removes claimed keys whose blobs are deleted. Idempotent; keys that are not claimed stay.
   *
   * @param keys the keys
   */
  void forget(Collection<BlobKey> keys);
}
