package io.groupota.internal;

import io.groupota.GroupId;
import io.groupota.OwnerId;
import io.groupota.UpdateId;
import io.groupota.event.Deployed;
import io.groupota.event.DeviceFellBack;
import io.groupota.event.DeviceUpdated;
import io.groupota.event.RolloutChanged;
import io.groupota.event.RolloutChanged.Change;
import io.groupota.event.RolloutDeviceChanged;
import io.groupota.event.Work;
import io.groupota.event.WorkRetried;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.spi.RolloutLog;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutQueue.Move;
import io.groupota.spi.TrackedRollout;
import io.groupota.spi.UpdateLog;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells people and listeners of what happens to rollouts, once it is committed. */
final class RolloutEvents {
  private static final Logger LOG = LoggerFactory.getLogger(RolloutEvents.class);

  private final Events events;
  private final UpdateLog updates;

  RolloutEvents(Events events, UpdateLog updates) {
    this.events = events;
    this.updates = updates;
  }

  void opened(RolloutLog.Opening opening) {
    RolloutProgress begin = RolloutProgress.opened(opening.plan().pace(), opening.createdAt());
    Subject subject = new Subject(opening.id(), opening.owner(), opening.version(), opening.plan());
    changed(subject, begin, Change.OPENED, Optional.of(opening.owner()));
  }

  void changed(Rollout rollout, RolloutProgress now, Change change, Optional<OwnerId> actor) {
    Subject subject = new Subject(rollout.id(), rollout.owner(), rollout.version(), rollout.plan());
    changed(subject, now, change, actor);
  }

  /** What does not change of a rollout. */
  private record Subject(RolloutId id, OwnerId owner, String version, RolloutPlan plan) {}

  private void changed(
      Subject rollout, RolloutProgress now, Change change, Optional<OwnerId> actor) {
    LOG.info(
        "Rollout {} of {}: {}, stage {} of {}{}",
        rollout.id(),
        rollout.version(),
        change,
        now.stage() + 1,
        rollout.plan().stages().size(),
        now.reason().map(reason -> " (" + reason + ")").orElse(""));
    events.emit(
        new RolloutChanged(
            events.now(),
            rollout.id(),
            rollout.owner(),
            rollout.version(),
            change,
            now.state(),
            now.stage(),
            now.reason(),
            actor));
  }

  /** What to tell when a group of a rollout serves the target; empty if that was removed. */
  Optional<Deployed> reaching(Rollout rollout, GroupId group) {
    return part(rollout, group)
        .flatMap(
            part ->
                updates
                    .update(part.target())
                    .map(
                        target ->
                            new Deployed(
                                target, part.base().flatMap(updates::update), Optional.empty())));
  }

  /** A group serves the target. */
  void reached(Rollout rollout, Deployed target) {
    LOG.info(
        "Rollout {} reached group {}, which serves {} now (update {})",
        rollout.id(),
        target.group(),
        rollout.version(),
        target.update().id());
    events.emit(target);
  }

  /**
   * What to tell when a rollout is rolled back but for who did it, read before: after it nothing
   * may fail.
   */
  List<Deployed> rollingBack(TrackedRollout seen, List<UpdateLog.Entry> entries) {
    return events.areHeard()
        ? entries.stream()
            .map(UpdateLog.Entry::update)
            .map(
                update ->
                    new Deployed(
                        update,
                        servedIn(seen, update.group()).flatMap(updates::update),
                        Optional.empty()))
            .toList()
        : List.of();
  }

  /**
   * A rollout is rolled back.
   *
   * @param seen the rollout before
   * @param back what is to be told of its groups
   * @param actor who did it, empty for a stop rule
   */
  void rolledBack(TrackedRollout seen, List<Deployed> back, Optional<OwnerId> actor) {
    changed(seen.rollout(), Rollback.rolledBack(seen), Change.ROLLED_BACK, actor);
    back.stream()
        .map(deployed -> new Deployed(deployed.update(), deployed.previous(), actor))
        .forEach(events::emit);
  }

  private static Optional<UpdateId> servedIn(TrackedRollout rollout, GroupId group) {
    return part(rollout.rollout(), group)
        .flatMap(
            part ->
                part.status() == RolloutGroup.Status.REACHED
                    ? Optional.of(part.target())
                    : part.base());
  }

  private static Optional<RolloutGroup> part(Rollout rollout, GroupId group) {
    return rollout.groups().stream().filter(part -> part.group().equals(group)).findFirst();
  }

  /** Triggers of devices of a group were not handed over and will be sent again. */
  void retried(Rollout rollout, GroupId group, int attempt, Duration delay, String cause) {
    part(rollout, group)
        .ifPresent(
            part ->
                events.emit(
                    new WorkRetried(
                        events.now(),
                        Work.ROLLOUTS,
                        group,
                        part.target(),
                        rollout.version(),
                        attempt,
                        delay,
                        cause)));
  }

  /**
   * A device is in another state.
   *
   * @param context what was known of its group before: after the change nothing may be read
   * @param move the change
   * @param reported the version that it reported
   */
  void moved(MemberContext context, Move move, Optional<String> reported) {
    if (!events.areHeard() || move.state() == move.member().state()) {
      return;
    }
    events.emit(
        new RolloutDeviceChanged(
            events.now(),
            context.rollout().id(),
            move.member().device(),
            move.member().group(),
            move.member().state(),
            move.state()));
    context
        .target()
        .ifPresent(
            update -> {
              if (move.state() == RolloutDeviceState.UPDATED) {
                events.emit(
                    new DeviceUpdated(
                        events.now(), move.member().device(), Optional.empty(), update));
              } else if (move.state() == RolloutDeviceState.FELL_BACK) {
                events.emit(
                    new DeviceFellBack(
                        events.now(), move.member().device(), reported.orElse(""), update));
              }
            });
  }
}
