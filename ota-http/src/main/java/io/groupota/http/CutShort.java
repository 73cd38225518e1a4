package io.groupota.http;

import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An answer that was begun and cannot be completed. Its connection has to end: a client would wait
 * for the rest, and take the next answer for it.
 *
 * <p>Jetty ends the connection when a stream is closed that owes bytes, and it logs what a servlet
 * throws with the URL, which has a token. Tomcat takes such a stream for the end of the answer and
 * only ends the connection when the servlet throws; it logs no more than the names of servlet and
 * context. So this is thrown, except to Jetty. It is an {@link IOException}, since Undertow logs
 * all others with the path, and says nothing: what failed was logged before.
 */
final class CutShort extends IOException {
  private static final Logger LOG = LoggerFactory.getLogger(CutShort.class);
  private static final long serialVersionUID = 1L;

  private CutShort() {
    super("An answer was cut short");
  }

  /** Ends the answer and its connection. */
  static void end(HttpServletRequest request, HttpServletResponse response) throws CutShort {
    // Everywhere: an error page that the host has for exceptions must not fill up the file.
    try {
      response.getOutputStream().close();
    } catch (IOException | RuntimeException e) {
      LOG.debug("The connection was cut: {}", e.getClass().getName());
    }
    if (!isJetty(request.getServletContext())) {
      throw new CutShort();
    }
  }

  /** By name, or by class where the host has given its Jetty another name. */
  private static boolean isJetty(ServletContext context) {
    return String.valueOf(context.getServerInfo()).startsWith("jetty/")
        || context.getClass().getName().startsWith("org.eclipse.jetty.");
  }
}
