package io.groupota.http;

import io.groupota.OwnerId;
import jakarta.servlet.http.HttpServletRequest;

/**
 * A call of the management API. Whoever adds one gets authentication with it, and has to add it to
 * the test that walks every endpoint with every kind of caller.
 *
 * @param method the method; {@code GET} answers {@code HEAD} too
 * @param path the path below the servlet
 * @param failures what is said when it fails
 * @param handler who answers
 */
record ManagementCall(String method, String path, Failures failures, Handler handler) {
  /** Answers once the owner is known. */
  interface Handler {
    Reply handle(OwnerId owner, HttpServletRequest request, Scrubber scrubber);
  }

  boolean answers(String requested) {
    return method.equals(requested) || (method.equals("GET") && requested.equals("HEAD"));
  }
}
