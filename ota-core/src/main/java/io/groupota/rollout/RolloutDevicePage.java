package io.groupota.rollout;

import java.util.List;

/**
 * A page of the devices of a rollout. Immutable.
 *
 * @param devices the devices of this page, in the order of their ids
 * @param total the number of devices of the rollout before the filter
 * @param filtered the number after the filter, before paging
 */
public record RolloutDevicePage(List<RolloutDevice> devices, long total, long filtered) {
  /** Copies the list. */
  public RolloutDevicePage {
    devices = List.copyOf(devices);
  }
}
