package io.groupota.http;

import io.groupota.OwnerId;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Enumeration;
import java.util.Optional;

/** {@code /v1/ota/group}: authentication first, then the method. */
final class ManagementApi {
  private static final String SCHEME = "Bearer ";

  private final Authenticator authenticator;
  private final ListHandler list;
  private final DeployHandler deploy;

  ManagementApi(Authenticator authenticator, ListHandler list, DeployHandler deploy) {
    this.authenticator = authenticator;
    this.list = list;
    this.deploy = deploy;
  }

  Reply handle(HttpServletRequest request) {
    boolean post = request.getMethod().equals("POST");
    Optional<String> bearer = bearer(request);
    if (bearer.isEmpty()) {
      return Reply.unauthorized();
    }
    Scrubber scrubber = Scrubber.none().hiding(bearer.get());
    Optional<OwnerId> owner;
    try {
      owner = authenticator.authenticate(bearer.get());
    } catch (RuntimeException e) {
      // Whatever its type: an authenticator's failure says nothing of the request.
      return (post ? DeployHandler.FAILURES : ListHandler.FAILURES).internal(e, scrubber);
    }
    if (owner.isEmpty()) {
      return Reply.unauthorized();
    }
    return switch (request.getMethod()) {
      case "GET", "HEAD" -> list.handle(owner.get(), request, scrubber);
      case "POST" -> deploy.handle(owner.get(), request, scrubber);
      default -> Reply.methodNotAllowed("GET, HEAD, POST");
    };
  }

  private static Optional<String> bearer(HttpServletRequest request) {
    Enumeration<String> headers = request.getHeaders("Authorization");
    if (headers == null || !headers.hasMoreElements()) {
      return Optional.empty();
    }
    String header = headers.nextElement();
    if (headers.hasMoreElements() || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      return Optional.empty();
    }
    return Optional.of(header.substring(SCHEME.length()).strip()).filter(b -> !b.isEmpty());
  }
}
