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
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Has the container parse a multipart body, and tells apart why it refused one. The Servlet API
 * says little of that (an {@link IllegalStateException} for a limit, containers wrap it in their
 * own ways), so the chain of causes is searched for what Jetty, Tomcat and Undertow say. Only how
 * their messages begin counts, since some of them quote the client.
 */
final class Uploads {
  private static final Pattern NOT_CONFIGURED =
      startOf(
          "no multipart config",
          "unable to process parts as no multi-part config",
          "ut010057: multipart config");

  private static final Pattern TOO_MANY_PARTS =
      startOf("form with too many", "too many form", "ut000047: the number of parameters");

  private static final Pattern FIELDS_TOO_LONG = startOf("form is larger than", "form too large");

  private static final Pattern OVER_LIMIT =
      startOf(
          "max length exceeded",
          "max (memory )?file size exceeded",
          "the field .{0,500} exceeds its maximum permitted size",
          "the request was rejected because its size",
          "ut000020: connection terminated as request was larger",
          "ut000054: the maximum size");

  /** What the operating system says through an {@link IOException}. */
  private static final String DISK_FULL = "No space left on device";

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
      RuntimeException known = known(cause, failure);
      if (known != null) {
        return known;
      }
      cause = cause.getCause();
    }
    return new InvalidRequestException(
        "body", "The multipart body is broken: it is malformed or ends before its last boundary");
  }

  private @Nullable RuntimeException known(Throwable cause, Exception failure) {
    if (cause instanceof IllegalArgumentException) {
      // About what the client sent, with a message that may be the client's from its first letter.
      return null;
    }
    String message = String.valueOf(cause.getMessage()).strip();
    if (cause instanceof FileSystemException || message.equalsIgnoreCase(DISK_FULL)) {
      return new StorageException("The upload could not be spooled to disk", failure);
    }
    if (NOT_CONFIGURED.matcher(message).lookingAt()) {
      return new IllegalStateException(
          "The servlet has no multipart configuration; set OtaServlet.multipartConfig()");
    }
    if (TOO_MANY_PARTS.matcher(message).lookingAt()) {
      return new InvalidRequestException("body", "The multipart body has too many parts");
    }
    if (FIELDS_TOO_LONG.matcher(message).lookingAt()) {
      return new InvalidRequestException(
          "plan",
          "The fields of the form are too long for this server; send a long plan as a file");
    }
    return OVER_LIMIT.matcher(message).lookingAt()
        ? new FirmwareTooLargeException(maxUpload)
        : null;
  }

  private static Pattern startOf(String... messages) {
    return Pattern.compile(String.join("|", messages), Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
  }
}
