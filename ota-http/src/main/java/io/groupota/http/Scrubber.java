package io.groupota.http;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Takes secrets and paths out of texts that were written by others: a database driver puts bound
 * values into its messages, the file system the whole path.
 */
final class Scrubber {
  private static final Pattern PATH =
      Pattern.compile("(?<![\\w/.])/[^\\s'\"<>|,;:)]+|\\b[A-Za-z]:\\\\[^\\s'\"<>|,;:)]+");
  private static final String HIDDEN = "[hidden]";
  private static final int MAX_DEPTH = 16;

  private final List<String> secrets = new ArrayList<>();

  private Scrubber() {}

  static Scrubber none() {
    return new Scrubber();
  }

  /** Adds a secret that this request came with. */
  Scrubber hiding(String secret) {
    if (!secret.isEmpty()) {
      secrets.add(secret);
    }
    return this;
  }

  /** The text without the secrets and without absolute paths. */
  String text(String text) {
    String result = text;
    for (String secret : secrets) {
      result = result.replace(secret, HIDDEN);
    }
    return PATH.matcher(result).replaceAll("[path]");
  }

  /** A copy that is safe to log: the same types, stack traces and causes, the messages scrubbed. */
  Throwable scrub(Throwable failure) {
    return scrub(failure, 0);
  }

  private Throwable scrub(Throwable failure, int depth) {
    String message = failure.getMessage();
    String text = failure.getClass().getName() + (message == null ? "" : ": " + this.text(message));
    Throwable cause = failure.getCause();
    return new Scrubbed(
        text,
        failure.getStackTrace(),
        cause == null || depth == MAX_DEPTH ? null : scrub(cause, depth + 1));
  }

  /** Stands for another exception, whose name begins its message. */
  private static final class Scrubbed extends Exception {
    private static final long serialVersionUID = 1L;

    Scrubbed(String text, StackTraceElement[] trace, @Nullable Throwable cause) {
      super(text, cause, false, true);
      setStackTrace(trace);
    }
  }
}
