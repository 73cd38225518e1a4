package io.groupota;

import java.util.List;
import java.util.Optional;

/**
 * Some of the devices that a version diff counts, in the order of their ids. Immutable.
 *
 * @param devices the devices of this page
 * @param next where the next page starts: pass it as {@code after}; empty at the end. A page may
 *     have fewer devices than asked for, or none, and still have a next one
 */
public record DevicePage(List<Entry> devices, Optional<DeviceId> next) {
  /**
   * A device and what it would do.
   *
   * @param device the device
   * @param reported the version that it last reported, empty if it never did
   * @param change what it would do
   */
  public record Entry(DeviceId device, Optional<String> reported, VersionChange change) {}

  /** Copies the list. */
  public DevicePage {
    devices = List.copyOf(devices);
  }
}
