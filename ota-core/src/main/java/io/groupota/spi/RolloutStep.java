package io.groupota.spi;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.rollout.RolloutDeviceState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a rollout does in one step besides moving on itself, in the same transaction. */
public sealed interface RolloutStep {
  /** Nothing else. */
  record Progress() implements RolloutStep {}

  /**
   * Takes devices in. Those that are in it already stay as they are. The base of a device is what
   * {@link RolloutLog#assignments} says of it before; none of its own if no previous rollout does.
   * A device of a group that is not in the rollout is an {@link IllegalArgumentException}, and
   * nothing has changed.
   *
   * @param devices the devices, at most 10,000
   */
  record Enroll(List<Enrolled> devices) implements RolloutStep {
    /** Copies the list. */
    public Enroll {
      devices = List.copyOf(devices);
    }
  }

  /**
   * A device to take in.
   *
   * @param device the device
   * @param group its group
   * @param addressing how it is addressed
   * @param stage the first stage that takes it, from 0
   * @param place its place ({@link io.groupota.rollout.Selector}), not negative
   * @param state where it starts
   * @param due when to look at it, from now; empty for not by itself
   */
  record Enrolled(
      DeviceId device,
      GroupId group,
      Addressing addressing,
      int stage,
      long place,
      RolloutDeviceState state,
      Optional<Duration> due) {}

  /**
   * Settles where a stage that is chosen by place ends. Of the devices that are addressed by
   * themselves, those in a later stage that have no higher place come into it; those in it that
   * have a higher place go to the stage in which their group is complete ({@link
   * RolloutLog.Target#completeIn()}), from where later steps like this one fetch them. Devices that
   * a stage between takes by their name or an attribute are taken in there.
   *
   * @param stage the stage, from 0
   * @param place its highest place
   */
  record Restage(int stage, long place) implements RolloutStep {}

  /**
   * Lets devices through that are addressed by themselves and queued: they become {@link
   * RolloutDeviceState#ADMITTED}, begin an attempt, and are due within the jitter, at a share of it
   * that follows from their place. Each costs a token of the progress. Devices that another
   * transaction holds are passed over.
   *
   * @param stage the last stage to take them from; the first stage first, then the lowest place
   * @param limit how many at the most
   * @param jitter over which time they are spread
   */
  record Admit(int stage, int limit, Duration jitter) implements RolloutStep {}

  /**
   * Lets a group follow as a whole, if it waits: it serves the target from now on, as {@link
   * UpdateLog#record} has it, and its queued devices that are addressed by it become {@link
   * RolloutDeviceState#TRIGGERED} and begin an attempt. Each costs a token. If the group does not
   * wait, or a device of it that is addressed by it is {@link RolloutDeviceState#EXCLUDED} and the
   * progress does not say that it is despite guards, the step is not taken, as if somebody had been
   * first.
   *
   * @param group the group
   * @param reactWithin when the devices are due
   */
  record Reach(GroupId group, Duration reactWithin) implements RolloutStep {}

  /**
   * Rolls back: the rollout loses its hold on all of its groups; groups that have an entry serve it
   * from now on, as {@link UpdateLog#record} has it; the triggers of the others are due, so that
   * their devices come back.
   *
   * @param entries an update for each group that is to serve another one than it does. Their blobs
   *     are recorded ones; if one is gone, or the rollout does not hold one of the groups any more,
   *     the step is not taken, as if somebody had been first
   */
  record RollBack(List<UpdateLog.Entry> entries) implements RolloutStep {
    /** Copies the list. */
    public RollBack {
      entries = List.copyOf(entries);
    }
  }

  /**
   * Ends what the rollout still meant to do with devices: those that are open become {@link
   * RolloutDeviceState#CANCELED}, and so do those that a guard keeps out.
   *
   * @param groups only devices of these groups, empty for all
   * @param inFlight whether also those that are triggered or download, which otherwise may finish
   * @param limit how many at the most
   */
  record Cancel(Set<GroupId> groups, boolean inFlight, int limit) implements RolloutStep {
    /** Copies the set. */
    public Cancel {
      groups = Set.copyOf(groups);
    }
  }
}
