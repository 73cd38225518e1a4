package io.groupota.rollout;

import io.groupota.InvalidRequestException;
import io.groupota.internal.HexId;
import java.util.Objects;

/**
 * Identifies a rollout: 24 hexadecimal digits, kept in lower case. Immutable.
 *
 * @param value the digits
 */
public record RolloutId(String value) implements Comparable<RolloutId> {
  /**
   * Checks the digits and turns them to lower case.
   *
   * @throws InvalidRequestException if the value is anything but 24 hexadecimal digits
   */
  public RolloutId {
    String canonical = HexId.canonical(Objects.requireNonNull(value, "value"));
    if (canonical == null) {
      throw new InvalidRequestException("rollout", "Rollout ID is not valid");
    }
    value = canonical;
  }

  @Override
  public int compareTo(RolloutId other) {
    return value.compareTo(other.value);
  }

  /** Returns the digits. */
  @Override
  public String toString() {
    return value;
  }
}
