package io.groupota;

import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Identifies an owner of groups. The host decides what it looks like: 1 to 128 printable ASCII
 * characters without spaces. Immutable.
 *
 * @param value the host's identifier of the owner
 */
public record OwnerId(String value) {
  private static final Pattern FORMAT = Pattern.compile("[!-~]{1,128}");

  /**
   * Checks the length and the characters.
   *
   * @throws InvalidRequestException if the value is empty, too long or has other characters
   */
  public OwnerId {
    Objects.requireNonNull(value, "value");
    if (!FORMAT.matcher(value).matches()) {
      throw new InvalidRequestException(
          "owner", "owner must be 1 to 128 printable ASCII characters without spaces");
    }
  }

  /** Returns the identifier. */
  @Override
  public String toString() {
    return value;
  }
}
