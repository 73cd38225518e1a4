package io.groupota.internal;

import io.groupota.spi.OtaRepository;
import io.groupota.spi.TriggerQueue;
import io.groupota.spi.UpdateNotifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Sends the triggers that are due: claims groups, has their devices told, and ends a claim when
 * every message was handed over. A crash in between leaves claims whose leases expire.
 */
final class TriggerDispatcher {
  /** How many groups in a row may fail to be looked up before the rest are not tried. */
  private static final int PATIENCE = 2;

  /**
   * After how many messages to devices the claims they belong to are ended: a node that dies has
   * others repeat no more.
   */
  private static final int MESSAGES = 10_000;

  private final OtaRepository repository;
  private final UpdateNotifier notifier;
  private final TriggerFacts facts;
  private final TriggerMessages messages;
  private final Settings.Triggers settings;
  private final Events events;

  TriggerDispatcher(
      Spis spis, RolloutAssignments assignments, Settings.Triggers settings, Events events) {
    this.facts = new TriggerFacts(spis, assignments);
    this.messages = new TriggerMessages(spis, assignments);
    this.repository = spis.repository();
    this.notifier = spis.notifier();
    this.settings = settings;
    this.events = events;
  }

  /**
   * Sends all that is due, or what it can until it is told to stop. The messages of one batch are
   * on their way while those of the next are sent: brokers acknowledge the last messages of a burst
   * late (Nagle's algorithm, which many leave on, waits for 40 ms).
   */
  void dispatch(BooleanSupplier stopping) {
    TriggerSlots slots = new TriggerSlots(settings.inFlight(), settings.timeout(), stopping);
    HeldClaims held = new HeldClaims(repository, settings.lease());
    try (DueTriggers due = new DueTriggers(repository, facts, held, settings.lease())) {
      Batch sent = new Batch(DueTriggers.Claimed.NOTHING, held, slots, stopping);
      boolean more = true;
      while (more) {
        Batch next = sendNext(sent, due);
        next.sendByDevice();
        sent = next;
        more = next.mayBeFollowed() && !slots.areLate();
      }
      sent.end();
    }
  }

  /** What was sent before is ended, whatever happens to the next batch. */
  private Batch sendNext(Batch sent, DueTriggers due) {
    Batch next;
    try {
      next = sent.followedBy(due.next());
      if (next.mayBeFollowed() && next.isQuick()) {
        due.claimAhead();
      }
      next.sendTogether();
    } catch (RuntimeException | Error e) {
      try {
        sent.end();
      } catch (RuntimeException ending) {
        e.addSuppressed(ending);
      }
      throw e;
    }
    sent.end();
    return next;
  }

  /** Claims that are worked on together. */
  private final class Batch {
    private final List<TriggerQueue.Claim> claims;
    private final Optional<TriggerFacts.Facts> lookedUp;
    private final HeldClaims held;
    private final TriggerSlots slots;
    private final BooleanSupplier stopping;
    private final TriggerRounds rounds;
    private final List<TriggerQueue.Claim> byDevice = new ArrayList<>();

    /** How many messages the rounds that are not ended yet have sent. */
    private long sent;

    Batch(
        DueTriggers.Claimed claimed,
        HeldClaims held,
        TriggerSlots slots,
        BooleanSupplier stopping) {
      this.claims = claimed.claims();
      this.lookedUp = claimed.facts();
      this.held = held;
      this.slots = slots;
      this.stopping = stopping;
      this.rounds = new TriggerRounds(repository, events, held);
    }

    Batch followedBy(DueTriggers.Claimed claimed) {
      return new Batch(claimed, held, slots, stopping);
    }

    /** Whether more may be due than these. */
    boolean mayBeFollowed() {
      return claims.size() == DueTriggers.BATCH && !stopping.getAsBoolean();
    }

    /**
     * Whether each group takes a message or few, so that what is claimed meanwhile waits little.
     */
    boolean isQuick() {
      return lookedUp.isPresent() && claims.stream().noneMatch(lookedUp.get()::isByDevice);
    }

    /** Sends to the groups that take one message for each user. */
    void sendTogether() {
      if (lookedUp.isEmpty()) {
        return;
      }
      for (TriggerQueue.Claim claim : claims) {
        if (lookedUp.get().isByDevice(claim)) {
          byDevice.add(claim);
        } else {
          send(claim, lookedUp.get());
        }
      }
    }

    /** Sends what takes its time, once nothing else waits for it. */
    void sendByDevice() {
      if (lookedUp.isEmpty()) {
        lookUpOneByOne();
      } else if (!byDevice.isEmpty()) {
        endRounds();
        byDevice.forEach(claim -> sendByDevice(claim, lookedUp.get()));
      }
    }

    private void sendByDevice(TriggerQueue.Claim claim, TriggerFacts.Facts known) {
      send(claim, known);
      if (sent >= MESSAGES) {
        endRounds();
      }
    }

    /** One group that cannot be looked up does not hold up the others. */
    private void lookUpOneByOne() {
      int inARow = 0;
      String cause = "";
      for (TriggerQueue.Claim claim : claims) {
        if (inARow < PATIENCE) {
          try {
            send(claim, facts.lookUp(List.of(claim)));
            endRounds();
            inARow = 0;
            continue;
          } catch (TriggerFacts.LookUpFailed e) {
            inARow++;
            cause = e.reason();
          }
        }
        rounds.retry(claim, cause);
        held.end(claim);
      }
    }

    private void send(TriggerQueue.Claim claim, TriggerFacts.Facts known) {
      if (stopping.getAsBoolean()) {
        repository.retry(claim, Duration.ZERO);
        held.end(claim);
      } else if (held.holds(claim)) {
        TriggerRound round = new TriggerRound(notifier, slots, () -> held.holds(claim));
        rounds.add(claim, round);
        send(claim, known, round);
        sent += round.sent();
      }
    }

    private void send(TriggerQueue.Claim claim, TriggerFacts.Facts known, TriggerRound round) {
      try {
        messages.send(claim, known.of(claim), round);
      } catch (RuntimeException e) {
        round.fail(e);
      }
    }

    /** Ends what was sent and not ended yet. */
    void end() {
      endRounds();
      rounds.tellRest();
    }

    private void endRounds() {
      sent = 0;
      rounds.end();
    }
  }
}
