package io.groupota.http;

import io.groupota.OwnerId;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Enumeration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What owners ask for: authentication first, then the method. */
final class ManagementApi {
  private static final String SCHEME = "Bearer ";

  private final Authenticator authenticator;
  private final List<ManagementCall> calls;

  ManagementApi(Authenticator authenticator, List<ManagementCall> calls) {
    this.authenticator = authenticator;
    this.calls = List.copyOf(calls);
  }

  /** All that there is, each as method and path. */
  List<String> endpoints() {
    return calls.stream().map(call -> call.method() + " " + call.path()).toList();
  }

  /** The calls with this path, none if it is not one of the management API. */
  List<ManagementCall> at(String path) {
    List<String> segments = ManagementCall.segments(path);
    return calls.stream().filter(call -> call.isAt(segments)).toList();
  }

  /** Answers a request by one of the calls that have its path. */
  Reply handle(List<ManagementCall> candidates, HttpServletRequest request) {
    Optional<String> bearer = bearer(request);
    if (bearer.isEmpty()) {
      return Reply.unauthorized();
    }
    Optional<ManagementCall> call =
        candidates.stream().filter(c -> c.answers(request.getMethod())).findFirst();
    Scrubber scrubber = Scrubber.none().hiding(bearer.get());
    Optional<OwnerId> owner;
    try {
      owner = authenticator.authenticate(bearer.get());
    } catch (RuntimeException e) {
      // Whatever its type: an authenticator's failure says nothing of the request.
      return call.orElse(candidates.get(0)).failures().internal(e, scrubber);
    }
    if (owner.isEmpty()) {
      return Reply.unauthorized();
    }
    return call.map(c -> c.handler().handle(owner.get(), request, scrubber))
        .orElseGet(() -> Reply.methodNotAllowed(allowed(candidates)));
  }

  private static String allowed(List<ManagementCall> candidates) {
    return candidates.stream()
        .map(call -> call.method().equals("GET") ? "GET, HEAD" : call.method())
        .collect(Collectors.joining(", "));
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
    return Optional.of(header.substring(SCHEME.length()).strip())
        .filter(b -> !b.isEmpty() && b.length() <= Authenticator.MAX_BEARER_LENGTH);
  }
}
