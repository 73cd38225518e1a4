package io.groupota.internal;

import io.groupota.DeployRequest;
import io.groupota.GroupId;
import io.groupota.NoSuchRolloutException;
import io.groupota.NoSuchUpdateException;
import io.groupota.OwnerId;
import io.groupota.RolloutStateException;
import io.groupota.Token;
import io.groupota.UpdateId;
import io.groupota.event.Deployed;
import io.groupota.event.RolloutChanged.Change;
import io.groupota.rollout.Pace;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDevicePage;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPage;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.RolloutReason;
import io.groupota.rollout.RolloutState;
import io.groupota.rollout.Rollouts;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutLog;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.TrackedRollout;
import io.groupota.spi.UpdateLog;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/** Control of rollouts: each action is a compare-and-set on the rollout as it was seen. */
final class DefaultRollouts implements Rollouts {
  private final OtaRepository repository;
  private final RolloutDeploys deploys;
  private final Rollback rollback;
  private final RolloutEvents events;
  private final Settings.Limits limits;
  private final Runnable onChange;

  DefaultRollouts(
      OtaRepository repository,
      RolloutDeploys deploys,
      Rollback rollback,
      RolloutEvents events,
      Settings.Limits limits,
      Runnable onChange) {
    this.repository = repository;
    this.deploys = deploys;
    this.rollback = rollback;
    this.events = events;
    this.limits = limits;
    this.onChange = onChange;
  }

  @Override
  public Rollout deploy(DeployRequest request, Map<GroupId, Token> others, RolloutPlan plan) {
    Objects.requireNonNull(request, "request");
    Objects.requireNonNull(others, "others");
    Objects.requireNonNull(plan, "plan");
    RolloutLog.Opening opening = deploys.deploy(request, others, plan);
    events.opened(opening);
    onChange.run();
    return owned(request.owner(), opening.id()).rollout();
  }

  @Override
  public Rollout get(OwnerId owner, RolloutId id) {
    return owned(owner, id).rollout();
  }

  private TrackedRollout owned(OwnerId owner, RolloutId id) {
    Objects.requireNonNull(owner, "owner");
    Objects.requireNonNull(id, "id");
    return repository
        .rollout(id)
        .filter(tracked -> tracked.rollout().owner().equals(owner))
        .orElseThrow(() -> new NoSuchRolloutException(id));
  }

  @Override
  public RolloutPage list(OwnerId owner, RolloutQuery<RolloutState> query) {
    Objects.requireNonNull(owner, "owner");
    Objects.requireNonNull(query, "query");
    return repository.rollouts(owner, bounded(query));
  }

  @Override
  public RolloutDevicePage devices(
      OwnerId owner, RolloutId id, RolloutQuery<RolloutDeviceState> query) {
    Objects.requireNonNull(query, "query");
    return repository.rolloutDevices(owned(owner, id).rollout(), bounded(query));
  }

  private <S extends Enum<S>> RolloutQuery<S> bounded(RolloutQuery<S> query) {
    int limit = Math.min(query.limit().orElse(limits.pageSize()), limits.maxPageSize());
    return new RolloutQuery<>(
        query.search(), query.state(), query.offset(), OptionalInt.of(limit), query.order());
  }

  @Override
  public Rollout start(OwnerId owner, RolloutId id) {
    return change(
        owner,
        id,
        Change.STARTED,
        seen -> {
          require(seen, seen.progress().state() == RolloutState.SCHEDULED, "has started already");
          return RolloutRules.begun(seen.progress(), seen.now());
        });
  }

  @Override
  public Rollout pause(OwnerId owner, RolloutId id) {
    return change(
        owner,
        id,
        Change.PAUSED,
        seen -> {
          requireGoingOn(seen);
          require(seen, seen.progress().state() != RolloutState.PAUSED, "is paused already");
          return seen.progress()
              .but()
              .state(RolloutState.PAUSED, Optional.of(RolloutReason.OWNER))
              .build();
        });
  }

  @Override
  public Rollout resume(OwnerId owner, RolloutId id) {
    return change(
        owner,
        id,
        Change.RESUMED,
        seen -> {
          require(seen, seen.progress().state() == RolloutState.PAUSED, "is not paused");
          boolean started = seen.progress().startedAt().isPresent();
          return seen.progress()
              .but()
              .state(started ? RolloutState.RUNNING : RolloutState.SCHEDULED, Optional.empty())
              // Nobody has looked at the gate meanwhile.
              .gateMetSince(Optional.empty())
              .accepted(RolloutRules.failures(seen.rollout().counts()))
              .build();
        });
  }

