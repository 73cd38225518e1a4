package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutQueue.DueMember;
import io.groupota.spi.RolloutQueue.Member;
import io.groupota.spi.RolloutQueue.Move;
import io.groupota.spi.TrackedRollout;
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

/**
 * Moves the devices of rollouts that are due, and sends the triggers of those that are let through.
 */
final class RolloutMembers {
  private static final Logger LOG = LoggerFactory.getLogger(RolloutMembers.class);
  private static final Duration TRIGGER_AGAIN = Duration.ofSeconds(5);

  /** Later than those that were not tried, so that they do not come before them each time. */
  private static final Duration FAILED_AGAIN = TRIGGER_AGAIN.multipliedBy(2);

  /** How many triggers of a batch may fail before the rest are not tried. */
  private static final int PATIENCE = 10;

  private final UpdateNotifier notifier;
  private final OtaRepository repository;
  private final MemberLookups directory;
  private final MemberContexts contexts;
  private final RolloutEvents events;
  private final Settings.Triggers settings;
  private final Runnable onTriggersDue;
  private final ElapsedTime time;

  /** How many batches in a row had triggers that were not handed over. */
  private int failedBatches;

  RolloutMembers(
      Spis spis,
      MemberContexts contexts,
      RolloutEvents events,
      Settings.Triggers settings,
      Runnable onTriggersDue,
      ElapsedTime time) {
    this.notifier = spis.notifier();
    this.repository = spis.repository();
    this.directory = new MemberLookups(spis.groups());
    this.contexts = contexts;
    this.events = events;
    this.settings = settings;
    this.onTriggersDue = onTriggersDue;
    this.time = time;
  }

  /** To be closed once nothing more is to be driven. */
  MemberClaims claims() {
    return new MemberClaims(repository, settings.lease(), time);
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
    Fates fates = new Fates();
    List<Move> moves = new ArrayList<>();
    List<Move> triggered = new ArrayList<>();
    for (DueMember member : batch.due()) {
      fates.of(member).ifPresent(fate -> (fate.trigger() ? triggered : moves).add(fate.move()));
    }
    Triggers triggers = new Triggers(fates, batch.claimedAt(), stopping);
    moves.addAll(triggers.send(triggered));
    for (Move move : repository.move(moves)) {
      events.moved(fates.context(move), move, fates.reported(move));
    }
    triggers.requireDirectory();
    return true;
  }

  /** What a batch of devices depends on, looked up once. */
  private final class Fates {
    private record Key(RolloutId rollout, GroupId group) {}

    private final Map<RolloutId, Optional<Rollout>> rollouts = new HashMap<>();
    private final Map<Key, MemberContext> ofGroups = new HashMap<>();
    private final Map<DeviceId, Optional<String>> versions = new HashMap<>();

    /** Where devices go whose triggers, by now, may not fail once more. */
    private final Map<Move, Move> late = new HashMap<>();

    Optional<MemberRules.Fate> of(DueMember due) {
      Optional<MemberRules.Fate> fate = fate(due);
      fate.ifPresent(one -> one.late().ifPresent(move -> late.put(one.move(), move)));
      return fate;
    }

    private Optional<MemberRules.Fate> fate(DueMember due) {
      Member member = due.member();
      versions.put(member.device(), due.reported().flatMap(DeviceState::reportedVersion));
      return rollouts
          .computeIfAbsent(
              member.rollout(), id -> repository.rollout(id).map(TrackedRollout::rollout))
          .map(rollout -> new MemberRules(context(rollout, member.group()), due).fate());
    }

    private MemberContext context(Rollout rollout, GroupId group) {
      return ofGroups.computeIfAbsent(
          new Key(rollout.id(), group), key -> contexts.of(rollout, key.group()));
    }

    MemberContext context(Move move) {
      return context(rollout(move), move.member().group());
    }

    Rollout rollout(Move move) {
      return rollouts.getOrDefault(move.member().rollout(), Optional.empty()).orElseThrow();
    }

    /** Where a device goes if its trigger is not handed over; empty if it is sent again. */
    Optional<Move> late(Move move) {
      return Optional.ofNullable(late.get(move));
    }

    Optional<String> reported(Move move) {
      return versions.getOrDefault(move.member().device(), Optional.empty());
    }
  }

  /** The triggers of a batch of devices. */
  private final class Triggers {
    private final Fates fates;
    private final long claimedAt;
    private final BooleanSupplier stopping;
    private final TriggerSlots slots;
    private final Set<GroupId> groups = new HashSet<>();
    private final Map<Move, TriggerRound> sent = new LinkedHashMap<>();

