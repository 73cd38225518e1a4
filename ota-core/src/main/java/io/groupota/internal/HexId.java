package io.groupota.internal;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The format of a MongoDB ObjectId, which every identifier of the wire protocol has. */
public final class HexId {
  private static final int LENGTH = 24;

  private HexId() {}

  /** The id in its canonical lower case, or null when it is not one. */
  public static @Nullable String canonical(String value) {
    // By hand: every message of every device brings one, and every row that is read.
    if (value.length() != LENGTH) {
      return null;
    }
    boolean lower = true;
    for (int i = 0; i < LENGTH; i++) {
      char c = value.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        if (c < 'A' || c > 'F') {
          return null;
        }
        lower = false;
      }
    }
    return lower ? value : value.toLowerCase(Locale.ROOT);
  }
}
