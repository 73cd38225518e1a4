package io.groupota.internal;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The format of a MongoDB ObjectId, which every identifier of the wire protocol has. */
public final class HexId {
  private static final int LENGTH = 24;

  private HexId() {}

  /** The id in its canonical lower case, or null when it is not one. */
  public static @Nullable String canonical(String value) {
    // By hand: every message of every device brings one.
    if (value.length() != LENGTH) {
      return null;
    }
    for (int i = 0; i < LENGTH; i++) {
      if (!isHex(value.charAt(i))) {
        return null;
      }
    }
    return value.toLowerCase(Locale.ROOT);
  }

  private static boolean isHex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }
}
