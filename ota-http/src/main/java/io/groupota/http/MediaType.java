package io.groupota.http;

import java.util.Locale;

/** The type that a {@code Content-Type} names, without its parameters. */
final class MediaType {
  private MediaType() {}

  /** In lower case. */
  static String of(String contentType) {
    int end = contentType.indexOf(';');
    return (end < 0 ? contentType : contentType.substring(0, end)).strip().toLowerCase(Locale.ROOT);
  }
}
