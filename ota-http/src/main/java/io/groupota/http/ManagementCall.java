package io.groupota.http;

import io.groupota.OwnerId;
import jakarta.servlet.http.HttpServletRequest;

/**
 * A call of the management API. Whoever adds one gets authentication with it, and has to add it to
 * the test that walks every endpoint with every kind of caller.
 *
 * @param method the method; {@code GET} answers {@code HEAD} too
 * @param path the path below the servlet; a segment {@value #ID} stands for an id, not checked
 * @param failures what is said when it fails
 * @param handler who answers
 */
record ManagementCall(String method, String path, Failures failures, Handler handler) {
  /** The segment of a path that stands for any id. */
  static final String ID = "{id}";

  /** Answers once the owner is known. */
  interface Handler {
    Reply handle(OwnerId owner, HttpServletRequest request, Scrubber scrubber);
  }

  boolean answers(String requested) {
    return method.equals(requested) || (method.equals("GET") && requested.equals("HEAD"));
  }

  /** Whether a path is the one of this call. */
  boolean isAt(String requested) {
    String[] wanted = path.split("/", -1);
    String[] given = requested.split("/", -1);
    if (wanted.length != given.length) {
      return false;
    }
    for (int i = 0; i < wanted.length; i++) {
      if (!(wanted[i].equals(ID) ? !given[i].isEmpty() : wanted[i].equals(given[i]))) {
        return false;
      }
    }
    return true;
  }
}
