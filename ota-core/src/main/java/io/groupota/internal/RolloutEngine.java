package io.groupota.internal;

import io.groupota.GroupId;
import io.groupota.event.Deployed;
import io.groupota.event.RolloutChanged.Change;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutCounts;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutReason;
import io.groupota.rollout.RolloutState;
import io.groupota.rollout.StopRule;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.TrackedRollout;
import io.groupota.spi.UpdateLog;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives rollouts: takes what is due, works out the next step from what is recorded, and takes it
 * if nobody else did. Keeps nothing in memory, so a crash loses nothing, and any number of nodes
 * may do it at once.
 */
final class RolloutEngine {
  private static final Logger LOG = LoggerFactory.getLogger(RolloutEngine.class);
  private static final int CLAIMS = 20;

  /** How many steps a rollout takes before the others have their turn. */
  private static final int STEPS = 200;

  private static final int CANCELED_AT_ONCE = 10_000;

  private final OtaRepository repository;
  private final RolloutEnrolment enrolment;
  private final RolloutMembers members;
  private final Rollback rollback;
  private final RolloutEvents events;
  private final ServedFirmware firmware;
  private final Runnable onTriggersDue;
  private final Duration lease;
  private final ElapsedTime time;

  RolloutEngine(
      OtaRepository repository,
      Parts parts,
      ServedFirmware firmware,
      Duration lease,
      ElapsedTime time) {
    this.repository = repository;
    this.enrolment = parts.enrolment();
    this.members = parts.members();
    this.rollback = parts.rollback();
    this.events = parts.events();
    this.onTriggersDue = parts.onTriggersDue();
    this.firmware = firmware;
    this.lease = lease;
    this.time = time;
  }

  /** What the engine works with. */
  record Parts(
      RolloutEnrolment enrolment,
      RolloutMembers members,
      Rollback rollback,
      RolloutEvents events,
      Runnable onTriggersDue) {}

  /** Does all that is due, or what it can until it is told to stop. */
  void run(BooleanSupplier stopping) {
    boolean more = true;
    try (MemberClaims claims = new MemberClaims(repository, lease, time)) {
      while (more && !stopping.getAsBoolean()) {
        Driven driven = driveRollouts(stopping);
        more = members.drive(claims, stopping) || driven.left();
        if (driven.failure() != null) {
          throw driven.failure();
        }
      }
    }
  }

  /**
   * What came of a batch of rollouts.
   *
   * @param left whether there is more to do at once
   * @param failure the first failure, null if there was none
   */
  private record Driven(boolean left, @Nullable RuntimeException failure) {}

  /** One rollout that fails does not hold up the others. */
  private Driven driveRollouts(BooleanSupplier stopping) {
    List<TrackedRollout> claimed = repository.claimRollouts(lease, CLAIMS);
    boolean left = claimed.size() == CLAIMS;
    List<RuntimeException> failures = new ArrayList<>();
    for (TrackedRollout tracked : claimed) {
      try {
        left |= drive(tracked, stopping);
      } catch (RuntimeException e) {
        LOG.warn("Rollout {} could not be driven: {}", tracked.rollout().id(), e.toString());
        failures.add(e);
      }
    }
    if (failures.isEmpty()) {
      return new Driven(left, null);
    }
    RuntimeException first = failures.get(0);
    failures.stream().skip(1).forEach(first::addSuppressed);
    return new Driven(left, first);
  }

  /** Returns whether there is more to do at once. */
  private boolean drive(TrackedRollout claimed, BooleanSupplier stopping) {
    Optional<TrackedRollout> tracked = Optional.of(claimed);
    try (DevicePages pages = enrolment.pages()) {
      for (int i = 0; i < STEPS && !stopping.getAsBoolean() && tracked.isPresent(); i++) {
        if (!step(tracked.get(), pages)) {
          return false;
        }
        tracked = repository.rollout(claimed.rollout().id());
      }
    }
    tracked.ifPresent(this::leaveTheRest);
    return tracked.isPresent();
  }

  /** What is left is due at once, for whichever node comes first. */
  private void leaveTheRest(TrackedRollout tracked) {
    repository.advance(
        tracked,
        tracked.progress().but().due(Optional.of(tracked.now())).build(),
        new RolloutStep.Progress());
  }

