package io.groupota;

import io.groupota.internal.HexId;
import java.util.Objects;

/**
 * Identifies a device: 24 hexadecimal digits, kept in lower case. Immutable.
 *
 * @param value the digits
 */
public record DeviceId(String value) implements Comparable<DeviceId> {
  /**
   * Checks the digits and turns them to lower case.
   *
   * @throws InvalidRequestException if the value is anything but 24 hexadecimal digits
   */
  public DeviceId {
    String canonical = HexId.canonical(Objects.requireNonNull(value, "value"));
    if (canonical == null) {
      throw new InvalidRequestException("device", "Device ID is not valid");
    }
    value = canonical;
  }

  @Override
  public int compareTo(DeviceId other) {
    return value.compareTo(other.value);
  }

  /** Returns the digits. */
  @Override
  public String toString() {
    return value;
  }
}
