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
  /**
   * Finds the owner of a bearer token.
   *
   * @param bearer what follows {@code Bearer} in the {@code Authorization} header: never empty, not
   *     checked in any other way, of any length that the container lets through
   * @return the owner, empty if the token is unknown or no longer valid (the client gets {@code
   *     401}); a runtime exception is answered with {@code 500}
   */
  Optional<OwnerId> authenticate(String bearer);
}
