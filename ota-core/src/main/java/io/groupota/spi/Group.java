package io.groupota.spi;

import io.groupota.GroupId;
import io.groupota.InvalidRequestException;
import io.groupota.OwnerId;
import io.groupota.Token;
import java.util.Objects;

/**
 * A group of devices. Immutable.
 *
 * @param id its identity
 * @param owner who owns it
 * @param token its secret: letters, digits, dashes and underscores, since it is part of a URL
 * @param name its name for people, may be empty, at most 128 characters
 */
public record Group(GroupId id, OwnerId owner, Token token, String name) {
  /**
   * Checks the token and the name.
   *
   * @throws InvalidRequestException if the token has other characters or the name is too long
   */
  public Group {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(owner, "owner");
    Objects.requireNonNull(token, "token");
    Objects.requireNonNull(name, "name");
    requireUrlSafe(token);
    if (name.length() > 128) {
      throw new InvalidRequestException("name", "name is too long (at most 128 characters)");
    }
  }

  /** By hand, since each row of a device that is read has one. */
  static void requireUrlSafe(Token token) {
    String value = token.value();
    for (int i = 0; i < value.length(); i++) {
      if (!isUrlSafe(value.charAt(i))) {
        throw new InvalidRequestException(
            "token", "token may have letters, digits, dashes and underscores only");
      }
    }
  }

  private static boolean isUrlSafe(char c) {
    return (c >= '0' && c <= '9')
        || (c >= 'A' && c <= 'Z')
        || (c >= 'a' && c <= 'z')
        || c == '-'
        || c == '_';
  }
}
