package io.groupota.spi;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The role of an {@link OtaRepository} that drives rollouts. Any node may look at a rollout or one
 * of its devices at any time; a change succeeds only if what was looked at is still so, so that of
 * nodes that look at once one takes the step. The counts of a rollout change with the states of its
 * devices in one transaction.
 *
 * <p>{@link DeviceStates#save} makes a device due at once in the rollout that holds its group when
 * it changes the reported version, saves a new code or a new free space, in the same transaction.
 */
public interface RolloutQueue {
  /**
   * A device of a rollout, as the engine sees it.
   *
   * @param rollout the rollout
   * @param device the device
   * @param group its group in the rollout
   * @param addressing how it is addressed
   * @param state where it is
   * @param attempts how often it was let through
   * @param attemptAt when the last attempt began, empty if there was none
   * @param since when it came into its state
   * @param revision changes with everything that happens to it
   */
  record Member(
      RolloutId rollout,
      DeviceId device,
      GroupId group,
      Addressing addressing,
      RolloutDeviceState state,
      int attempts,
      Optional<Instant> attemptAt,
      Instant since,
      long revision) {}

  /**
   * A device that is due.
   *
   * @param member the device
   * @param reported what it reported, empty if it never did
   * @param now the repository's time
   */
  record DueMember(Member member, Optional<DeviceState> reported, Instant now) {}

  /**
   * A change of a device. If the state is another one than before, the time of its beginning is
   * set.
   *
   * @param member the device as it was seen
   * @param state where it is now
   * @param attempts how often it was let through
   * @param attemptAt when the last attempt began
   * @param due when to look at it again, from now; empty for not by itself
   */
  record Move(
      Member member,
      RolloutDeviceState state,
      int attempts,
      Optional<Instant> attemptAt,
      Optional<Duration> due) {}

  /**
   * Claims rollouts that are due, the longest due first: nobody else claims them within the lease.
   *
   * @param lease how long
   * @param limit how many at the most
   * @return the rollouts
   */
  List<TrackedRollout> claimRollouts(Duration lease, int limit);

  /**
   * Takes a step, if the rollout has the revision that was seen. The present stage, state and so on
   * become those of {@code next}; if something woke the rollout since it was seen, it is due at
   * once, whatever {@code next} says.
   *
   * @param seen the rollout as it was seen
   * @param next where it is after the step
   * @param step what else happens
   * @return how many devices the step changed, of {@link RolloutStep.RollBack} how many groups
   *     serve something else now; empty if somebody was first, or what the step needs is gone, and
   *     nothing has changed
   */
  OptionalLong advance(TrackedRollout seen, RolloutProgress next, RolloutStep step);

  /**
   * Takes in devices that joined late, whatever the state of the rollout, and wakes it; those that
   * are in it stay as they are. Does nothing if there is no such rollout.
   *
   * @param rollout the rollout
   * @param devices the devices, at most 1,000
   */
  void enrollLate(RolloutId rollout, Collection<RolloutStep.Enrolled> devices);

  /**
   * The place of the device of a rollout that has a rank among those that are addressed by
   * themselves.
   *
   * @param rollout the rollout
   * @param rank the rank, from 1
   * @return its place, empty if there are fewer devices
   */
  OptionalLong place(RolloutId rollout, long rank);

  /**
   * Those of some groups in which a {@link RolloutStep.Cancel} still finds something to end, in
   * flight or not. Changes nothing. A repository that cannot tell may name all of them, as it does
   * by default; a rollout that has lost groups then takes an empty step before each of its own.
   *
   * @param rollout the rollout
   * @param groups some of its groups
   * @return the groups, none if there is no such rollout
   */
  default Set<GroupId> unfinished(RolloutId rollout, Set<GroupId> groups) {
    return groups;
  }

  /**
   * Claims devices that are due, the longest due first, in all rollouts: nobody else claims them
   * within the lease. Changes their revision.
   *
   * @param lease how long
   * @param limit how many at the most
   * @return the devices, with what they reported as of the same moment or later
   */
  List<DueMember> claimDevices(Duration lease, int limit);

  /**
   * Changes devices that still have the revision that was seen, and wakes their rollouts.
   *
   * @param moves at most one per device of a rollout, at most 5,000
   * @return those that took place
   */
  List<Move> move(Collection<Move> moves);
}
