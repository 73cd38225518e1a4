package io.groupota;

import java.util.List;

/**
 * A page of the last updates of an owner's groups. Immutable.
 *
 * @param updates the records of this page, in order
 * @param total the number of records of the owner before the filter
 * @param filtered the number of records after the filter, before paging
 */
public record OtaPage(List<LatestUpdate> updates, long total, long filtered) {
  /** Copies the list. */
  public OtaPage {
    updates = List.copyOf(updates);
  }
}
