package io.groupota.http;

import io.groupota.InvalidRequestException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * The JSON body of an action; many need none, and then its type does not matter.
 *
 * @param tree what it holds, empty if there is no body
 * @param refusal what is answered to a body that is not read
 */
record ActionBody(Optional<Map<String, Object>> tree, Optional<Reply> refusal) {
  /** Far over what any action needs. */
  static final int MAX_BYTES = 64 << 10;

  static ActionBody of(HttpServletRequest request) {
    if (request.getContentLengthLong() > MAX_BYTES) {
      return tooLarge();
    }
    byte[] bytes = bytes(request);
    if (bytes.length > MAX_BYTES) {
      return tooLarge();
    }
    UnreadBody.markTaken(request);
    if (bytes.length == 0) {
      return new ActionBody(Optional.empty(), Optional.empty());
    }
    String type = request.getContentType();
    if (type == null || !MediaType.of(type).equals("application/json")) {
      return refused(415, "The body must be application/json");
    }
    return new ActionBody(Optional.of(JsonTree.read("body", bytes)), Optional.empty());
  }

  private static byte[] bytes(HttpServletRequest request) {
    try {
      return request.getInputStream().readNBytes(MAX_BYTES + 1);
    } catch (IOException | RuntimeException e) {
      // Containers say in their own ways that a body is cut short or wrongly framed.
      throw new InvalidRequestException("body", "The body is broken or ends too early");
    }
  }

  private static ActionBody tooLarge() {
    return refused(413, "The body is larger than the limit of " + MAX_BYTES + " bytes");
  }

  private static ActionBody refused(int status, String message) {
    return new ActionBody(Optional.empty(), Optional.of(Reply.message(status, message)));
  }
}
