package io.groupota.memory;

import io.groupota.BlobKey;
import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.OtaPage;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.Retention;
import io.groupota.StorageException;
import io.groupota.UpdateId;
import io.groupota.UpdatePage;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDevicePage;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPage;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Addressing;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.TrackedRollout;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A repository in memory. Several services in one process may share it, as nodes share a database.
 * Thread-safe.
 */
public final class InMemoryOtaRepository implements OtaRepository {
  private static final int PRUNED_AT_ONCE = 50;

  private final Clock clock;

  /** Guards all but the devices, since a deploy changes several parts at once. */
  private final Object lock = new Object();

  private final Updates updates = new Updates();
  private final Visits visits = new Visits();
  private final RolloutTable rollouts = new RolloutTable();
  private final Reservations reservations;
  private final Triggers triggers;
  private final Serving serving;
  private final RolloutSteps steps;

  /** Guards itself: what devices report is the busiest part and stands alone. */
  private final DeviceTable devices = new DeviceTable();

  private final OfferTable offers;

  /**
   * An empty repository.
   *
   * @param clock decides when triggers are due, leases expire and reservations are abandoned, and
   *     when devices reported what
   */
  public InMemoryOtaRepository(Clock clock) {
    this.clock = clock;
    offers = new OfferTable(clock);
    reservations = new Reservations(clock);
    triggers = new Triggers(clock);
    serving = new Serving(updates, reservations, visits, triggers, clock);
    steps = new RolloutSteps(rollouts, serving, clock);
  }

  /**
   * Records an update and serves it from now on.
   *
   * @param entry the update
   * @return how it ended
   * @throws StorageException if an update with this id is recorded already
   */
  @Override
  public Recording record(Entry entry) {
    OtaUpdate update = entry.update();
    synchronized (lock) {
      Optional<OtaUpdate> served = updates.served(update.group());
      if (entry.replaces().isPresent()
          && !entry.replaces().get().equals(served.map(OtaUpdate::id))) {
        return new Recording(Outcome.SERVED_CHANGED, Optional.empty());
      }
      if (!reservations.canRecord(update.blob())) {
        return new Recording(Outcome.BLOB_GONE, Optional.empty());
      }
      if (updates.has(update.id())) {
        throw new StorageException("Update " + update.id() + " is recorded already", null);
      }
      rollouts.release(update.group(), clock.instant());
      serving.add(update);
      serving.serve(update, entry.recordId(), entry.path());
      return new Recording(Outcome.RECORDED, served);
    }
  }

  @Override
  public Optional<OtaUpdate> served(GroupId group) {
    synchronized (lock) {
      return updates.served(group);
    }
  }

  @Override
  public Optional<OtaUpdate> update(UpdateId id) {
    synchronized (lock) {
      return updates.update(id);
    }
  }

  @Override
  public OtaPage latest(OwnerId owner, OtaQuery query) {
    synchronized (lock) {
      return updates.latest(owner, query);
    }
  }

  @Override
  public UpdatePage history(GroupId group, long offset, int limit) {
    synchronized (lock) {
      return updates.history(group, offset, limit);
    }
  }

  @Override
  public List<OtaUpdate> mustPassThrough(GroupId group) {
    synchronized (lock) {
      return updates.mustPassThrough(group);
    }
  }

  @Override
  public Optional<Pruned> prune(Retention retention) {
    synchronized (lock) {
      Instant now = clock.instant();
      return visits.take(now).map(group -> prune(group, retention, now));
    }
  }

  private Pruned prune(GroupId group, Retention retention, Instant now) {
    List<OtaUpdate> removed =
        updates.prune(group, retention, rollouts.base(group), now, PRUNED_AT_ONCE);
    removed.stream()
        .map(OtaUpdate::blob)
        .filter(key -> !updates.names(key))
        .forEach(reservations::release);
    boolean more = removed.size() == PRUNED_AT_ONCE;
    visits.add(group, more ? now : now.plus(retention.interval()));
    return new Pruned(group, removed.stream().map(OtaUpdate::id).toList());
  }

