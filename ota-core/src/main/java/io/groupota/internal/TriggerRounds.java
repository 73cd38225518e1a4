package io.groupota.internal;

import io.groupota.event.Triggered;
import io.groupota.event.Work;
import io.groupota.event.WorkRetried;
import io.groupota.spi.TriggerQueue;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The messages to the groups of a batch, a round for each, and what becomes of their claims: ended
 * when all messages were handed over, else tried again later. Used by one thread.
 */
final class TriggerRounds {
  private static final Logger LOG = LoggerFactory.getLogger(TriggerRounds.class);

  /** How many failures of a batch are told one by one: a broker that is away fails them all. */
  private static final int TOLD = 3;

  private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(10);

  private final TriggerQueue queue;
  private final Events events;
  private final HeldClaims held;
  private final Map<TriggerQueue.Claim, TriggerRound> rounds = new LinkedHashMap<>();

  private int failures;
  private int refusals;

  TriggerRounds(TriggerQueue queue, Events events, HeldClaims held) {
    this.queue = queue;
    this.events = events;
    this.held = held;
  }

  /** Adds a round before its messages are sent. */
  void add(TriggerQueue.Claim claim, TriggerRound round) {
    rounds.put(claim, round);
  }

  /** Tells of what was not told one by one. */
  void tellRest() {
    if (failures > TOLD) {
      LOG.warn(
          "Triggering {} more groups failed; each is tried again within {} s",
          failures - TOLD,
          LONGEST_BACKOFF.toSeconds());
    }
    if (refusals > TOLD) {
      LOG.warn("Messages to {} more groups were refused", refusals - TOLD);
    }
  }

  /**
   * Ends the claims whose messages were sent, once these are handed over: those first that need not
   * be waited for.
   */
  void end() {
    Map<TriggerQueue.Claim, TriggerRound> waiting = new LinkedHashMap<>(rounds);
    Map<TriggerQueue.Claim, TriggerRound> handedOver = new LinkedHashMap<>(rounds);
    handedOver.values().removeIf(round -> !round.isHandedOver());
    waiting.keySet().removeAll(handedOver.keySet());
    rounds.clear();
    end(handedOver);
    TriggerRound.awaitLast(waiting.values());
    end(waiting);
  }

  private void end(Map<TriggerQueue.Claim, TriggerRound> some) {
    Map<TriggerQueue.Claim, Throwable> failed = new LinkedHashMap<>();
    some.forEach(
        (claim, round) -> {
          Throwable failure = round.await();
          if (failure != null) {
            failed.put(claim, failure);
          }
        });
    List<TriggerQueue.Claim> done =
        some.keySet().stream().filter(claim -> !failed.containsKey(claim)).toList();
    Set<TriggerQueue.Claim> completed = done.isEmpty() ? Set.of() : queue.complete(done);
    some.forEach(
        (claim, round) -> {
          Throwable failure = failed.get(claim);
          if (failure != null && held.holds(claim)) {
            retry(claim, failure.toString());
          } else if (completed.contains(claim)) {
            tellRefused(claim, round);
            tell(claim, round.handedOver());
          } else {
            tellTakenOver(claim, round.sent());
          }
          held.end(claim);
        });
  }

  /** Some of a group; what was refused to a whole group is told as its failure. */
  private void tellRefused(TriggerQueue.Claim claim, TriggerRound round) {
    if (round.refusal() != null) {
      refusals++;
      LOG.atLevel(refusals > TOLD ? Level.DEBUG : Level.WARN)
          .log(
              "Triggering group {} for {} (update {}): {} of {} messages were refused: {}",
              claim.group(),
              claim.version(),
              claim.update(),
              round.sent() - round.handedOver(),
              round.sent(),
              String.valueOf(round.refusal()));
    }
  }

  /** Has a claim tried again later. */
  void retry(TriggerQueue.Claim claim, String cause) {
    failures++;
    int attempt = claim.attempts() + 1;
    Duration delay = backoff(claim.attempts());
    LOG.atLevel(failures > TOLD ? Level.DEBUG : Level.WARN)
        .log(
            "Triggering group {} for {} (update {}) failed, attempt {}; next one in {} ms: {}",
            claim.group(),
            claim.version(),
            claim.update(),
            attempt,
            delay.toMillis(),
            cause);
    if (queue.retry(claim, delay)) {
      events.emit(
          new WorkRetried(
              events.now(),
              Work.TRIGGERS,
              claim.group(),
              claim.update(),
              claim.version(),
              attempt,
              delay,
              cause));
    }
  }

  private void tell(TriggerQueue.Claim claim, long messages) {
    LOG.info(
        "Triggered group {} for {} (update {}): {} messages",
        claim.group(),
        claim.version(),
        claim.update(),
        messages);
    events.emit(
        new Triggered(
            events.now(),
            claim.group(),
            claim.update(),
            claim.version(),
            claim.reason(),
            messages));
  }

  private static void tellTakenOver(TriggerQueue.Claim claim, long messages) {
    LOG.warn(
        "Another node took over triggering group {} for {} (update {}); {} messages were sent here",
        claim.group(),
        claim.version(),
        claim.update(),
        messages);
  }

  /**
   * Exponential from one second, with up to half of it as jitter, so that nodes do not stay in
   * step.
   */
  private static Duration backoff(int attempts) {
    long millis = Math.min(LONGEST_BACKOFF.toMillis(), 1_000L << Math.min(attempts, 10));
    return Duration.ofMillis(millis / 2 + ThreadLocalRandom.current().nextLong(millis / 2 + 1));
  }
}
