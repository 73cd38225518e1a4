package io.groupota;

import io.groupota.internal.HexId;
import java.util.Objects;

/**
 * Identifies a group of devices: 24 hexadecimal digits, kept in lower case. Immutable.
 *
 * @param value the digits
 */
public record GroupId(String value) implements Comparable<GroupId> {
  /**
   * Checks the digits and turns them to lower case.
   *
   * @throws InvalidRequestException if the value is anything but 24 hexadecimal digits
   */
  public GroupId {
    String canonical = HexId.canonical(Objects.requireNonNull(value, "value"));
    if (canonical == null) {
      throw new InvalidRequestException("group", "Group ID is not valid");
    }
    value = canonical;
  }

  @Override
  public int compareTo(GroupId other) {
    return value.compareTo(other.value);
  }

  /** Returns the digits. */
  @Override
  public String toString() {
    return value;
  }
}
