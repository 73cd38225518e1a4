package io.groupota.internal;

import io.groupota.BlobKey;
import io.groupota.spi.BlobLedger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.stream.Stream;

/**
 * Keys for blobs, reserved before they are handed out: in a burst of deploys several at once, so
 * that not each of them waits for a commit of its own. Those that are not needed in the end are
 * swept like those of deploys that died. Thread-safe.
 */
final class ReservedKeys {
  private static final int MOST = 16;

  /** Reservations that follow each other sooner than this are a burst. */
  private static final Duration BURST = Duration.ofSeconds(1);

  /** So much of its grace a deploy may lose at the most. */
  private static final Duration FRESH = Duration.ofSeconds(10);

  private static final int FRESH_OF_GRACE = 10;

  private final BlobLedger ledger;
  private final ObjectIds ids;
  private final Clock clock;
  private final Duration fresh;
  private final Queue<BlobKey> keys = new ArrayDeque<>();

  /** How many were reserved the last time, and when. */
  private int reserved;

  private Instant reservedAt = Instant.EPOCH;

  /**
   * @param grace how long a deploy may take
   */
  ReservedKeys(BlobLedger ledger, ObjectIds ids, Clock clock, Duration grace) {
    this.ledger = ledger;
    this.ids = ids;
    this.clock = clock;
    Duration part = grace.dividedBy(FRESH_OF_GRACE);
    this.fresh = part.compareTo(FRESH) < 0 ? part : FRESH;
  }

  /** A key for a new blob, whose value is a new id. */
  synchronized BlobKey take() {
    Instant now = clock.instant();
    if (!isWithin(fresh, now)) {
      keys.clear();
    }
    if (keys.isEmpty()) {
      int count = isWithin(BURST, now) ? Math.min(2 * reserved, MOST) : 1;
      List<BlobKey> next = Stream.generate(ids::next).limit(count).map(BlobKey::new).toList();
      ledger.reserve(next);
      keys.addAll(next);
      reserved = count;
      reservedAt = now;
    }
    return keys.remove();
  }

  /** Not if the clock was set back. */
  private boolean isWithin(Duration time, Instant now) {
    return !now.isBefore(reservedAt) && !now.isAfter(reservedAt.plus(time));
  }
}
