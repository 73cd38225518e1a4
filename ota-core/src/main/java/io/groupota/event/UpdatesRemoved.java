package io.groupota.event;

import io.groupota.GroupId;
import io.groupota.UpdateId;
import java.time.Instant;
import java.util.List;

/**
 * Old updates left the history of a group ({@link io.groupota.Retention}). Their firmware files
 * follow soon, unless an update that is kept has the same. Immutable.
 *
 * @param at when
 * @param group the group
 * @param updates the updates, oldest first, at least one
 */
public record UpdatesRemoved(Instant at, GroupId group, List<UpdateId> updates)
    implements GroupEvent {
  /** Copies the list. */
  public UpdatesRemoved {
    updates = List.copyOf(updates);
  }
}
