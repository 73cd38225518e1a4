package io.groupota.internal;

import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.event.Deployed;
import io.groupota.event.DeviceFellBack;
import io.groupota.event.DeviceUpdated;
import io.groupota.event.RolloutChanged;
import io.groupota.event.RolloutChanged.Change;
import io.groupota.event.RolloutDeviceChanged;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutQueue.Move;
import io.groupota.spi.UpdateLog;
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

  void changed(Rollout rollout, RolloutProgress now, Change change, Optional<OwnerId> actor) {
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

  /** A group serves the target. */
  void reached(Rollout rollout, RolloutGroup group) {
    Optional<OtaUpdate> target = updates.update(group.target());
    LOG.info(
        "Rollout {} reached group {}, which serves {} now (update {})",
        rollout.id(),
        group.group(),
        rollout.version(),
        group.target());
    target.ifPresent(
        update -> events.emit(new Deployed(update, group.base().flatMap(updates::update))));
  }

  void moved(Rollout rollout, Move move, Optional<String> reported) {
    if (!events.areHeard() || move.state() == move.member().state()) {
      return;
    }
    events.emit(
        new RolloutDeviceChanged(
            events.now(),
            rollout.id(),
            move.member().device(),
            move.member().group(),
            move.member().state(),
            move.state()));
    target(rollout, move)
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

  private Optional<OtaUpdate> target(Rollout rollout, Move move) {
    boolean told =
        move.state() == RolloutDeviceState.UPDATED || move.state() == RolloutDeviceState.FELL_BACK;
    return told
        ? rollout.groups().stream()
            .filter(group -> group.group().equals(move.member().group()))
            .findFirst()
            .flatMap(group -> updates.update(group.target()))
        : Optional.empty();
  }
}