  @Override
  public Rollout approve(OwnerId owner, RolloutId id) {
    return change(owner, id, Change.APPROVED, this::approved);
  }

  private RolloutProgress approved(TrackedRollout seen) {
    RolloutProgress progress = seen.progress();
    boolean last = progress.stage() == seen.rollout().plan().stages().size() - 1;
    boolean blocked = isPausedFor(progress, RolloutReason.GROUP_BLOCKED);
    boolean nextStage =
        progress.state() == RolloutState.AWAITING_APPROVAL
            || isPausedFor(progress, RolloutReason.GATE_NOT_MET);
    require(seen, blocked || (nextStage && !last), "does not wait for an approval");
    RolloutProgress.Builder approved = progress.but().state(RolloutState.RUNNING, Optional.empty());
    return blocked
        ? approved.despiteGuards(true).gateMetSince(Optional.empty()).build()
        : approved
            .stage(progress.stage() + 1, seen.now())
            .accepted(RolloutRules.failures(seen.rollout().counts()))
            .build();
  }

  private static boolean isPausedFor(RolloutProgress progress, RolloutReason reason) {
    return progress.state() == RolloutState.PAUSED
        && progress.reason().filter(reason::equals).isPresent();
  }

  @Override
  public Rollout cancel(OwnerId owner, RolloutId id) {
    return change(
        owner,
        id,
        Change.CANCELED,
        seen -> {
          requireGoingOn(seen);
          return seen.progress()
              .but()
              .state(RolloutState.CANCELED, Optional.of(RolloutReason.OWNER))
              .endedAt(seen.now())
              .build();
        });
  }

  @Override
  public Rollout changePace(OwnerId owner, RolloutId id, Pace pace) {
    Objects.requireNonNull(pace, "pace");
    return change(
        owner,
        id,
        Change.PACE_CHANGED,
        seen -> {
          requireGoingOn(seen);
          return seen.progress().but().pace(pace).tokens(1, seen.now()).build();
        });
  }

  @Override
  public Rollout rollBack(OwnerId owner, RolloutId id, Optional<UpdateId> to) {
    Objects.requireNonNull(to, "to");
    while (true) {
      TrackedRollout seen = owned(owner, id);
      require(
          seen,
          seen.progress().state().next().contains(RolloutState.ROLLED_BACK),
          "is rolled back or superseded already");
      require(
          seen,
          seen.rollout().groups().stream()
              .anyMatch(group -> group.status() != RolloutGroup.Status.RELEASED),
          "has no group any more; other deploys took them");
      to.filter(update -> !rollback.isOf(seen.rollout(), update))
          .ifPresent(
              update -> {
                throw new NoSuchUpdateException(update);
              });
      List<UpdateLog.Entry> entries =
          rollback
              .entries(seen.rollout(), to)
              .orElseThrow(
                  () ->
                      new RolloutStateException(
                          id,
                          seen.progress().state(),
                          "has a group that served nothing before; name an update to roll back to"));
      List<Deployed> back = events.rollingBack(seen, entries);
      if (rollback.take(seen, entries)) {
        deploys.changed(seen.rollout());
        onChange.run();
        events.rolledBack(seen, back, Optional.of(owner));
        return owned(owner, id).rollout();
      }
    }
  }

  private static void requireGoingOn(TrackedRollout seen) {
    require(seen, !seen.progress().state().isOver(), "is over");
  }

  private static void require(TrackedRollout seen, boolean possible, String problem) {
    if (!possible) {
      throw new RolloutStateException(
          seen.rollout().id(),
          seen.progress().state(),
          problem + " (it is " + seen.progress().state().name().toLowerCase(Locale.ROOT) + ")");
    }
  }

  /** Who loses a race looks again, and finds what the winner left. */
  private Rollout change(
      OwnerId owner,
      RolloutId id,
      Change change,
      Function<TrackedRollout, RolloutProgress> action) {
    while (true) {
      TrackedRollout seen = owned(owner, id);
      RolloutProgress next = action.apply(seen).but().due(Optional.of(seen.now())).build();
      if (repository.advance(seen, next, new RolloutStep.Progress()).isPresent()) {
        // Told before anything is read: what is committed must not go untold.
        events.changed(seen.rollout(), next, change, Optional.of(owner));
        onChange.run();
        return owned(owner, id).rollout();
      }
    }
  }
}
