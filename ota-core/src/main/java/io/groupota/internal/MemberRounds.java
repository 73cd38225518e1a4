package io.groupota.internal;

import io.groupota.spi.RolloutQueue.Move;
import io.groupota.spi.UpdateNotifier;
import io.groupota.spi.UpdateTrigger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The messages to the devices of a batch, each in a round of its own: a device that cannot be told
 * must not hold up the others.
 */
final class MemberRounds {
  private static final Logger LOG = LoggerFactory.getLogger(MemberRounds.class);

  /** How many messages may fail before the rest are not tried. */
  private static final int PATIENCE = 10;

  private final UpdateNotifier notifier;
  private final TriggerSlots slots;
  private final Map<Move, TriggerRound> sent = new LinkedHashMap<>();

  MemberRounds(UpdateNotifier notifier, TriggerSlots slots) {
    this.notifier = notifier;
    this.slots = slots;
  }

  void send(UpdateTrigger trigger, Move move) {
    TriggerRound round = new TriggerRound(notifier, slots, () -> true);
    round.send(trigger);
    sent.put(move, round);
  }

  /** Whether too many failed for it to be worth while to send more. */
  boolean areInVain() {
    return slots.failures() >= PATIENCE;
  }

  /** Whose messages were sent, in that order, whatever became of them. */
  Set<Move> sent() {
    return sent.keySet();
  }

  /** Waits for what was sent; returns what failed. What was refused is not to be sent again. */
  Map<Move, Throwable> await() {
    Map<Move, Throwable> failed = new LinkedHashMap<>();
    List<Throwable> refused = new ArrayList<>();
    TriggerRound.awaitLast(sent.values());
    sent.forEach(
        (move, round) -> {
          @Nullable Throwable failure = round.await();
          @Nullable Throwable refusal = round.refusal();
          if (refusal != null) {
            refused.add(refusal);
          } else if (failure != null) {
            failed.put(move, failure);
          }
        });
    tellRefused(refused);
    return failed;
  }

  private static void tellRefused(List<Throwable> refused) {
    if (!refused.isEmpty()) {
      LOG.warn(
          "The triggers of {} devices of rollouts were refused, the first one: {}",
          refused.size(),
          refused.get(0).toString());
    }
  }
}
