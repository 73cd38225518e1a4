package io.groupota;

import java.util.List;

/**
 * A page of the history of a group, newest first. Immutable.
 *
 * @param updates the updates of this page
 * @param total the number of updates in the history
 */
public record UpdatePage(List<OtaUpdate> updates, long total) {
  /** Copies the list. */
  public UpdatePage {
    updates = List.copyOf(updates);
  }
}
