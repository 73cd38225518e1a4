package io.groupota.internal;

import io.groupota.spi.RolloutQueue;
import io.groupota.spi.RolloutQueue.DueMember;
import io.groupota.spi.RolloutQueue.Member;
import io.groupota.spi.RolloutQueue.Move;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Claims devices of rollouts, batch by batch. While its caller is busy with a full batch, the next
 * one is claimed in a thread of its own. Used by one thread.
 */
final class MemberClaims implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MemberClaims.class);

  /** How many devices a batch has if so many are due. */
  static final int SIZE = 5_000;

  private final RolloutQueue queue;
  private final Duration lease;
  private final ElapsedTime time;
  private @Nullable Ahead<Batch> next;

  MemberClaims(RolloutQueue queue, Duration lease, ElapsedTime time) {
    this.queue = queue;
    this.lease = lease;
    this.time = time;
  }

  /**
   * Devices that are claimed.
   *
   * @param claimedAt when, or a little earlier; of {@link ElapsedTime}
   */
  record Batch(List<DueMember> due, long claimedAt) {}

  /** The next batch, which is empty only if nothing is due now. */
  Batch next() {
    Ahead<Batch> ahead = next;
    next = null;
    Batch batch = ahead == null ? claim() : ahead.result();
    if (ahead != null && batch.due().isEmpty()) {
      // Of then: something may have become due meanwhile.
      batch = claim();
    }
    if (batch.due().size() == SIZE) {
      next = Ahead.begin("ota-devices", this::claim);
    }
    return batch;
  }

  private Batch claim() {
    long claimedAt = time.now();
    return new Batch(queue.claimDevices(lease, SIZE), claimedAt);
  }

  /** Whether half of the lease of a batch is over. */
  boolean isHalfOver(Batch batch) {
    Duration held = ElapsedTime.between(batch.claimedAt(), time.now());
    return held.compareTo(lease.dividedBy(2)) >= 0;
  }

  /** A change that leaves a device as it is, for whoever claims it next. */
  static Move givenBack(Member member) {
    return new Move(
        member, member.state(), member.attempts(), member.attemptAt(), Optional.of(Duration.ZERO));
  }

  /** Gives back what was claimed ahead. Should that fail, the claims end by themselves. */
  @Override
  public void close() {
    Ahead<Batch> ahead = next;
    next = null;
    if (ahead != null) {
      try {
        queue.move(ahead.result().due().stream().map(due -> givenBack(due.member())).toList());
      } catch (RuntimeException e) {
        LOG.debug("Devices of rollouts that were claimed could not be given back", e);
      }
    }
  }
}
