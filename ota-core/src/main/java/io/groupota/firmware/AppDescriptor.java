package io.groupota.firmware;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The application descriptor that begins the first segment of an application image.
 *
 * @param version the version field
 * @param project the name of the project
 * @param idfVersion the version of ESP-IDF
 */
record AppDescriptor(String version, String project, String idfVersion) {
  static final int SIZE = 256;
  static final int MAGIC_SIZE = 4;
  private static final int MAGIC = 0xABCD5432;
  private static final int TEXT_SIZE = 32;

  /** Whether bytes begin with the magic of a descriptor. */
  static boolean beginsWithMagic(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(0) == MAGIC;
  }

  static AppDescriptor read(byte[] bytes) {
    return new AppDescriptor(text(bytes, 16), text(bytes, 48), text(bytes, 112));
  }

  /** The text ends at the first NUL or fills its field; a file can hold anything there. */
  private static String text(byte[] bytes, int start) {
    byte[] printable = new byte[TEXT_SIZE];
    int length = 0;
    for (; length < TEXT_SIZE && bytes[start + length] != 0; length++) {
      byte character = bytes[start + length];
      printable[length] = character >= ' ' && character <= '~' ? character : (byte) '?';
    }
    return new String(printable, 0, length, StandardCharsets.US_ASCII).trim();
  }
}
