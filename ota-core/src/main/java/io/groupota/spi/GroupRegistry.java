package io.groupota.spi;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import java.util.Collection;

/**
 * A group directory that can be written, for hosts without tables of their own. Every method is
 * atomic and idempotent. Thread-safe.
 */
public interface GroupRegistry extends GroupDirectory {
  /**
   * Inserts or updates groups. With another token, downloads take the new one at once (other nodes
   * within the {@code cacheTtl} of the service), while the last update of the group shows the old
   * one in its path until the next deploy.
   *
   * @param groups the groups
   */
  void saveGroups(Collection<Group> groups);

  /**
   * Inserts or updates devices. Follow up with {@link io.groupota.GroupOtaService#forget} for those
   * that move to another group, so that they leave the version diff of the old one before they
   * report again.
   *
   * @param devices the devices; a group that they name need not exist
   */
  void saveDevices(Collection<Device> devices);

  /**
   * Removes a group. Its devices stay, in no group. Follow up with {@link
   * io.groupota.GroupOtaService#forget} for them, so that they leave the version diff, should the
   * group come back.
   *
   * @param group the group; nothing happens if there is none
   */
  void removeGroup(GroupId group);

  /**
   * Removes devices. Follow up with {@link io.groupota.GroupOtaService#forget}, so that they leave
   * the version diff too.
   *
   * @param devices the devices; those that do not exist are passed over
   */
  void removeDevices(Collection<DeviceId> devices);
}
