package io.groupota;

import io.groupota.internal.HexId;
import java.util.Objects;

/**
 * Identifies one deploy in the history of a group: 24 hexadecimal digits, kept in lower case.
 * Immutable.
 *
 * @param value the digits
 */
public record UpdateId(String value) implements Comparable<UpdateId> {
  /**
   * Checks the digits and turns them to lower case.
   *
   * @throws InvalidRequestException if the value is anything but 24 hexadecimal digits
   */
  public UpdateId {
    String canonical = HexId.canonical(Objects.requireNonNull(value, "value"));
    if (canonical == null) {
      throw new InvalidRequestException("update", "Update ID is not valid");
    }
    value = canonical;
  }

  @Override
  public int compareTo(UpdateId other) {
    return value.compareTo(other.value);
  }

  /** Returns the digits. */
  @Override
  public String toString() {
    return value;
  }
}
