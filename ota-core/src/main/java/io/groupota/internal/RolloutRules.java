package io.groupota.internal;

import io.groupota.rollout.Failure;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Pace;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutCounts;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutReason;
import io.groupota.rollout.RolloutState;
import io.groupota.rollout.StopRule;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.TrackedRollout;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * What a rollout that has taken in its devices does next: a function of its plan, its counts and
 * the time, so that any node may ask at any time.
 */
final class RolloutRules {
  /** How many devices one step lets through. */
  static final int MOST_ADMITTED = 10_000;

  private static final Duration SHORTEST_SLEEP = Duration.ofSeconds(1);

  /** A pace may be as slow as it likes, but no database keeps a time that far away. */
  private static final Duration LONGEST_SLEEP = Duration.ofDays(1);

  /** Of how many minutes' devices, besides one, what could not be used at once is kept. */
  private static final double BURST_MINUTES = 2.0 / 60;

  /** Tenths do not add up to one. */
  private static final double ROUNDING = 1e-6;

  private static final double UNLIMITED = 1e15;

  /**
   * A step.
   *
   * @param next where the rollout is after it
   * @param step what else happens
   * @param again whether to look again at once
   */
  record Decision(RolloutProgress next, RolloutStep step, boolean again) {
    static Decision sleep(RolloutProgress next) {
      return new Decision(next, new RolloutStep.Progress(), false);
    }

    static Decision goOn(RolloutProgress next, RolloutStep step) {
      return new Decision(next.but().due(Optional.empty()).build(), step, true);
    }
  }

  private final TrackedRollout tracked;
  private final Rollout rollout;
  private final RolloutProgress progress;
  private final Instant now;

  RolloutRules(TrackedRollout tracked) {
    this.tracked = tracked;
    this.rollout = tracked.rollout();
    this.progress = acceptedAtMost(tracked.progress(), failures(rollout.counts()));
    this.now = tracked.now();
  }

  /** Of devices that recovered nothing stays accepted: others may fail in another way. */
  private static RolloutProgress acceptedAtMost(RolloutProgress progress, long failures) {
    return progress.but().accepted(Math.min(progress.accepted(), failures)).build();
  }

  /** The first stop rule that is broken and not accepted. */
  Optional<StopRule> brokenRule() {
    RolloutCounts counts = rollout.counts();
    boolean worse = failures(counts) > progress.accepted();
    return rollout.plan().stopRules().stream()
        .filter(rule -> worse && rule.isBroken(counts))
        // What rolls back does more than what pauses.
        .max(Comparator.comparing(StopRule::action));
  }

  static long failures(RolloutCounts counts) {
    long failures = 0;
    for (Failure failure : Failure.values()) {
      failures += counts.in(failure.state());
    }
    return failures;
  }

  /** For a rollout that is scheduled, running, paused or awaits approval. */
  Decision next() {
    return switch (progress.state()) {
      case SCHEDULED -> scheduled();
      case RUNNING, AWAITING_APPROVAL -> active();
      default -> Decision.sleep(progress.but().due(rollout.plan().schedule().deadline()).build());
    };
  }

  private Decision scheduled() {
    Optional<Instant> start = rollout.plan().schedule().startAt();
    boolean waits = rollout.plan().schedule().manually() || start.filter(now::isBefore).isPresent();
    return waits
        ? Decision.sleep(
            progress.but().due(earliest(start, rollout.plan().schedule().deadline())).build())
        : Decision.goOn(begun(progress, now), new RolloutStep.Progress());
  }

  static RolloutProgress begun(RolloutProgress progress, Instant now) {
    return progress
        .but()
        .state(RolloutState.RUNNING, Optional.empty())
        .stage(progress.stage(), now)
        .startedAt(progress.startedAt().orElse(now))
        .build();
  }

  private Decision active() {
    boolean open = rollout.plan().isOpen(now);
    double tokens = tokens();
    RolloutProgress paced = progress.but().tokens(tokens, now).build();
    long budget = open ? (long) Math.floor(Math.min(tokens + ROUNDING, freeSlots())) : 0;
    return group(budget)
        .map(
            group ->
                Decision.goOn(
                    paced,
                    new RolloutStep.Reach(group.group(), rollout.plan().devices().reactWithin())))
        .or(() -> admission(budget, paced))
        .orElseGet(() -> gate(paced, tokens));
  }

  private Optional<RolloutGroup> group(long budget) {
    return budget < 1 ? Optional.empty() : waitingGroups().filter(g -> !g.blocked()).findFirst();
  }

  private Stream<RolloutGroup> waitingGroups() {
    return rollout.groups().stream()
        .filter(group -> group.status() == RolloutGroup.Status.WAITING)
        .filter(group -> group.completeIn() <= progress.stage());
  }

  private Optional<Decision> admission(long budget, RolloutProgress paced) {
    long queued = tracked.deviceAddressed().upTo(progress.stage()).in(RolloutDeviceState.QUEUED);
    int devices = (int) Math.min(Math.min(budget, queued), MOST_ADMITTED);
    return devices < 1
        ? Optional.empty()
        : Optional.of(
            Decision.goOn(
                paced,
                new RolloutStep.Admit(
                    progress.stage(), devices, rollout.plan().devices().jitter())));
  }

