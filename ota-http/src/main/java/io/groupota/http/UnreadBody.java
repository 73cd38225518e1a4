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
 *
 * <p>A client that sends slowly is waited for {@link #PATIENCE}, and one that falls silent until
 * the container's idle timeout ends the read that waits for it (30 s in Jetty): the Servlet API can
 * neither read with a time limit nor tell on every container whether something has come.
 */
final class UnreadBody {
  /** More than most images have. */
  static final int MOST = 2 << 20;

  /** After this long no more is read of a client that sends slowly. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** The attribute of a request whose body was read. No stream tells so on every container. */
  private static final String TAKEN = UnreadBody.class.getName() + ".taken";

  private UnreadBody() {}

  /** Reads it, or tells the client that the connection ends with this answer. */
  static void settle(HttpServletRequest request, HttpServletResponse response) {
    // Since HTTP/2 a request ends without its connection.
    if (request.getProtocol().startsWith("HTTP/1") && !isGone(request)) {
      response.setHeader("Connection", "close");
    }
  }

  /**
   * Says that a call has read the body, or had the container parse it. A client that asked first
   * has been told to send it then, and hardly anything is left: what follows a form at the most.
   */
  static void markTaken(HttpServletRequest request) {
    request.setAttribute(TAKEN, true);
  }

  private static boolean isGone(HttpServletRequest request) {
    long claimed = request.getContentLengthLong();
    if (claimed == 0 || (claimed < 0 && request.getHeader("Transfer-Encoding") == null)) {
      return true;
    }
    // Who asks first whether to send it is answered by the refusal.
    boolean bearable = claimed <= MOST && request.getHeader("Expect") == null;
    return (bearable || request.getAttribute(TAKEN) != null) && isRead(request);
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
