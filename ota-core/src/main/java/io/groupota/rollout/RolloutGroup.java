package io.groupota.rollout;

import io.groupota.GroupId;
import io.groupota.UpdateId;
import java.util.Optional;

/**
 * A group of a rollout. Immutable.
 *
 * @param group the group
 * @param target the update that the rollout brings to it
 * @param base the update that it served before, empty if none
 * @param completeIn the first stage that takes the group completely, from 0
 * @param status how far the rollout is with it
 * @param blocked whether the rollout has come to that stage, but a guard keeps out a device that is
 *     addressed by its group, so that the group cannot follow
 */
public record RolloutGroup(
    GroupId group,
    UpdateId target,
    Optional<UpdateId> base,
    int completeIn,
    Status status,
    boolean blocked) {
  /** How far a rollout is with a group. */
  public enum Status {
    /** The group serves what it served before; the rollout decides for each of its devices. */
    WAITING,
    /**
     * The group serves the target; the rollout still decides for devices addressed by themselves.
     */
    REACHED,
    /**
     * The rollout has no say any more: it was rolled back, or the group was deployed to otherwise.
     */
    RELEASED
  }
}
