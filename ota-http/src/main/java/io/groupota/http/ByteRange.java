package io.groupota.http;

import java.util.Enumeration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A part of a file that is not empty.
 *
 * @param offset its first byte
 * @param length its number of bytes
 */
record ByteRange(long offset, long length) {
  /** No range, or one that is to be ignored: the whole file. */
  static final Parsed WHOLE = new Parsed(Optional.empty(), false);

  private static final Parsed UNSATISFIABLE = new Parsed(Optional.empty(), true);
  private static final Pattern SINGLE =
      Pattern.compile("bytes=[ \\t]*([0-9]*)-([0-9]*)[ \\t]*", Pattern.CASE_INSENSITIVE);

  /**
   * What a {@code Range} header asks for.
   *
   * @param range the range, empty for the whole file
   * @param unsatisfiable whether it has no byte of the file
   */
  record Parsed(Optional<ByteRange> range, boolean unsatisfiable) {}

  /**
   * Reads a single range: {@code bytes=a-b}, {@code bytes=a-} or {@code bytes=-n}. Everything else,
   * several ranges too, means the whole file.
   */
  static Parsed parse(@Nullable Enumeration<String> headers, long size) {
    if (headers == null || !headers.hasMoreElements()) {
      return WHOLE;
    }
    String header = headers.nextElement();
    return headers.hasMoreElements() ? WHOLE : parse(header, size);
  }

  static Parsed parse(String header, long size) {
    Matcher matcher = SINGLE.matcher(header.strip());
    if (!matcher.matches()) {
      return WHOLE;
    }
    String first = String.valueOf(matcher.group(1));
    String last = String.valueOf(matcher.group(2));
    if (first.isEmpty()) {
      return last.isEmpty() ? WHOLE : suffix(number(last), size);
    }
    long from = number(first);
    long to = last.isEmpty() ? Long.MAX_VALUE : number(last);
    if (to < from) {
      return WHOLE;
    }
    return from >= size ? UNSATISFIABLE : of(from, Math.min(to, size - 1));
  }

  private static Parsed suffix(long length, long size) {
    return length == 0 ? UNSATISFIABLE : of(Math.max(0, size - length), size - 1);
  }

  private static Parsed of(long first, long last) {
    return new Parsed(Optional.of(new ByteRange(first, last - first + 1)), false);
  }

  /** Digits as a number; what no long can hold is behind the end of every file. */
  private static long number(String digits) {
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }

  /** The value of a {@code Content-Range} header. */
  String contentRange(long size) {
    return "bytes " + offset + "-" + (offset + length - 1) + "/" + size;
  }
}
