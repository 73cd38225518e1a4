package io.groupota.firmware;

/** Names what a file is that is no ESP32 image, by its first bytes: users mix these up. */
final class ForeignFile {
  /** How many bytes the naming looks at, if the file has so many. */
  static final int NAMED_BY = 4;

  private ForeignFile() {}

  /** Why a file is refused whose first byte is not the image magic. */
  static String reason(byte[] head, int length) {
    if (startsWith(head, length, 0x7F, 'E', 'L', 'F')) {
      return "this is an ELF file, upload the firmware.bin that the build made of it";
    }
    if (startsWith(head, length, ':') && (length < 2 || isHexDigit(head[1]))) {
      return "this is an Intel HEX file, upload the firmware.bin instead";
    }
    if (startsWith(head, length, 0x1F, 0x8B)) {
      return "this is a gzip file, upload the firmware.bin unpacked";
    }
    if (startsWith(head, length, 'P', 'K', 0x03, 0x04)
        || startsWith(head, length, 'P', 'K', 5, 6)) {
      return "this is a zip file, upload the firmware.bin unpacked";
    }
    if (startsWith(head, length, 'U', 'F', '2', '\n')) {
      return "this is a UF2 file, upload the firmware.bin instead";
    }
    if (startsWith(head, length, 0xAA, 0x50)) {
      return "this is a partition table, upload the firmware.bin instead";
    }
    if (startsWith(head, length, 0xEA)) {
      return "this looks like an ESP8266 image, only ESP32 application images are supported";
    }
    if (startsWith(head, length, 0xFF)) {
      return "it begins with 0xFF fill: this looks like a merged (factory) image, upload the"
          + " firmware.bin instead";
    }
    return String.format(
        "no ESP32 application image: the first byte is 0x%02X, not 0xE9", head[0] & 0xFF);
  }

  private static boolean isHexDigit(byte character) {
    return Character.digit(character, 16) >= 0;
  }

  private static boolean startsWith(byte[] head, int length, int... magic) {
    if (length < magic.length) {
      return false;
    }
    for (int i = 0; i < magic.length; i++) {
      if ((head[i] & 0xFF) != magic[i]) {
        return false;
      }
    }
    return true;
  }
}
