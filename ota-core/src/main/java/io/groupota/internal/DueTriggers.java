package io.groupota.internal;

import io.groupota.spi.TriggerQueue;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Claims what is due, batch by batch, and looks up what it depends on; the next batch in a thread
 * of its own, if its caller wants that. Closing gives back what was claimed and not taken. Used by
 * one thread.
 */
final class DueTriggers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DueTriggers.class);

  /** How many claims a batch has, unless no more is due. */
  static final int BATCH = 2_000;

  private final TriggerQueue queue;
  private final TriggerFacts facts;
  private final HeldClaims held;
  private final Duration lease;
  private @Nullable Ahead<Claimed> ahead;

  DueTriggers(TriggerQueue queue, TriggerFacts facts, HeldClaims held, Duration lease) {
    this.queue = queue;
    this.facts = facts;
    this.held = held;
    this.lease = lease;
  }

  /**
   * Claims, which are held from now on.
   *
   * @param claims none if nothing is due
   * @param facts what they depend on; empty if that could not be looked up for all of them
   */
  record Claimed(List<TriggerQueue.Claim> claims, Optional<TriggerFacts.Facts> facts) {
    static final Claimed NOTHING = new Claimed(List.of(), Optional.empty());
  }

  /** The next batch. */
  Claimed next() {
    Ahead<Claimed> begun = ahead;
    ahead = null;
    return begun == null ? claim() : begun.result();
  }

  /** Begins to claim the next batch. */
  void claimAhead() {
    ahead = Ahead.begin("ota-claims", this::claim);
  }

  private Claimed claim() {
    List<TriggerQueue.Claim> claims = queue.claimDue(lease, BATCH);
    if (claims.isEmpty()) {
      return Claimed.NOTHING;
    }
    held.add(claims);
    try {
      return new Claimed(claims, Optional.of(facts.lookUp(claims)));
    } catch (TriggerFacts.LookUpFailed e) {
      LOG.debug("What {} triggers depend on could not be looked up at once", claims.size(), e);
      return new Claimed(claims, Optional.empty());
    }
  }

  /** At once, and uncounted: nothing was tried. */
  @Override
  public void close() {
    if (ahead == null) {
      return;
    }
    try {
      queue.extend(next().claims(), Duration.ZERO);
    } catch (RuntimeException e) {
      LOG.debug("Claims were not given back: their leases expire", e);
    }
  }
}