  /**
   * Reserves keys.
   *
   * @param keys new keys
   * @throws StorageException if one of them is known already
   */
  @Override
  public void reserve(Collection<BlobKey> keys) {
    synchronized (lock) {
      reservations.reserve(keys);
    }
  }

  @Override
  public List<BlobKey> claimAbandoned(Duration grace, int limit) {
    synchronized (lock) {
      return reservations.claimAbandoned(grace, limit);
    }
  }

  @Override
  public void abandon(BlobKey key) {
    synchronized (lock) {
      reservations.abandon(key);
    }
  }

  @Override
  public void forget(Collection<BlobKey> keys) {
    synchronized (lock) {
      reservations.forget(keys);
    }
  }

  @Override
  public void markBehind(Collection<GroupId> groups, Duration interval) {
    synchronized (lock) {
      for (GroupId group : groups) {
        if (updates.served(group).isPresent()) {
          triggers.markBehind(group, interval);
        }
      }
    }
  }

  @Override
  public List<Claim> claimDue(Duration lease, int limit) {
    synchronized (lock) {
      List<Claim> claims = new ArrayList<>();
      for (Triggers.Trigger trigger : triggers.claimDue(lease, limit)) {
        OtaUpdate served = updates.served(trigger.group()).orElseThrow();
        claims.add(
            new Claim(
                trigger.group(),
                served.id(),
                served.version(),
                trigger.reason(),
                trigger.attempts(),
                trigger.lease()));
      }
      return claims;
    }
  }

  @Override
  public Set<Claim> extend(Collection<Claim> claims, Duration lease) {
    synchronized (lock) {
      return claims.stream()
          .filter(claim -> triggers.extend(claim, lease))
          .collect(Collectors.toUnmodifiableSet());
    }
  }

  @Override
  public Set<Claim> complete(Collection<Claim> claims) {
    synchronized (lock) {
      return claims.stream().filter(triggers::complete).collect(Collectors.toUnmodifiableSet());
    }
  }

  @Override
  public boolean retry(Claim claim, Duration delay) {
    synchronized (lock) {
      return triggers.retry(claim, delay);
    }
  }

  /**
   * Saves what is new of devices, all or nothing.
   *
   * @param sightings at most one per device
   * @return what changed
   * @throws IllegalArgumentException if a device is in no group
   */
  @Override
  public Saved save(Collection<Sighting> sightings) {
    Saved saved;
    synchronized (devices) {
      saved = devices.save(sightings, clock.instant());
    }
    synchronized (lock) {
      Instant now = clock.instant();
      saved.versions().forEach(one -> rollouts.look(one.group(), one.device(), now));
      saved.codes().forEach(one -> rollouts.look(one.group(), one.device(), now));
      saved.spaces().forEach(one -> rollouts.look(one.group(), one.device(), now));
    }
    return saved;
  }

  @Override
  public Map<DeviceId, DeviceState> states(Collection<DeviceId> ids) {
    synchronized (devices) {
      return devices.states(ids);
    }
  }

  @Override
  public Map<GroupId, List<VersionCount>> versionCounts(Collection<GroupId> groups) {
    synchronized (devices) {
      return groups.stream()
          .distinct()
          .collect(Collectors.toMap(group -> group, devices::versionCounts));
    }
  }

  @Override
  public List<DeviceState> reporting(
      GroupId group,
      Collection<String> versions,
      @Nullable Addressing addressing,
      @Nullable DeviceId after,
      int limit) {
    synchronized (devices) {
      return devices.reporting(group, versions, addressing, after, limit);
    }
  }

  @Override
  public void forgetDevices(Collection<DeviceId> ids) {
    synchronized (devices) {
      devices.forget(ids);
    }
    offers.remove(ids);
  }

  /**
   * Opens a rollout.
   *
   * @param opening the rollout
   * @return how it ended
   * @throws StorageException if a rollout or an update with such an id is recorded already
   */
  @Override
  public Outcome open(Opening opening) {
    synchronized (lock) {
      Map<GroupId, UpdateId> served = new HashMap<>();
      for (Target target : opening.groups()) {
        OtaUpdate update = target.update();
        if (!reservations.canRecord(update.blob())) {
          return Outcome.BLOB_GONE;
        }
        if (updates.has(update.id()) || rollouts.has(opening.id())) {
          throw new StorageException("Rollout " + opening.id() + " is recorded already", null);
        }
        updates.served(update.group()).ifPresent(base -> served.put(base.group(), base.id()));
      }
      opening.groups().forEach(target -> serving.add(target.update()));
      rollouts.open(opening, served, clock.instant());
      return Outcome.RECORDED;
    }
  }

