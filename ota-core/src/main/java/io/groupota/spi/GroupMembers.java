package io.groupota.spi;

import java.util.Map;

/**
 * How many devices a group has, by the way that they are reached. Immutable.
 *
 * @param groupAddressed the number of group-addressed devices by MQTT user name; only users that
 *     have some
 * @param deviceAddressed the number of device-addressed devices
 */
public record GroupMembers(Map<String, Long> groupAddressed, long deviceAddressed) {
  /** Copies the map. */
  public GroupMembers {
    groupAddressed = Map.copyOf(groupAddressed);
  }

  /**
   * The number of all devices of the group.
   *
   * @return the sum
   */
  public long devices() {
    return deviceAddressed + groupAddressed.values().stream().mapToLong(Long::longValue).sum();
  }
}