    /** Whose triggers were not handed over. */
    private final Map<Move, Throwable> failed = new LinkedHashMap<>();

    private @Nullable RuntimeException away;

    /** Where the devices are that need not be waited for. */
    private final List<Move> settled = new ArrayList<>();

    Triggers(Fates fates, long claimedAt, BooleanSupplier stopping) {
      this.fates = fates;
      this.claimedAt = claimedAt;
      this.stopping = stopping;
      this.slots = new TriggerSlots(settings.inFlight(), settings.timeout(), stopping);
    }

    /**
     * Sends the triggers of devices that are let through, and returns where they are then. Devices
     * that are addressed by their group are reached by the trigger of the group.
     */
    List<Move> send(List<Move> admitted) {
      if (admitted.isEmpty()) {
        return List.of();
      }
      MemberLookups.Found found = directory.lookUp(byGroup(admitted), () -> isHalfOver(claimedAt));
      @Nullable RuntimeException failure = found.failure();
      away = found.away() ? failure : null;
      if (failure != null && !found.left().isEmpty()) {
        LOG.warn(
            "{} devices of rollouts wait since the directory failed too often: {}",
            found.left().size(),
            failure.toString());
      }
      for (Move move : admitted) {
        DeviceId device = move.member().device();
        if (failure != null && found.failed().contains(device)) {
          failed.put(move, failure);
        } else if (!found.left().contains(device)) {
          send(move, found.devices().get(device));
        } else if (!found.away()) {
          settled.add(moved(move, move.member().state(), Optional.of(TRIGGER_AGAIN)));
        }
      }
      return end();
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

    /** Fails if no device could be looked up. */
    void requireDirectory() {
      if (away != null) {
        throw away;
      }
    }

    private void send(Move move, @Nullable Device device) {
      Member member = move.member();
      if (device == null || !device.group().equals(Optional.of(member.group()))) {
        settled.add(moved(move, RolloutDeviceState.CANCELED, Optional.empty()));
      } else if (member.addressing() == Addressing.GROUP) {
        groups.add(member.group());
        settled.add(move);
      } else if (slots.failures() >= PATIENCE) {
        settled.add(moved(move, member.state(), Optional.of(TRIGGER_AGAIN)));
      } else if (isHalfOver(claimedAt)) {
        settled.add(MemberClaims.givenBack(member));
      } else {
        sendTo(device, move);
      }
    }

    /** In a round of its own: a device that cannot be told must not hold up the others. */
    private void sendTo(Device device, Move move) {
      TriggerRound round = new TriggerRound(notifier, slots, () -> true);
      round.send(trigger(device, fates.rollout(move)));
      sent.put(move, round);
    }

    /** Returns where all devices are, once their triggers are handed over. */
    private List<Move> end() {
      triggerGroups(groups);
      await();
      tellFailed();
      List<Move> after = new ArrayList<>(settled);
      sent.keySet().stream().filter(move -> !failed.containsKey(move)).forEach(after::add);
      failed.keySet().forEach(move -> after.add(late(move).orElseGet(() -> again(move))));
      return after;
    }

    /** What fails since the service is closing is for another node to try. */
    private Optional<Move> late(Move move) {
      return stopping.getAsBoolean() ? Optional.empty() : fates.late(move);
    }

    /** Waits for what was sent. What was refused is not sent again. */
    private void await() {
      List<Throwable> refused = new ArrayList<>();
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
    }

    private void tellFailed() {
      failedBatches = failed.isEmpty() ? 0 : failedBatches + 1;
      if (failed.isEmpty()) {
        return;
      }
      String cause = failed.values().iterator().next().toString();
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

  /** What is not sent by then waits for the next claim: another node could send it meanwhile. */
  private boolean isHalfOver(long claimedAt) {
    return ElapsedTime.between(claimedAt, time.now()).compareTo(settings.lease().dividedBy(2)) >= 0;
  }

  private void triggerGroups(Set<GroupId> groups) {
    if (!groups.isEmpty()) {
      repository.markBehind(groups, settings.retriggerInterval());
      onTriggersDue.run();
    }
  }

  private static void tellRefused(List<Throwable> refused) {
    if (!refused.isEmpty()) {
      LOG.warn(
          "The triggers of {} devices of rollouts were refused, the first one: {}",
          refused.size(),
          refused.get(0).toString());
    }
  }

  private static Move again(Move move) {
    return moved(move, move.member().state(), Optional.of(FAILED_AGAIN));
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
