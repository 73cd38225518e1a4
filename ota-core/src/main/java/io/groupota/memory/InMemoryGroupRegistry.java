package io.groupota.memory;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupMembers;
import io.groupota.spi.GroupRegistry;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A group registry in memory. Thread-safe. */
public final class InMemoryGroupRegistry implements GroupRegistry {
  private final Object lock = new Object();
  private final Map<GroupId, Group> groups = new HashMap<>();
  private final Map<DeviceId, Device> devices = new HashMap<>();

  /** The devices that name a group, which need not exist. */
  private final Map<GroupId, Members> members = new HashMap<>();

  /** An empty registry. */
  public InMemoryGroupRegistry() {}

  @Override
  public Optional<Group> group(GroupId id) {
    synchronized (lock) {
      return Optional.ofNullable(groups.get(id));
    }
  }

  @Override
  public Map<DeviceId, Device> devices(Collection<DeviceId> ids) {
    Map<DeviceId, Device> found = new HashMap<>();
    synchronized (lock) {
      for (DeviceId id : ids) {
        Device device = devices.get(id);
        if (device != null) {
          found.put(id, device);
        }
      }
    }
    return found;
  }

  @Override
  public GroupMembers members(GroupId group) {
    synchronized (lock) {
      return membersOf(group).counts();
    }
  }

  @Override
  public List<Device> devices(
      GroupId group, @Nullable Addressing addressing, @Nullable DeviceId after, int limit) {
    synchronized (lock) {
      NavigableMap<DeviceId, Device> all = membersOf(group).byId;
      return (after == null ? all : all.tailMap(after, false))
          .values().stream()
              .filter(device -> addressing == null || device.addressing() == addressing)
              .limit(limit)
              .toList();
    }
  }

  @Override
  public void saveGroups(Collection<Group> changed) {
    List<Group> all = List.copyOf(changed);
    synchronized (lock) {
      all.forEach(group -> groups.put(group.id(), group));
    }
  }

  @Override
  public void saveDevices(Collection<Device> changed) {
    List<Device> all = List.copyOf(changed);
    synchronized (lock) {
      all.forEach(this::save);
    }
  }

  @Override
  public void removeGroup(GroupId group) {
    synchronized (lock) {
      if (groups.remove(group) != null) {
        List<Device> left = List.copyOf(members.getOrDefault(group, new Members()).byId.values());
        left.forEach(device -> save(inNoGroup(device)));
      }
    }
  }

  @Override
  public void removeDevices(Collection<DeviceId> removed) {
    List<DeviceId> all = List.copyOf(removed);
    synchronized (lock) {
      all.forEach(this::remove);
    }
  }

  private static Device inNoGroup(Device device) {
    return new Device(
        device.id(),
        device.token(),
        Optional.empty(),
        device.mqttUser(),
        device.addressing(),
        device.attributes());
  }

  private Members membersOf(GroupId group) {
    Members found = groups.containsKey(group) ? members.get(group) : null;
    return found == null ? new Members() : found;
  }

  private void save(Device device) {
    remove(device.id());
    devices.put(device.id(), device);
    device
        .group()
        .ifPresent(group -> members.computeIfAbsent(group, any -> new Members()).add(device));
  }

  private void remove(DeviceId id) {
    Device removed = devices.remove(id);
    if (removed == null) {
      return;
    }
    removed
        .group()
        .ifPresent(
            group ->
                members.computeIfPresent(
                    group, (any, present) -> present.remove(removed) ? null : present));
  }

  /** The devices of one group, by id and counted. */
  private static final class Members {
    final NavigableMap<DeviceId, Device> byId = new TreeMap<>();
    private final Map<String, Long> groupAddressed = new HashMap<>();
    private long deviceAddressed;

    GroupMembers counts() {
      return new GroupMembers(groupAddressed, deviceAddressed);
    }

    void add(Device device) {
      byId.put(device.id(), device);
      if (device.addressing() == Addressing.DEVICE) {
        deviceAddressed++;
      } else {
        groupAddressed.merge(device.mqttUser(), 1L, Long::sum);
      }
    }

    /** Returns whether the group is empty now. */
    boolean remove(Device device) {
      byId.remove(device.id());
      if (device.addressing() == Addressing.DEVICE) {
        deviceAddressed--;
      } else {
        groupAddressed.computeIfPresent(
            device.mqttUser(), (user, count) -> count == 1 ? null : count - 1);
      }
      return byId.isEmpty();
    }
  }
}