  /** Takes one step; returns whether to look again at once. */
  private boolean step(TrackedRollout tracked, DevicePages pages) {
    RolloutState state = tracked.progress().state();
    List<RolloutGroup> groups = tracked.rollout().groups();
    if (state.isOver()) {
      return cleanUp(tracked);
    }
    if (groups.stream().allMatch(group -> group.status() == RolloutGroup.Status.RELEASED)) {
      return take(tracked, new RolloutRules(tracked).over(RolloutState.SUPERSEDED));
    }
    if (isLate(tracked)) {
      return take(tracked, new RolloutRules(tracked).over(RolloutState.EXPIRED));
    }
    if (!tracked.progress().enrolment().complete()) {
      return take(tracked, enrolment.next(tracked, pages));
    }
    Set<GroupId> unfinished = unfinished(tracked);
    return unfinished.isEmpty() ? stopOrGoOn(tracked) : giveUp(unfinished, tracked);
  }

  /** The groups that are lost, and for which the rollout still means to do something. */
  private Set<GroupId> unfinished(TrackedRollout tracked) {
    Set<GroupId> lost =
        tracked.rollout().groups().stream()
            .filter(group -> group.status() == RolloutGroup.Status.RELEASED)
            .map(RolloutGroup::group)
            .collect(Collectors.toUnmodifiableSet());
    return lost.isEmpty() || tracked.rollout().counts().open() == 0
        ? Set.of()
        : repository.unfinished(tracked.rollout().id(), lost);
  }

  /** Ends what was meant for groups that are lost; goes on with the others once that is done. */
  private boolean giveUp(Set<GroupId> lost, TrackedRollout tracked) {
    OptionalLong canceled = cancel(tracked, lost, true);
    if (canceled.isEmpty() || canceled.getAsLong() > 0) {
      return canceled.isPresent();
    }
    // There was nothing left to end, but that was a step.
    return repository
        .rollout(tracked.rollout().id())
        .map(after -> after.progress().state().isOver() || stopOrGoOn(after))
        .orElse(false);
  }

  private static boolean isLate(TrackedRollout tracked) {
    Optional<Instant> deadline = tracked.rollout().plan().schedule().deadline();
    return deadline.isPresent() && !tracked.now().isBefore(deadline.get());
  }

  private boolean stopOrGoOn(TrackedRollout tracked) {
    RolloutRules rules = new RolloutRules(tracked);
    RolloutState state = tracked.progress().state();
    boolean active = state == RolloutState.RUNNING || state == RolloutState.AWAITING_APPROVAL;
    Optional<StopRule> broken = active ? rules.brokenRule() : Optional.empty();
    return broken.isPresent() ? stop(tracked, broken.get()) : take(tracked, rules.next());
  }

  private boolean stop(TrackedRollout tracked, StopRule rule) {
    if (rule.action() == StopRule.Action.ROLL_BACK) {
      Optional<List<UpdateLog.Entry>> entries =
          rollback.entries(tracked.rollout(), rule.rollBackTo());
      if (entries.isPresent()) {
        return rollBack(tracked, entries.get());
      }
    }
    RolloutReason reason =
        rule.action() == StopRule.Action.PAUSE
            ? RolloutReason.STOP_RULE
            : RolloutReason.NOTHING_TO_ROLL_BACK_TO;
    RolloutProgress paused =
        tracked
            .progress()
            .but()
            .state(RolloutState.PAUSED, Optional.of(reason))
            .due(tracked.rollout().plan().schedule().deadline())
            .build();
    return take(tracked, RolloutRules.Decision.sleep(paused));
  }

  private boolean rollBack(TrackedRollout tracked, List<UpdateLog.Entry> entries) {
    TrackedRollout stopped =
        new TrackedRollout(
            tracked.rollout(),
            tracked
                .progress()
                .but()
                .state(tracked.progress().state(), Optional.of(RolloutReason.STOP_RULE))
                .build(),
            tracked.deviceAddressed(),
            tracked.revision(),
            tracked.wakes(),
            tracked.now());
    List<Deployed> back = events.rollingBack(stopped, entries);
    if (!rollback.take(stopped, entries)) {
      return false;
    }
    tracked.rollout().groups().forEach(group -> firmware.invalidate(group.group()));
    onTriggersDue.run();
    events.rolledBack(stopped, back, Optional.empty());
    return true;
  }

