package io.groupota.memory;

import io.groupota.spi.RolloutLog.Target;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.TrackedRollout;
import io.groupota.spi.UpdateLog.Entry;
import java.time.Clock;
import java.time.Instant;

/** Takes the steps of rollouts. Not thread-safe. */
final class RolloutSteps {
  private final RolloutTable rollouts;
  private final Serving serving;
  private final Clock clock;

  RolloutSteps(RolloutTable rollouts, Serving serving, Clock clock) {
    this.rollouts = rollouts;
    this.serving = serving;
    this.clock = clock;
  }

  int advance(RolloutEntry entry, TrackedRollout seen, RolloutProgress next, RolloutStep step) {
    Instant now = clock.instant();
    if (step instanceof RolloutStep.Enroll enroll) {
      RolloutTable.requireParts(entry, enroll.devices());
    }
    entry.progress = next;
    entry.revision++;
    boolean woken = entry.wakes != seen.wakes();
    int changed = take(entry, step, now);
    if (step instanceof RolloutStep.Admit || step instanceof RolloutStep.Reach) {
      entry.progress = next.but().tokens(next.tokens() - changed, next.tokensAt()).build();
    }
    entry.due = woken ? now : next.due().orElse(null);
    return changed;
  }

  private int take(RolloutEntry entry, RolloutStep step, Instant now) {
    if (step instanceof RolloutStep.Enroll enroll) {
      return rollouts.enroll(entry, enroll.devices(), now);
    } else if (step instanceof RolloutStep.Restage restage) {
      return rollouts.restage(entry, restage);
    } else if (step instanceof RolloutStep.Admit admit) {
      return rollouts.admit(entry, admit, now);
    } else if (step instanceof RolloutStep.Reach reach) {
      return reach(entry, reach, now);
    } else if (step instanceof RolloutStep.RollBack rollBack) {
      return rollBack(entry, rollBack, now);
    } else if (step instanceof RolloutStep.Cancel cancel) {
      return rollouts.cancel(entry, cancel, now);
    }
    return 0;
  }

  private int reach(RolloutEntry entry, RolloutStep.Reach step, Instant now) {
    Target target = rollouts.target(entry, step.group());
    serving.serve(target.update(), target.recordId(), target.path());
    return rollouts.reach(entry, step.group(), step.reactWithin(), now);
  }

  /** Whether what a step needs is there still: groups that it may change, files to go back to. */
  boolean isPossible(RolloutEntry entry, RolloutProgress next, RolloutStep step) {
    if (step instanceof RolloutStep.Reach reach) {
      return rollouts.mayReach(entry, reach.group(), next.despiteGuards());
    }
    return !(step instanceof RolloutStep.RollBack rollBack)
        || rollBack.entries().stream()
            .map(Entry::update)
            .allMatch(back -> rollouts.isHeld(back.group(), entry) && serving.canRecord(back));
  }

  private int rollBack(RolloutEntry entry, RolloutStep.RollBack step, Instant now) {
    entry.parts.keySet().stream()
        .filter(group -> rollouts.isHeld(group, entry))
        .forEach(
            group -> {
              rollouts.release(group, now);
              serving.trigger(group);
            });
    for (Entry back : step.entries()) {
      serving.add(back.update());
      serving.serve(back.update(), back.recordId(), back.path());
    }
    return step.entries().size();
  }
}
