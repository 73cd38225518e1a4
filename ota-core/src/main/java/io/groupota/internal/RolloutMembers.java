package io.groupota.internal;

import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutQueue.DueMember;
import io.groupota.spi.RolloutQueue.Move;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Moves the devices of rollouts that are due, and has those triggered that are let through. */
final class RolloutMembers {
  private final OtaRepository repository;
  private final MemberContexts contexts;
  private final MemberTriggers triggers;
  private final RolloutEvents events;

  RolloutMembers(
      OtaRepository repository,
      MemberContexts contexts,
      MemberTriggers triggers,
      RolloutEvents events) {
    this.repository = repository;
    this.contexts = contexts;
    this.triggers = triggers;
    this.events = events;
  }

  /**
   * Moves one batch; returns whether there was any. If the directory is away, those wait for their
   * leases that have to be looked up, and that is thrown once the others are moved.
   */
  boolean drive(MemberClaims claims, BooleanSupplier stopping) {
    MemberClaims.Batch batch = claims.next();
    if (batch.due().isEmpty()) {
      return false;
    }
    MemberFates fates = new MemberFates(repository, contexts);
    List<Move> moves = new ArrayList<>();
    List<Move> admitted = new ArrayList<>();
    for (DueMember member : batch.due()) {
      fates.of(member).ifPresent(fate -> (fate.trigger() ? admitted : moves).add(fate.move()));
    }
    MemberTriggers.Sent sent =
        triggers.send(admitted, fates, () -> claims.isHalfOver(batch), stopping);
    moves.addAll(sent.moves());
    for (Move move : repository.move(moves)) {
      events.moved(fates.context(move), move, fates.reported(move));
    }
    if (sent.away() != null) {
      throw sent.away();
    }
    return true;
  }
}
