package io.groupota;

import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Names one firmware file in a blob store: segments of lower-case letters, digits and dashes,
 * separated by single slashes, at most 200 characters in all; so it is safe as a relative path and
 * as an object key. Immutable.
 *
 * @param value the key
 */
public record BlobKey(String value) {
  private static final Pattern FORMAT = Pattern.compile("[a-z0-9-]+(/[a-z0-9-]+)*");

  /**
   * Checks the format.
   *
   * @throws IllegalArgumentException if the value is no key
   */
  public BlobKey {
    Objects.requireNonNull(value, "value");
    if (value.length() > 200 || !FORMAT.matcher(value).matches()) {
      throw new IllegalArgumentException("Not a blob key: " + value);
    }
  }

  /** Returns the key. */
  @Override
  public String toString() {
    return value;
  }
}
