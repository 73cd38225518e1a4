package io.groupota.spi;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.UpdateId;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDevicePage;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPage;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.RolloutState;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The role of an {@link OtaRepository} that keeps rollouts and tells what they mean for groups and
 * devices. {@link RolloutQueue} is how they are driven.
 */
public interface RolloutLog {
  /**
   * A rollout to open.
   *
   * @param id its identity
   * @param owner who owns its groups
   * @param version its target version, that of all of its updates
   * @param plan its plan
   * @param groups its groups, distinct, at least one
   * @param createdAt when it was made
   */
  record Opening(
      RolloutId id,
      OwnerId owner,
      String version,
      RolloutPlan plan,
      List<Target> groups,
      Instant createdAt) {
    /** Copies the list. */
    public Opening {
      groups = List.copyOf(groups);
    }
  }

  /**
   * What a rollout brings to a group.
   *
   * @param update the update; all those of a rollout have the same blob
   * @param recordId the id of the group's current record, used if the group has none when it is
   *     reached
   * @param path the logical name of the firmware, holds the group's token
   * @param completeIn the first stage that takes the group completely, from 0
   */
  record Target(OtaUpdate update, String recordId, String path, int completeIn) {
    /** Returns all but the path, which holds the group's token. */
    @Override
    public String toString() {
      return "Target[update=" + update + ", completeIn=" + completeIn + "]";
    }
  }

  /**
   * A rollout that has a say in what the devices of a group run. It goes on having it when it is
   * over, until it is rolled back or the group is deployed to in another way.
   *
   * @param rollout the rollout
   * @param state what it does
   * @param group the group
   * @param target the update that it brings
   * @param base the update that the group served when it was opened, empty if none
   * @param previous the rollout that had a say before, if it was this one that ended that; what
   *     that one assigned to a device is the device's base in this one
   * @param status how far it is with the group
   */
  record Hold(
      RolloutId rollout,
      RolloutState state,
      GroupId group,
      UpdateId target,
      Optional<UpdateId> base,
      Optional<RolloutId> previous,
      RolloutGroup.Status status) {}

  /**
   * Who has a say in groups.
   *
   * @param held the holds of those in which a rollout has a say
   * @param released those in which none has a say any more, since a short time ago: their devices
   *     may still have offers of that time ({@link OfferLog})
   */
  record Holds(Map<GroupId, Hold> held, Set<GroupId> released) {}

  /**
   * What a rollout says of a device of a group.
   *
   * @param rollout the rollout whose word it is
   * @param rolloutState what that rollout does
   * @param state where the device is in it
   * @param target the update that it brings to the group
   * @param base the update that the device is to run unless it is let through, empty if none
   * @param afterEnd whether the device came into its state after the rollout ended
   */
  record Assignment(
      RolloutId rollout,
      RolloutState rolloutState,
      RolloutDeviceState state,
      UpdateId target,
      Optional<UpdateId> base,
      boolean afterEnd) {
    /**
     * The update that the device is to run. A rollout that is completed lets those through, too,
     * that it did not reach in time, and again those that fall back from then on; a device that
     * failed, rejected the firmware, fell back before, or is kept out by a guard stays where it is.
     *
     * @return the update, empty if none
     */
    public Optional<UpdateId> update() {
      boolean late = rolloutState == RolloutState.COMPLETED && isLate();
      return state.isLetThrough() || late ? Optional.of(target) : base;
    }

    private boolean isLate() {
      return state.isOpen()
          || state == RolloutDeviceState.TIMED_OUT
          || (state == RolloutDeviceState.FELL_BACK && afterEnd);
    }

    /**
     * Whether the rollout itself sees to it that the device comes to run the target: one in flight
     * it triggers, and of one that is updated but reports another version it is about to see that
     * it fell back. A rollout that is completed triggers nobody any more.
     *
     * @return true if nobody else needs to trigger the device
     */
    public boolean isSeenTo() {
      boolean left = rolloutState == RolloutState.COMPLETED && state == RolloutDeviceState.UPDATED;
      return state.isLetThrough() && !left;
    }
  }

  /**
   * Opens a rollout, in one transaction: the histories of its groups get its updates, which are not
   * served yet; the blob is no longer abandoned ({@link BlobLedger}); other rollouts lose their
   * hold on the groups and are woken; what each group serves becomes its base. Calls that race for
   * a group happen one after the other, as with {@link UpdateLog#record}, which takes a group out
   * of a rollout likewise.
   *
   * @param opening the rollout
   * @return {@link UpdateLog.Outcome#RECORDED}, or {@link UpdateLog.Outcome#BLOB_GONE} if nothing
   *     has changed because the reservation of the blob is gone
   */
  UpdateLog.Outcome open(Opening opening);

  /**
   * Looks up a rollout by key.
   *
   * @param id the rollout
   * @return the rollout with its counts, as of one moment
   */
  Optional<TrackedRollout> rollout(RolloutId id);

  /**
   * A page of the rollouts of an owner.
   *
   * @param owner the owner
   * @param query which ones; its limit is present
   * @return the page
   */
  RolloutPage rollouts(OwnerId owner, RolloutQuery<RolloutState> query);

  /**
   * A page of the devices of a rollout, in the order of their ids. Its cost depends on the page, or
   * with a search on the number of devices.
   *
   * @param rollout the rollout; its counts give those of the page
   * @param query which ones; its limit is present
   * @return the page
   */
  RolloutDevicePage rolloutDevices(Rollout rollout, RolloutQuery<RolloutDeviceState> query);

  /**
   * Which rollouts hold groups, or held them a short time ago, by key, many at once.
   *
   * @param groups the groups, at most 2,000
   * @param within how short a time ago
   * @return of those groups in which a rollout has a say, or had one
   */
  Holds holds(Collection<GroupId> groups, Duration within);

  /**
   * Which rollout holds a group, by key.
   *
   * @param group the group
   * @return the hold, empty if no rollout has a say
   */
  default Optional<Hold> hold(GroupId group) {
    return Optional.ofNullable(holds(List.of(group), Duration.ZERO).held().get(group));
  }

  /**
   * What the rollouts that hold the groups of devices say of these, by key; of those that such a
   * rollout has not taken in yet, what the previous one says.
   *
   * @param held the hold of the group of each device, at most 1,000 devices
   * @return the assignments of those that are known
   */
  Map<DeviceId, Assignment> assignments(Map<DeviceId, Hold> held);
}
