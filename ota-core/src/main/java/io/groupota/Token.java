package io.groupota;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Objects;

/**
 * The secret of a group or a device. Its text is given only by {@link #value()}; {@link
 * #toString()} hides it, and comparisons take the same time wherever the texts differ. Immutable.
 */
public final class Token {
  /** The longest token, in characters. */
  public static final int MAX_LENGTH = 64;

  private final String value;

  private Token(String value) {
    this.value = value;
  }

  /**
   * Wraps a secret.
   *
   * @param value the secret, 1 to {@value #MAX_LENGTH} characters
   * @return the token
   * @throws InvalidRequestException if the value is empty or too long
   */
  public static Token of(String value) {
    Objects.requireNonNull(value, "value");
    if (value.isEmpty()) {
      throw new InvalidRequestException("token", "token is a mandatory field");
    }
    if (value.length() > MAX_LENGTH) {
      throw new InvalidRequestException(
          "token", "token is too long (at most " + MAX_LENGTH + " characters)");
    }
    return new Token(value);
  }

  /**
   * The secret itself. Keep it out of logs and messages.
   *
   * @return the secret
   */
  public String value() {
    return value;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Token token
        && MessageDigest.isEqual(
            value.getBytes(StandardCharsets.UTF_8), token.value.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  /** Returns a placeholder, never the secret. */
  @Override
  public String toString() {
    return "Token[hidden]";
  }
}
