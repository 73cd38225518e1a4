package io.groupota.http;

import io.groupota.firmware.Firmware;
import java.util.Enumeration;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The entity tags of a firmware, and the conditions that name them (RFC 9110, section 13.1). We
 * give out the SHA-256; the MD5 is what S3 gives out for a file that it was sent in one piece, so
 * that is what a client remembers that was redirected.
 */
final class EntityTags {
  private static final Pattern TAG = Pattern.compile("(W/)?(\"[^\"]*\")");

  private final String given;
  private final Set<String> known;

  EntityTags(Firmware firmware) {
    this.given = quoted(firmware.sha256());
    this.known = Set.of(given, quoted(firmware.md5()));
  }

  private static String quoted(String digest) {
    return '"' + digest + '"';
  }

  /** The tag that we give out. */
  String given() {
    return given;
  }

  /** Whether a text is one of the tags, and a strong one. */
  boolean has(String tag) {
    return known.contains(tag.strip());
  }

  /** Whether an {@code If-None-Match} names the firmware; the tag may be marked as weak. */
  boolean match(@Nullable Enumeration<String> headers) {
    return headers != null && anyMatch(headers, true);
  }

  /** Whether there is an {@code If-Match} that does not name the firmware by a strong tag. */
  boolean fail(@Nullable Enumeration<String> headers) {
    return headers != null && headers.hasMoreElements() && !anyMatch(headers, false);
  }

  private boolean anyMatch(Enumeration<String> headers, boolean weak) {
    while (headers.hasMoreElements()) {
      String header = headers.nextElement().strip();
      if (header.equals("*")) {
        return true;
      }
      Matcher tags = TAG.matcher(header);
      while (tags.find()) {
        if (known.contains(String.valueOf(tags.group(2))) && (weak || tags.group(1) == null)) {
          return true;
        }
      }
    }
    return false;
  }
}
