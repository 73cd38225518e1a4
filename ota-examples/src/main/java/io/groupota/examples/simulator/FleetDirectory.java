package io.groupota.examples.simulator;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.Token;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.GroupMembers;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Knows the devices of a fleet without holding them: an id is an index, and the rest follows. */
final class FleetDirectory implements GroupDirectory {
  private static final String PREFIX = "5e1b577400000000";
  private static final int DIGITS = 8;
  private static final String USER = "simulated";
  private static final Token TOKEN = Token.of("simulated");

  private final List<Cohort> cohorts;
  private final Map<GroupId, Cohort> byGroup = new HashMap<>();

  FleetDirectory(List<Cohort> cohorts) {
    this.cohorts = List.copyOf(cohorts);
    cohorts.forEach(cohort -> byGroup.put(cohort.group().id(), cohort));
  }

  static DeviceId id(int device) {
    return new DeviceId(PREFIX + HexFormat.of().toHexDigits(device, DIGITS));
  }

  /** The index of a device of the fleet. */
  static int index(DeviceId id) {
    return HexFormat.fromHexDigits(id.value(), PREFIX.length(), PREFIX.length() + DIGITS);
  }

  List<Cohort> cohorts() {
    return cohorts;
  }

  Cohort cohort(int device) {
    for (Cohort cohort : cohorts) {
      if (device < cohort.end()) {
        return cohort;
      }
    }
    throw new IllegalArgumentException("There is no device " + device);
  }

  Cohort cohort(GroupId group) {
    return Optional.ofNullable(byGroup.get(group)).orElseThrow();
  }

  @Override
  public Optional<Group> group(GroupId id) {
    return Optional.ofNullable(byGroup.get(id)).map(Cohort::group);
  }

  @Override
  public Map<DeviceId, Device> devices(Collection<DeviceId> ids) {
    Map<DeviceId, Device> found = new HashMap<>();
    int end = cohorts.get(cohorts.size() - 1).end();
    for (DeviceId id : ids) {
      if (id.value().startsWith(PREFIX) && Integer.compareUnsigned(index(id), end) < 0) {
        found.put(id, device(id, cohort(index(id))));
      }
    }
    return found;
  }

  @Override
  public GroupMembers members(GroupId group) {
    Cohort cohort = byGroup.get(group);
    if (cohort == null) {
      return new GroupMembers(Map.of(), 0);
    }
    long byTheGroup = (long) cohort.devices() - cohort.deviceAddressed();
    return new GroupMembers(
        byTheGroup == 0 ? Map.of() : Map.of(USER, byTheGroup), cohort.deviceAddressed());
  }

  @Override
  public List<Device> devices(
      GroupId group, @Nullable Addressing addressing, @Nullable DeviceId after, int limit) {
    Cohort cohort = byGroup.get(group);
    List<Device> page = new ArrayList<>();
    if (cohort == null) {
      return page;
    }
    int middle = cohort.first() + cohort.deviceAddressed();
    int from = addressing == Addressing.GROUP ? middle : cohort.first();
    int end = addressing == Addressing.DEVICE ? middle : cohort.end();
    from = after == null ? from : Math.max(from, index(after) + 1);
    for (int device = from; device < end && page.size() < limit; device++) {
      page.add(device(id(device), cohort));
    }
    return page;
  }

  private static Device device(DeviceId id, Cohort cohort) {
    Addressing addressing =
        cohort.isDeviceAddressed(index(id)) ? Addressing.DEVICE : Addressing.GROUP;
    return new Device(id, TOKEN, Optional.of(cohort.group().id()), USER, addressing);
  }
}
