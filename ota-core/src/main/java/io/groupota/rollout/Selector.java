package io.groupota.rollout;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import java.util.Objects;
import java.util.Set;

/**
 * Which devices a stage takes, besides those of the stages before it.
 *
 * <p>Percentages and numbers choose among the devices that are addressed by themselves, by a hash
 * of rollout and device: the first eight bytes of the SHA-256 of {@code rolloutId + "/" +
 * deviceId}, without the sign, are the place of the device; the lowest places come first. A device
 * that joins later has its place at once, so a percentage of a group that grows stays one. Devices
 * that are addressed by their group cannot be told apart: they follow as a whole in the first stage
 * that takes their group completely, by naming it or by taking 100 %.
 */
public sealed interface Selector {
  /**
   * A share of all devices, the ones of earlier stages included; at least one device.
   *
   * @param percent above 0, at most 100
   */
  record Percent(double percent) implements Selector {
    /**
     * Checks the share.
     *
     * @throws IllegalArgumentException if it is out of range
     */
    public Percent {
      if (!(percent > 0 && percent <= 100)) {
        throw new IllegalArgumentException("percent must be above 0 and at most 100");
      }
    }
  }

  /**
   * A number of devices, the ones of earlier stages that have lower places included.
   *
   * @param devices at least 1
   */
  record Count(long devices) implements Selector {
    /**
     * Checks the number.
     *
     * @throws IllegalArgumentException if it is less than 1
     */
    public Count {
      if (devices < 1) {
        throw new IllegalArgumentException("devices must be at least 1");
      }
    }
  }

  /**
   * Devices by name.
   *
   * @param devices 1 to 10,000 devices that are addressed by themselves
   */
  record Named(Set<DeviceId> devices) implements Selector {
    /**
     * Copies the set.
     *
     * @throws IllegalArgumentException if it is empty or too large
     */
    public Named {
      devices = Set.copyOf(Objects.requireNonNull(devices, "devices"));
      if (devices.isEmpty() || devices.size() > 10_000) {
        throw new IllegalArgumentException("named must have 1 to 10000 devices");
      }
    }
  }

  /**
   * Devices with an attribute ({@link io.groupota.spi.Device#attributes()}), as it is when the
   * device is taken into the rollout.
   *
   * @param name its name, 1 to 64 characters
   * @param value its value, at most 256 characters
   */
  record WithAttribute(String name, String value) implements Selector {
    /**
     * Checks the texts.
     *
     * @throws IllegalArgumentException if one of them is too long or the name is empty
     */
    public WithAttribute {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(value, "value");
      if (name.isEmpty() || name.length() > 64 || value.length() > 256) {
        throw new IllegalArgumentException(
            "attribute must have a name of 1 to 64 and a value of at most 256 characters");
      }
    }
  }

  /**
   * Whole groups, whichever way their devices are addressed.
   *
   * @param groups 1 to 1,000 groups of the rollout
   */
  record WholeGroups(Set<GroupId> groups) implements Selector {
    /**
     * Copies the set.
     *
     * @throws IllegalArgumentException if it is empty or too large
     */
    public WholeGroups {
      groups = Set.copyOf(Objects.requireNonNull(groups, "groups"));
      if (groups.isEmpty() || groups.size() > 1_000) {
        throw new IllegalArgumentException("groups must have 1 to 1000 groups");
      }
    }
  }
}
