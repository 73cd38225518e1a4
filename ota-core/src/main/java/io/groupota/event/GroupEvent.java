package io.groupota.event;

import io.groupota.GroupId;

/** An event that belongs to a group. */
public interface GroupEvent extends OtaEvent {
  /**
   * The group.
   *
   * @return the group
   */
  GroupId group();
}
