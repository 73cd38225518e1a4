package io.groupota.internal;

import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The format of a MongoDB ObjectId, which every identifier of the wire protocol has. */
public final class HexId {
  private static final Pattern FORMAT = Pattern.compile("[0-9a-fA-F]{24}");

  private HexId() {}

  /** The id in its canonical lower case, or null when it is not one. */
  public static @Nullable String canonical(String value) {
    return FORMAT.matcher(value).matches() ? value.toLowerCase(Locale.ROOT) : null;
  }
}
