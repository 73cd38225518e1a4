package io.groupota.http;

import io.groupota.OwnerId;
import java.util.Optional;

/**
 * Tells whose a bearer token is. The host's own: tokens, sessions and accounts are its business.
 * Called once per request of the management API, in the request's thread, before anything else of
 * the request is read; so it must be thread-safe. The device API never calls it.
 */
@FunctionalInterface
public interface Authenticator {
  /** The longest bearer that is handed over, in characters: room for a JWT with many claims. */
  int MAX_BEARER_LENGTH = 8_192;

  /**
   * Finds the owner of a bearer token.
   *
   * @param bearer what follows {@code Bearer} in the {@code Authorization} header: never empty, at
   *     most {@value #MAX_BEARER_LENGTH} characters (a longer one is answered with {@code 401}
   *     without asking), not checked in any other way
   * @return the owner, empty if the token is unknown or no longer valid (the client gets {@code
   *     401}); a runtime exception is answered with {@code 500}
   */
  Optional<OwnerId> authenticate(String bearer);
}
