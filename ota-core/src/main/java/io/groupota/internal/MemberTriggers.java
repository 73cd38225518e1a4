package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.RolloutQueue.Member;
import io.groupota.spi.RolloutQueue.Move;
import io.groupota.spi.TriggerQueue;
import io.groupota.spi.UpdateNotifier;
import io.groupota.spi.UpdateTrigger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends the triggers of devices of rollouts, batch by batch. */
final class MemberTriggers {
  private static final Logger LOG = LoggerFactory.getLogger(MemberTriggers.class);
  private static final Duration TRIGGER_AGAIN = Duration.ofSeconds(5);

  /** Later than those that were not tried, so that they do not come before them each time. */
  private static final Duration FAILED_AGAIN = TRIGGER_AGAIN.multipliedBy(2);

  private final UpdateNotifier notifier;
  private final TriggerQueue queue;
  private final MemberLookups directory;
  private final RolloutEvents events;
  private final Settings.Triggers settings;
  private final Runnable onTriggersDue;

  /** How many batches in a row had triggers that were not handed over. */
  private int failedBatches;

  MemberTriggers(
      Spis spis, RolloutEvents events, Settings.Triggers settings, Runnable onTriggersDue) {
    this.notifier = spis.notifier();
    this.queue = spis.repository();
    this.directory = new MemberLookups(spis.groups());
    this.events = events;
    this.settings = settings;
    this.onTriggersDue = onTriggersDue;
  }

  /**
   * What came of a batch.
   *
   * @param moves where its devices are
   * @param away why no device could be looked up, null if some could
   */
  record Sent(List<Move> moves, @Nullable RuntimeException away) {}

  /**
   * Sends the triggers of devices that are let through. Devices that are addressed by their group
   * are reached by the trigger of the group.
   *
   * @param admitted the devices
   * @param fates what the batch depends on
   * @param halfOver whether half of the lease is over: what is not sent by then waits for the next
   *     claim, since another node could send it meanwhile
   * @param stopping whether the service is closing
   */
  Sent send(
      List<Move> admitted, MemberFates fates, BooleanSupplier halfOver, BooleanSupplier stopping) {
    if (admitted.isEmpty()) {
      return new Sent(List.of(), null);
    }
    MemberLookups.Found found = directory.lookUp(byGroup(admitted), halfOver);
    tellLeft(found);
    Batch batch = new Batch(fates, halfOver, stopping);
    admitted.forEach(move -> batch.send(move, found));
    return new Sent(batch.end(), found.away() ? found.failure() : null);
  }

  /** A group that the directory cannot tell is found sooner if its devices are together. */
  private static List<DeviceId> byGroup(List<Move> admitted) {
    return admitted.stream()
        .map(Move::member)
        .sorted(Comparator.comparing(member -> member.group().value()))
        .map(Member::device)
        .distinct()
        .toList();
  }

  private static void tellLeft(MemberLookups.Found found) {
    if (found.failure() != null && !found.left().isEmpty()) {
      LOG.warn(
          "{} devices of rollouts wait since the directory failed too often: {}",
          found.left().size(),
          found.failure().toString());
    }
  }

  /** The devices of a batch, as far as they are taken care of. */
  private final class Batch {
    private final MemberFates fates;
    private final BooleanSupplier halfOver;
    private final BooleanSupplier stopping;
    private final MemberRounds rounds;
    private final Set<GroupId> groups = new HashSet<>();

    /** Whose triggers were not handed over. */
    private final Map<Move, Throwable> failed = new LinkedHashMap<>();

    /** Where the devices are that need not be waited for. */
    private final List<Move> settled = new ArrayList<>();

    Batch(MemberFates fates, BooleanSupplier halfOver, BooleanSupplier stopping) {
      this.fates = fates;
      this.halfOver = halfOver;
      this.stopping = stopping;
      this.rounds =
          new MemberRounds(
              notifier, new TriggerSlots(settings.inFlight(), settings.timeout(), stopping));
    }

    void send(Move move, MemberLookups.Found found) {
      DeviceId device = move.member().device();
      @Nullable RuntimeException failure = found.failure();
      if (failure != null && found.failed().contains(device)) {
        failed.put(move, failure);
      } else if (!found.left().contains(device)) {
        send(move, found.devices().get(device));
      } else if (!found.away()) {
        settled.add(again(move, TRIGGER_AGAIN));
      }
    }

    private void send(Move move, @Nullable Device device) {
      Member member = move.member();
      if (device == null || !device.group().equals(Optional.of(member.group()))) {
        settled.add(moved(move, RolloutDeviceState.CANCELED, Optional.empty()));
      } else if (member.addressing() == Addressing.GROUP) {
        groups.add(member.group());
        settled.add(move);
      } else if (rounds.areInVain()) {
        settled.add(again(move, TRIGGER_AGAIN));
      } else if (halfOver.getAsBoolean()) {
        settled.add(MemberClaims.givenBack(member));
      } else {
        rounds.send(trigger(device, fates.rollout(move)), move);
      }
    }

    /** Returns where all devices are, once their triggers are handed over. */
    List<Move> end() {
      triggerGroups(groups);
      failed.putAll(rounds.await());
      countFailed();
      List<Move> after = new ArrayList<>(settled);
      rounds.sent().stream().filter(move -> !failed.containsKey(move)).forEach(after::add);
      failed.keySet().forEach(move -> after.add(late(move).orElse(again(move, FAILED_AGAIN))));
      return after;
    }

    /** What fails since the service is closing is for another node to try. */
    private Optional<Move> late(Move move) {
      return stopping.getAsBoolean() ? Optional.empty() : fates.late(move);
    }

    private void countFailed() {
      failedBatches = failed.isEmpty() ? 0 : failedBatches + 1;
      if (!failed.isEmpty()) {
        tellFailed(failed.values().iterator().next().toString());
      }
    }

    private void tellFailed(String cause) {
      Set<Move> retried = new LinkedHashSet<>(failed.keySet());
      retried.removeIf(move -> late(move).isPresent());
      LOG.warn(
          "Triggering {} devices of rollouts failed, {} of them for too long; the next attempt of"
              + " the others is in {} s: {}",
          failed.size(),
          failed.size() - retried.size(),
          FAILED_AGAIN.toSeconds(),
          cause);
      Map<RolloutId, Set<GroupId>> told = new HashMap<>();
      for (Move move : retried) {
        GroupId group = move.member().group();
        if (told.computeIfAbsent(move.member().rollout(), id -> new HashSet<>()).add(group)) {
          events.retried(fates.rollout(move), group, failedBatches, FAILED_AGAIN, cause);
        }
      }
    }
  }

  private void triggerGroups(Set<GroupId> groups) {
    if (!groups.isEmpty()) {
      queue.markBehind(groups, settings.retriggerInterval());
      onTriggersDue.run();
    }
  }

  private static Move again(Move move, Duration due) {
    return moved(move, move.member().state(), Optional.of(due));
  }

  private static Move moved(Move move, RolloutDeviceState state, Optional<Duration> due) {
    return new Move(move.member(), state, move.attempts(), move.attemptAt(), due);
  }

  private static UpdateTrigger trigger(Device device, Rollout rollout) {
    return new UpdateTrigger(
        device.mqttUser(),
        device.group().orElseThrow(),
        Optional.of(device.id()),
        rollout.version());
  }
}
