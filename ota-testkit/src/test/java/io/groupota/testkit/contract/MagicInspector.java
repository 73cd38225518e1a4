package io.groupota.testkit.contract;

import io.groupota.FirmwareRejectedException;
import io.groupota.firmware.ImageInfo;
import io.groupota.spi.FirmwareInspector;
import java.util.Optional;

/** Accepts files that begin with 0xE9 and end with the xor of all bytes before. */
class MagicInspector implements FirmwareInspector {
  @Override
  public Inspection start() {
    return new Inspection() {
      private long size;
      private int xor;

      @Override
      public void accept(byte[] buffer, int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
          if (size == 0 && buffer[i] != (byte) 0xE9) {
            throw new FirmwareRejectedException("no magic", 0);
          }
          xor ^= buffer[i];
          size++;
        }
      }

      @Override
      public Optional<ImageInfo> finish() {
        if (size == 0 || xor != 0) {
          throw new FirmwareRejectedException("wrong checksum", size);
        }
        return Optional.of(new ImageInfo("ESP32", "size " + size, "", "", "0".repeat(64)));
      }
    };
  }

  /** A file that is accepted. */
  static byte[] file(int size) {
    byte[] file = new byte[size];
    file[0] = (byte) 0xE9;
    byte xor = file[0];
    for (int i = 1; i < size - 1; i++) {
      file[i] = (byte) (i * 31);
      xor ^= file[i];
    }
    file[size - 1] = xor;
    return file;
  }
}