  @Override
  public Optional<TrackedRollout> rollout(RolloutId id) {
    synchronized (lock) {
      return rollouts.entry(id).map(entry -> entry.tracked(clock.instant()));
    }
  }

  @Override
  public RolloutPage rollouts(OwnerId owner, RolloutQuery<RolloutState> query) {
    synchronized (lock) {
      return rollouts.page(owner, query);
    }
  }

  @Override
  public RolloutDevicePage rolloutDevices(Rollout rollout, RolloutQuery<RolloutDeviceState> query) {
    synchronized (lock) {
      return rollouts
          .entry(rollout.id())
          .map(entry -> rollouts.devices(entry, query))
          .orElse(new RolloutDevicePage(List.of(), 0, 0));
    }
  }

  @Override
  public Holds holds(Collection<GroupId> groups, Duration within) {
    synchronized (lock) {
      return rollouts.holds(groups, clock.instant().minus(within));
    }
  }

  @Override
  public Map<DeviceId, Assignment> assignments(Map<DeviceId, Hold> held) {
    synchronized (lock) {
      return rollouts.assignments(held);
    }
  }

  @Override
  public List<TrackedRollout> claimRollouts(Duration lease, int limit) {
    synchronized (lock) {
      Instant now = clock.instant();
      return rollouts.claimRollouts(lease, limit, now).stream()
          .map(entry -> entry.tracked(now))
          .toList();
    }
  }

  @Override
  public OptionalLong advance(TrackedRollout seen, RolloutProgress next, RolloutStep step) {
    synchronized (lock) {
      Optional<RolloutEntry> found =
          rollouts
              .entry(seen.rollout().id())
              .filter(entry -> entry.revision == seen.revision())
              .filter(entry -> steps.isPossible(entry, next, step));
      return found.isEmpty()
          ? OptionalLong.empty()
          : OptionalLong.of(steps.advance(found.get(), seen, next, step));
    }
  }

  @Override
  public void enrollLate(RolloutId rollout, Collection<RolloutStep.Enrolled> joining) {
    synchronized (lock) {
      rollouts.entry(rollout).ifPresent(entry -> rollouts.enroll(entry, joining, clock.instant()));
    }
  }

  @Override
  public OptionalLong place(RolloutId rollout, long rank) {
    synchronized (lock) {
      return rollouts
          .entry(rollout)
          .map(entry -> rollouts.place(entry, rank))
          .orElse(OptionalLong.empty());
    }
  }

  @Override
  public Set<GroupId> unfinished(RolloutId rollout, Set<GroupId> groups) {
    synchronized (lock) {
      return rollouts
          .entry(rollout)
          .map(entry -> rollouts.unfinished(entry, groups))
          .orElse(Set.of());
    }
  }

  @Override
  public List<DueMember> claimDevices(Duration lease, int limit) {
    List<Member> claimed;
    Instant now = clock.instant();
    synchronized (lock) {
      claimed = rollouts.claimDevices(lease, limit, now);
    }
    Map<DeviceId, DeviceState> reported = states(claimed.stream().map(Member::device).toList());
    return claimed.stream()
        .map(
            member ->
                new DueMember(member, Optional.ofNullable(reported.get(member.device())), now))
        .toList();
  }

  @Override
  public List<Move> move(Collection<Move> moves) {
    synchronized (lock) {
      Instant now = clock.instant();
      return moves.stream().filter(move -> rollouts.move(move, now)).toList();
    }
  }

  @Override
  public Optional<Offer> offer(DeviceId device) {
    return offers.get(device);
  }

  @Override
  public void offer(DeviceId device, UpdateId update) {
    offers.put(device, update);
  }

  @Override
  public void withdrawOffer(DeviceId device) {
    offers.remove(Set.of(device));
  }
}
