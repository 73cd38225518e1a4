package io.groupota.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/**
 * What a client sends although its request is refused. Left in the connection it makes the
 * container close that with a reset, which takes the answer with it: clients that are still sending
 * see a broken connection and no {@code 401}. So it is read and thrown away, as Tomcat does ({@code
 * maxSwallowSize}); where it is too much, the client is told that the connection ends.
 */
final class UnreadBody {
  /** More than most images have. */
  static final int MOST = 2 << 20;

  /** After this long a client that sends slowly is not waited for any more. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private UnreadBody() {}

  /** Reads it, or tells the client that the connection ends with this answer. */
  static void settle(HttpServletRequest request, HttpServletResponse response) {
    // Since HTTP/2 a request ends without its connection.
    if (request.getProtocol().startsWith("HTTP/1") && !isGone(request)) {
      response.setHeader("Connection", "close");
    }
  }

  private static boolean isGone(HttpServletRequest request) {
    long claimed = request.getContentLengthLong();
    if (claimed == 0 || (claimed < 0 && request.getHeader("Transfer-Encoding") == null)) {
      return true;
    }
    // Who asks first whether to send it is answered by the refusal.
    return claimed <= MOST && request.getHeader("Expect") == null && isRead(request);
  }

  private static boolean isRead(HttpServletRequest request) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    byte[] buffer = new byte[8 << 10];
    try {
      InputStream in = request.getInputStream();
      for (int left = MOST; left > 0 && System.nanoTime() < end; ) {
        int read = in.read(buffer);
        if (read < 0) {
          return true;
        }
        left -= read;
      }
      return false;
    } catch (IOException | RuntimeException e) {
      // Broken, or the container has begun to read it in another way and given up.
      return false;
    }
  }
}
