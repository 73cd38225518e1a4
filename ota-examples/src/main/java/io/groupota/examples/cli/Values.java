package io.groupota.examples.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads values of options. Each method says what is wrong with a bad one. */
public final class Values {
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");
  private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})(B|KB|MB|GB)");

  private Values() {}

  /**
   * Reads a duration such as {@code 500ms}, {@code 5s}, {@code 10m} or {@code 2h}.
   *
   * @param text the text
   * @return the duration, positive
   * @throws IllegalArgumentException if it is none
   */
  public static Duration duration(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches() || Long.parseLong(matcher.group(1)) == 0) {
      throw new IllegalArgumentException("not a duration, write 500ms, 5s, 10m or 2h");
    }
    long number = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(number);
      case "s" -> Duration.ofSeconds(number);
      case "m" -> Duration.ofMinutes(number);
      default -> Duration.ofHours(number);
    };
  }

  /**
   * Reads a size such as {@code 900B}, {@code 512KB}, {@code 64MB} or {@code 1GB}; 1 KB is 1,024
   * bytes.
   *
   * @param text the text
   * @return the number of bytes, positive
   * @throws IllegalArgumentException if it is none
   */
  public static long size(String text) {
    Matcher matcher = SIZE.matcher(text);
    if (!matcher.matches() || Long.parseLong(matcher.group(1)) == 0) {
      throw new IllegalArgumentException("not a size, write 512KB, 64MB or 1GB");
    }
    long number = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "B" -> number;
      case "KB" -> number << 10;
      case "MB" -> number << 20;
      default -> number << 30;
    };
  }

  /**
   * Reads a whole number.
   *
   * @param text the text
   * @param max the largest one allowed
   * @return the number, 1 to max
   * @throws IllegalArgumentException if it is none
   */
  public static int count(String text, int max) {
    if (text.matches("[0-9]{1,9}")) {
      int number = Integer.parseInt(text);
      if (number >= 1 && number <= max) {
        return number;
      }
    }
    throw new IllegalArgumentException("not a number from 1 to " + max);
  }

  /**
   * Reads a path.
   *
   * @param text the text
   * @return the path
   * @throws IllegalArgumentException if it is none
   */
  public static Path path(String text) {
    try {
      if (!text.isBlank()) {
        return Path.of(text);
      }
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("not a path: " + e.getReason(), e);
    }
    throw new IllegalArgumentException("not a path");
  }
}
