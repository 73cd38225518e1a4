package io.groupota.http;

import io.groupota.OwnerId;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.stream.IntStream;

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

  static List<String> segments(String path) {
    return List.of(path.split("/", -1));
  }

  /** Whether the segments of a path are those of this call. */
  boolean isAt(List<String> given) {
    List<String> wanted = segments(path);
    return wanted.size() == given.size()
        && IntStream.range(0, wanted.size()).allMatch(i -> fits(wanted.get(i), given.get(i)));
  }

  private static boolean fits(String wanted, String given) {
    return wanted.equals(ID) ? !given.isEmpty() : wanted.equals(given);
  }
}
