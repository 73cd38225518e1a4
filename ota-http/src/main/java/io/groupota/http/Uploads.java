package io.groupota.http;

import io.groupota.FirmwareTooLargeException;
import io.groupota.InvalidRequestException;
import io.groupota.StorageException;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.Part;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.Collection;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Has the container parse a multipart body, and tells apart why it refused one. The Servlet API
 * says little of that (an {@link IllegalStateException} for a limit, containers wrap it in their
 * own ways), so the chain of causes is searched for what Jetty, Tomcat and Undertow say.
 */
final class Uploads {
  private static final Pattern OVER_LIMIT =
      Pattern.compile("file size|max length|larger than|too large|too big|maximum .*size|exceeds");
  private static final int MAX_DEPTH = 16;

  private final long maxUpload;

  Uploads(long maxUpload) {
    this.maxUpload = maxUpload;
  }

  Collection<Part> read(HttpServletRequest request) {
    try {
      return request.getParts();
    } catch (IOException | ServletException | RuntimeException e) {
      throw explain(e);
    }
  }

  /**
   * Refuses a file that is too large. The container is not told this limit, only that of the whole
   * body: Jetty (12.1.14) refuses such a file too, but leaves the parts behind it on the disk.
   */
  void requireWithinLimit(Part firmware) {
    if (firmware.getSize() > maxUpload) {
      throw new FirmwareTooLargeException(maxUpload);
    }
  }

  private RuntimeException explain(Exception failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < MAX_DEPTH; depth++) {
      String message = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
      if (cause instanceof FileSystemException || message.contains("no space left")) {
        return new StorageException("The upload could not be spooled to disk", failure);
      }
      if (message.contains("multipart config") || message.contains("multi-part config")) {
        return new IllegalStateException(
            "The servlet has no multipart configuration; set OtaServlet.multipartConfig()");
      }
      if (message.contains("max parts") || message.contains("too many")) {
        return new InvalidRequestException("body", "The multipart body has too many parts");
      }
      if (message.contains("form is larger") || message.contains("form too large")) {
        return new InvalidRequestException(
            "plan",
            "The fields of the form are too long for this server; send a long plan as a file");
      }
      if (OVER_LIMIT.matcher(message).find() && !message.contains("header")) {
        return new FirmwareTooLargeException(maxUpload);
      }
      cause = cause.getCause();
    }
    return new InvalidRequestException(
        "body", "The multipart body is broken: it is malformed or ends before its last boundary");
  }
}
