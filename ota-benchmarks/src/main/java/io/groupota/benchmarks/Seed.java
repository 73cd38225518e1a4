package io.groupota.benchmarks;

import java.util.HexFormat;
import java.util.Random;

/**
 * Where made-up data comes from: the same seed, kind and number give the same data, on every
 * machine. Immutable.
 *
 * @param value any number
 */
record Seed(long value) {
  /** What an id is for; ids of two kinds differ. */
  enum Kind {
    OWNER,
    GROUP,
    UPDATE,
    RECORD,
    DEVICE
  }

  /** An id as MongoDB makes them: it begins with a time, which grows with the number. */
  String id(Kind kind, int number) {
    HexFormat hex = HexFormat.of();
    return hex.toHexDigits(0x5e000000 + number) + hex.toHexDigits(bits(kind, number));
  }

  /** A token of 16 characters. */
  String token(Kind kind, int number) {
    return HexFormat.of().toHexDigits(bits(kind, ~number));
  }

  Random random(String purpose) {
    return new Random(value ^ ((long) purpose.hashCode() << 32));
  }

  /** SplitMix64 (Steele, Lea, Flood 2014). */
  private long bits(Kind kind, int number) {
    long z = value + ((long) kind.name().hashCode() << 32) + number * 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
