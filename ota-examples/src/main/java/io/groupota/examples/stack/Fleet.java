package io.groupota.examples.stack;

import io.groupota.OwnerId;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import java.util.List;

/**
 * Owners, groups and devices to insert or update. Immutable.
 *
 * @param owners the owners
 * @param groups the groups
 * @param devices the devices
 */
public record Fleet(List<Owner> owners, List<Group> groups, List<Device> devices) {
  /**
   * An owner. Immutable; {@link #toString()} hides the bearer.
   *
   * @param id its identity
   * @param bearer the secret of its requests
   * @param groupOta whether its plan has group OTA
   */
  public record Owner(OwnerId id, String bearer, boolean groupOta) {
    /** Returns all but the bearer. */
    @Override
    public String toString() {
      return "Owner[id=" + id + ", groupOta=" + groupOta + "]";
    }
  }

  /** Copies the lists. */
  public Fleet {
    owners = List.copyOf(owners);
    groups = List.copyOf(groups);
    devices = List.copyOf(devices);
  }
}
