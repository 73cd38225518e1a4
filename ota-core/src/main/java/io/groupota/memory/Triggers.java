package io.groupota.memory;

import io.groupota.GroupId;
import io.groupota.spi.TriggerQueue.Claim;
import io.groupota.spi.TriggerQueue.Reason;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;

/** The due triggers, by group and by time. Not thread-safe. */
final class Triggers {
  /** A claim on a trigger; superseded when a newer deploy has made the trigger due once more. */
  private record Hold(String lease, Instant until, boolean superseded) {}

  /** What is due, from when on, and who holds it. */
  record Trigger(GroupId group, Reason reason, Instant dueAt, int attempts, Optional<Hold> hold) {
    private boolean isFreeAt(Instant now) {
      return hold.filter(held -> held.until().isAfter(now)).isEmpty();
    }

    private boolean isHeldBy(Claim claim) {
      return hold.filter(held -> held.lease().equals(claim.lease())).isPresent();
    }

    private boolean superseded() {
      return hold.filter(Hold::superseded).isPresent();
    }

    private Trigger with(Optional<Hold> changed) {
      return new Trigger(group, reason, dueAt, attempts, changed);
    }

    /** The name of the claim, for a trigger that was just claimed. */
    String lease() {
      return hold.map(Hold::lease).orElseThrow();
    }
  }

  private final Clock clock;
  private final Map<GroupId, Trigger> byGroup = new HashMap<>();
  private final NavigableSet<Trigger> byTime =
      new TreeSet<>(Comparator.comparing(Trigger::dueAt).thenComparing(Trigger::group));
  private final Map<GroupId, Instant> completed = new HashMap<>();
  private long leases;

  Triggers(Clock clock) {
    this.clock = clock;
  }

  void markDeployed(GroupId group) {
    Trigger present = byGroup.get(group);
    Optional<Hold> hold =
        present == null
            ? Optional.empty()
            : present.hold().map(held -> new Hold(held.lease(), held.until(), true));
    put(new Trigger(group, Reason.DEPLOYED, clock.instant(), 0, hold));
  }

  void markBehind(GroupId group, Duration interval) {
    Instant now = clock.instant();
    Instant last = completed.get(group);
    boolean tooEarly = last != null && Duration.between(last, now).compareTo(interval) < 0;
    if (!tooEarly && !byGroup.containsKey(group)) {
      put(new Trigger(group, Reason.BEHIND, now, 0, Optional.empty()));
    }
  }

  List<Trigger> claimDue(Duration lease, int limit) {
    Instant now = clock.instant();
    List<Trigger> free =
        byTime.stream()
            .takeWhile(trigger -> !trigger.dueAt().isAfter(now))
            .filter(trigger -> trigger.isFreeAt(now))
            .limit(limit)
            .toList();
    List<Trigger> claimed = new ArrayList<>(free.size());
    for (Trigger trigger : free) {
      leases++;
      Hold hold = new Hold(Long.toString(leases), now.plus(lease), false);
      Trigger held = trigger.with(Optional.of(hold));
      put(held);
      claimed.add(held);
    }
    return claimed;
  }

  boolean extend(Claim claim, Duration lease) {
    Trigger trigger = byGroup.get(claim.group());
    if (trigger == null || !trigger.isHeldBy(claim)) {
      return false;
    }
    Instant until = clock.instant().plus(lease);
    put(trigger.with(Optional.of(new Hold(claim.lease(), until, trigger.superseded()))));
    return true;
  }

  boolean complete(Claim claim) {
    Trigger trigger = byGroup.get(claim.group());
    if (trigger == null || !trigger.isHeldBy(claim)) {
      return false;
    }
    completed.put(claim.group(), clock.instant());
    if (trigger.superseded()) {
      put(trigger.with(Optional.empty()));
    } else {
      remove(trigger);
    }
    return true;
  }

  boolean retry(Claim claim, Duration delay) {
    Trigger trigger = byGroup.get(claim.group());
    if (trigger == null || !trigger.isHeldBy(claim)) {
      return false;
    }
    if (trigger.superseded()) {
      // The failed attempt was for an older deploy: the newer one stays due at once.
      put(trigger.with(Optional.empty()));
    } else {
      put(
          new Trigger(
              trigger.group(),
              trigger.reason(),
              clock.instant().plus(delay),
              trigger.attempts() + 1,
              Optional.empty()));
    }
    return true;
  }

  private void put(Trigger trigger) {
    Trigger replaced = byGroup.put(trigger.group(), trigger);
    if (replaced != null) {
      byTime.remove(replaced);
    }
    byTime.add(trigger);
  }

  private void remove(Trigger trigger) {
    byGroup.remove(trigger.group());
    byTime.remove(trigger);
  }
}
