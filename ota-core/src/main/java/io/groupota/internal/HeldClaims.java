package io.groupota.internal;

import io.groupota.spi.TriggerQueue;
import io.groupota.spi.TriggerQueue.Claim;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The claims of a node on which it still works or which wait for it. Extends their leases while it
 * takes long, so that no other node takes them over although this one is alive. Thread-safe.
 */
final class HeldClaims {
  private final TriggerQueue queue;
  private final Duration lease;
  private final Set<Claim> claims = new LinkedHashSet<>();
  private long extendedAt = System.nanoTime();

  HeldClaims(TriggerQueue queue, Duration lease) {
    this.queue = queue;
    this.lease = lease;
  }

  /** Claims that were made just now. */
  synchronized void add(Collection<Claim> made) {
    claims.addAll(made);
  }

  /** Whether the work may go on; asks the storage once in a third of the lease only. */
  synchronized boolean holds(Claim claim) {
    if (System.nanoTime() - extendedAt > lease.toNanos() / 3) {
      extendedAt = System.nanoTime();
      claims.retainAll(queue.extend(claims, lease));
    }
    return claims.contains(claim);
  }

  synchronized void end(Claim claim) {
    claims.remove(claim);
  }
}
