package io.groupota.http;

import java.util.Enumeration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The conditions that name entity tags (RFC 9110, section 13.1). */
final class EntityTags {
  private static final Pattern TAG = Pattern.compile("(W/)?(\"[^\"]*\")");

  private EntityTags() {}

  /** Whether an {@code If-None-Match} names the tag; it may be marked as weak. */
  static boolean match(@Nullable Enumeration<String> headers, String etag) {
    return headers != null && anyMatch(headers, etag, true);
  }

  /** Whether there is an {@code If-Match} that does not name the tag as a strong one. */
  static boolean fails(@Nullable Enumeration<String> headers, String etag) {
    return headers != null && headers.hasMoreElements() && !anyMatch(headers, etag, false);
  }

  private static boolean anyMatch(Enumeration<String> headers, String etag, boolean weak) {
    while (headers.hasMoreElements()) {
      String header = headers.nextElement().strip();
      if (header.equals("*")) {
        return true;
      }
      Matcher tags = TAG.matcher(header);
      while (tags.find()) {
        if (etag.equals(tags.group(2)) && (weak || tags.group(1) == null)) {
          return true;
        }
      }
    }
    return false;
  }
}
