package io.groupota.testkit.device;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The head of an HTTP reply, read the way a device does: no more than there is room for.
 *
 * @param status the status code
 * @param headers the headers, their names in lower case, the last one of a name
 */
record HttpReply(int status, Map<String, String> headers) {
  private static final int MAX_HEAD = 8_192;

  /** CR LF CR LF. */
  private static final int EMPTY_LINE = 0x0D0A0D0A;

  /** Reads up to the empty line; the stream then stands at the first byte of the body. */
  static HttpReply read(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    for (int lastFour = 0; lastFour != EMPTY_LINE; ) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("the server closed the connection within the head of its reply");
      }
      if (head.size() == MAX_HEAD) {
        throw new IOException("the head of the reply is longer than " + MAX_HEAD + " bytes");
      }
      head.write(next);
      lastFour = lastFour << 8 | next;
    }
    return parse(head.toString(StandardCharsets.ISO_8859_1).split("\r\n"));
  }

  Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name));
  }

  /** The announced length, -1 if none is announced. */
  long contentLength() throws IOException {
    String value = headers.get("content-length");
    if (value == null) {
      return -1;
    }
    if (!value.matches("[0-9]{1,18}")) {
      throw new IOException("the Content-Length of the reply is no number");
    }
    return Long.parseLong(value);
  }

  private static HttpReply parse(String[] lines) throws IOException {
    if (!lines[0].matches("HTTP/1\\.[01] [0-9]{3}( .*)?")) {
      throw new IOException("the server does not speak HTTP");
    }
    Map<String, String> headers = new HashMap<>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      if (colon > 0) {
        headers.put(
            lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
            lines[i].substring(colon + 1).trim());
      }
    }
    return new HttpReply(Integer.parseInt(lines[0].substring(9, 12)), Map.copyOf(headers));
  }
}