  private boolean take(TrackedRollout tracked, RolloutRules.Decision decision) {
    RolloutProgress next = decision.again() ? claimed(tracked, decision.next()) : decision.next();
    // Read before the step, since after it nothing may fail before its events are told.
    Optional<Deployed> reached =
        decision.step() instanceof RolloutStep.Reach reach
            ? events.reaching(tracked.rollout(), reach.group())
            : Optional.empty();
    if (repository.advance(tracked, next, decision.step()).isEmpty()) {
      return false;
    }
    tell(tracked, decision, reached);
    return decision.again();
  }

  /** If this node dies before the next step, another one takes it once the lease is over. */
  private RolloutProgress claimed(TrackedRollout tracked, RolloutProgress next) {
    return next.but().due(Optional.of(tracked.now().plus(lease))).build();
  }

  private void tell(
      TrackedRollout tracked, RolloutRules.Decision decision, Optional<Deployed> reached) {
    Rollout rollout = tracked.rollout();
    if (decision.step() instanceof RolloutStep.Reach reach) {
      firmware.invalidate(reach.group());
      onTriggersDue.run();
      reached.ifPresent(deployed -> events.reached(rollout, deployed));
    }
    change(tracked.progress(), decision.next())
        .ifPresent(change -> events.changed(rollout, decision.next(), change, Optional.empty()));
  }

  private static Optional<Change> change(RolloutProgress before, RolloutProgress after) {
    if (before.state() != after.state()) {
      return switch (after.state()) {
        case SCHEDULED -> Optional.empty();
        case RUNNING ->
            Optional.of(
                before.state() == RolloutState.SCHEDULED ? Change.STARTED : Change.STAGE_BEGUN);
        case PAUSED -> Optional.of(Change.PAUSED);
        case AWAITING_APPROVAL -> Optional.of(Change.APPROVAL_NEEDED);
        case COMPLETED -> Optional.of(Change.COMPLETED);
        case CANCELED -> Optional.of(Change.CANCELED);
        case ROLLED_BACK -> Optional.of(Change.ROLLED_BACK);
        case EXPIRED -> Optional.of(Change.EXPIRED);
        case SUPERSEDED -> Optional.of(Change.SUPERSEDED);
      };
    }
    if (before.stage() != after.stage()) {
      return Optional.of(Change.STAGE_BEGUN);
    }
    return before.enrolment().complete() == after.enrolment().complete()
        ? Optional.empty()
        : Optional.of(Change.ENROLLED);
  }

  /** Ends what a rollout that is over still meant to do. */
  private boolean cleanUp(TrackedRollout tracked) {
    RolloutState state = tracked.progress().state();
    boolean inFlight = state == RolloutState.SUPERSEDED || state == RolloutState.ROLLED_BACK;
    if (state == RolloutState.COMPLETED || !hasMoreToEnd(tracked, inFlight)) {
      return tracked.progress().due().isPresent()
          && take(
              tracked,
              RolloutRules.Decision.sleep(tracked.progress().but().due(Optional.empty()).build()));
    }
    return cancel(tracked, Set.of(), inFlight).orElse(0) > 0;
  }

  private OptionalLong cancel(TrackedRollout tracked, Set<GroupId> groups, boolean inFlight) {
    return repository.advance(
        tracked,
        claimed(tracked, tracked.progress()),
        new RolloutStep.Cancel(groups, inFlight, CANCELED_AT_ONCE));
  }

  private static boolean hasMoreToEnd(TrackedRollout tracked, boolean inFlight) {
    RolloutCounts counts = tracked.rollout().counts();
    long left = inFlight ? counts.open() : counts.open() - inFlight(counts);
    return left + counts.in(RolloutDeviceState.EXCLUDED) > 0;
  }

  private static long inFlight(RolloutCounts counts) {
    return counts.in(RolloutDeviceState.TRIGGERED) + counts.in(RolloutDeviceState.DOWNLOADING);
  }
}
