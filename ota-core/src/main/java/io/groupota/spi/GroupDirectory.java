package io.groupota.spi;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Knows the groups and the devices: usually the host's own tables. Read only. Implementations are
 * thread-safe, answer from one consistent state per call, and throw {@link
 * io.groupota.StorageException} when they cannot answer. Prove one with {@code
 * GroupDirectoryContract}.
 */
public interface GroupDirectory {
  /**
   * Looks up a group. For downloads of devices asked at most about once per {@link
   * io.groupota.GroupOta.Builder#cacheTtl}, group and node, since the answer is remembered; once
   * per call of the management API that names a group, and once per group of a rollback.
   *
   * @param id the group
   * @return the group, empty if there is none
   */
  Optional<Group> group(GroupId id);

  /**
   * Looks up groups, many at once. Asks for one after another by default: worth an implementation
   * of its own where devices of thousands of groups report. For checks and reports asked at most
   * about once per {@code cacheTtl}, group and node.
   *
   * @param ids the groups, at most 1,000
   * @return those that exist, by id
   */
  default Map<GroupId, Group> groups(Collection<GroupId> ids) {
    Map<GroupId, Group> groups = new HashMap<>();
    ids.forEach(id -> group(id).ifPresent(group -> groups.put(id, group)));
    return groups;
  }

  /**
   * Looks up devices, many at once.
   *
   * @param ids the devices, at most 1,000
   * @return those that exist, by id
   */
  Map<DeviceId, Device> devices(Collection<DeviceId> ids);

  /**
   * Counts the devices of a group.
   *
   * @param group the group
   * @return the counts, all zero if there is no such group
   */
  GroupMembers members(GroupId group);

  /**
   * Counts the devices of many groups at once: worth an implementation of its own where thousands
   * of groups are deployed to at a time.
   *
   * @param groups the groups, at most 1,000
   * @return the counts of each of them
   */
  default Map<GroupId, GroupMembers> members(Collection<GroupId> groups) {
    return groups.stream().distinct().collect(Collectors.toMap(group -> group, this::members));
  }

  /**
   * Lists the devices of a group in the order of their ids, page by page.
   *
   * @param group the group
   * @param addressing only devices of this addressing, null for all
   * @param after only devices with a greater id, null to start
   * @param limit how many at the most
   * @return the devices; fewer than the limit only at the end
   */
  List<Device> devices(
      GroupId group, @Nullable Addressing addressing, @Nullable DeviceId after, int limit);
}