  private double tokens() {
    OptionalDouble rate = progress.pace().rate(rollout.counts().in(RolloutDeviceState.UPDATED));
    if (rate.isEmpty()) {
      return UNLIMITED;
    }
    double perMinute = rate.getAsDouble();
    double minutes = Math.max(0, Duration.between(progress.tokensAt(), now).toMillis()) / 60_000.0;
    double most = 1 + perMinute * BURST_MINUTES;
    return Math.min(most, Math.min(progress.tokens(), most) + perMinute * minutes);
  }

  private double freeSlots() {
    Pace pace = progress.pace();
    return pace.inFlight().isPresent()
        ? (double) (pace.inFlight().getAsInt() - rollout.counts().inFlight())
        : UNLIMITED;
  }

  /** Nothing can be let through now: is the stage done? */
  private Decision gate(RolloutProgress paced, double tokens) {
    RolloutCounts counts = rollout.counts().upTo(progress.stage());
    boolean last = progress.stage() == rollout.plan().stages().size() - 1;
    if (isBlocked(counts)) {
      return pause(RolloutReason.GROUP_BLOCKED);
    }
    if (last) {
      return counts.open() == 0 && waitingGroups().findAny().isEmpty()
          ? over(RolloutState.COMPLETED)
          : sleep(paced, tokens, Optional.empty());
    }
    Gate gate = rollout.plan().stages().get(progress.stage()).gate();
    if (!isMet(gate, counts)) {
      if (counts.open() == 0) {
        return pause(RolloutReason.GATE_NOT_MET);
      }
      return sleep(
          paced
              .but()
              .state(RolloutState.RUNNING, Optional.empty())
              .gateMetSince(Optional.empty())
              .build(),
          tokens,
          Optional.empty());
    }
    return soak(gate, paced, tokens);
  }

  private Decision soak(Gate gate, RolloutProgress paced, double tokens) {
    Instant metSince = progress.gateMetSince().orElse(now);
    Instant soaked = metSince.plus(gate.soak());
    RolloutProgress met = paced.but().gateMetSince(Optional.of(metSince)).build();
    if (now.isBefore(soaked)) {
      return sleep(met, tokens, Optional.of(soaked));
    }
    if (gate.approval()) {
      return sleep(
          met.but().state(RolloutState.AWAITING_APPROVAL, Optional.empty()).build(),
          tokens,
          Optional.empty());
    }
    if (!rollout.plan().isOpen(now)) {
      return sleep(met, tokens, Optional.empty());
    }
    return Decision.goOn(
        paced.but().stage(progress.stage() + 1, now).build(), new RolloutStep.Progress());
  }

  /** Guards count neither for nor against; without devices there is nothing to prove. */
  private static boolean isMet(Gate gate, RolloutCounts counts) {
    long all =
        counts.devices()
            - counts.in(RolloutDeviceState.EXCLUDED)
            - counts.in(RolloutDeviceState.CANCELED);
    return 100.0 * counts.in(RolloutDeviceState.UPDATED) >= gate.provenPercent() * all;
  }

  /** Whether all that is left to do waits for groups that guards keep out. */
  private boolean isBlocked(RolloutCounts counts) {
    List<RolloutGroup> waiting = waitingGroups().toList();
    long waitingForGroups =
        counts.in(RolloutDeviceState.QUEUED)
            - tracked.deviceAddressed().upTo(progress.stage()).in(RolloutDeviceState.QUEUED);
    return !waiting.isEmpty()
        && waiting.stream().allMatch(RolloutGroup::blocked)
        && counts.open() == waitingForGroups;
  }

  private Decision pause(RolloutReason reason) {
    return Decision.sleep(
        progress
            .but()
            .state(RolloutState.PAUSED, Optional.of(reason))
            .due(rollout.plan().schedule().deadline())
            .build());
  }

  /** A rollout that ends; what is left to do with its devices comes in further steps. */
  Decision over(RolloutState state) {
    return Decision.goOn(
        progress.but().state(state, Optional.empty()).endedAt(now).build(),
        new RolloutStep.Progress());
  }

  /** Until something happens to a device, the next token is there, or a time is reached. */
  private Decision sleep(RolloutProgress next, double tokens, Optional<Instant> time) {
    Optional<Instant> due = earliest(time, rollout.plan().schedule().deadline());
    if (!rollout.plan().isOpen(now)) {
      return Decision.sleep(next.but().due(earliest(due, opening())).build());
    }
    long queued =
        tracked.deviceAddressed().upTo(progress.stage()).in(RolloutDeviceState.QUEUED)
            + waitingGroups().filter(group -> !group.blocked()).count();
    if (queued > 0 && tokens + ROUNDING < 1 && freeSlots() >= 1) {
      double perMinute =
          progress.pace().rate(rollout.counts().in(RolloutDeviceState.UPDATED)).orElse(UNLIMITED);
      long wait = (long) Math.ceil((1 - tokens) / perMinute * 60_000);
      long millis = Math.max(SHORTEST_SLEEP.toMillis(), Math.min(wait, LONGEST_SLEEP.toMillis()));
      due = earliest(due, Optional.of(now.plusMillis(millis)));
    }
    return Decision.sleep(next.but().due(due).build());
  }

  private Optional<Instant> opening() {
    return rollout.plan().windows().stream()
        .map(window -> window.nextOpening(now))
        .min(Comparator.naturalOrder());
  }

  private static Optional<Instant> earliest(Optional<Instant> one, Optional<Instant> other) {
    return one.isPresent() && other.isPresent()
        ? Optional.of(one.get().isBefore(other.get()) ? one.get() : other.get())
        : one.or(() -> other);
  }
}
