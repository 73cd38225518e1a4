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
import org.jspecify.annotations.Nullable;

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
  private final Queue<Reserved> ahead = new ArrayDeque<>();

  /** How many were reserved the last time, and when. */
  private int last;

  private Instant lastAt = Instant.EPOCH;

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

  private record Reserved(BlobKey key, Instant at) {}

  /** A key for a new blob, whose value is a new id. */
  BlobKey take() {
    Instant now = clock.instant();
    BlobKey key = takeAhead(now);
    return key == null ? reserve(now) : key;
  }

  private synchronized @Nullable BlobKey takeAhead(Instant now) {
    ahead.removeIf(reserved -> !isWithin(fresh, reserved.at(), now));
    Reserved reserved = ahead.poll();
    return reserved == null ? null : reserved.key();
  }

  /** No other deploy waits meanwhile: a database that hangs must not have them wait in turn. */
  private BlobKey reserve(Instant now) {
    List<BlobKey> keys = Stream.generate(ids::next).limit(count(now)).map(BlobKey::new).toList();
    ledger.reserve(keys);
    keepAhead(keys.subList(1, keys.size()), now);
    return keys.get(0);
  }

  private synchronized int count(Instant now) {
    last = isWithin(BURST, lastAt, now) ? Math.min(2 * last, MOST) : 1;
    lastAt = now;
    return last;
  }

  private synchronized void keepAhead(List<BlobKey> keys, Instant now) {
    keys.forEach(key -> ahead.add(new Reserved(key, now)));
  }

  /** Not if the clock was set back. */
  private static boolean isWithin(Duration time, Instant since, Instant now) {
    return !now.isBefore(since) && !now.isAfter(since.plus(time));
  }
}
