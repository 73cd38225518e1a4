package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.RolloutLog;
import io.groupota.spi.RolloutQueue.DueMember;
import io.groupota.spi.RolloutQueue.Member;
import io.groupota.spi.RolloutQueue.Move;
import io.groupota.spi.TrackedRollout;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Where the devices of a batch go, and what that depends on, looked up once. */
final class MemberFates {
  private record Key(RolloutId rollout, GroupId group) {}

  private final RolloutLog log;
  private final MemberContexts contexts;
  private final Map<RolloutId, Optional<Rollout>> rollouts = new HashMap<>();
  private final Map<Key, MemberContext> ofGroups = new HashMap<>();
  private final Map<DeviceId, Optional<String>> versions = new HashMap<>();

  /** Where devices go whose triggers, by now, may not fail once more. */
  private final Map<Move, Move> late = new HashMap<>();

  MemberFates(RolloutLog log, MemberContexts contexts) {
    this.log = log;
    this.contexts = contexts;
  }

  Optional<MemberRules.Fate> of(DueMember due) {
    Optional<MemberRules.Fate> fate = fate(due);
    fate.ifPresent(one -> one.late().ifPresent(move -> late.put(one.move(), move)));
    return fate;
  }

  private Optional<MemberRules.Fate> fate(DueMember due) {
    Member member = due.member();
    versions.put(member.device(), due.reported().flatMap(DeviceState::reportedVersion));
    return rollouts
        .computeIfAbsent(member.rollout(), id -> log.rollout(id).map(TrackedRollout::rollout))
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
