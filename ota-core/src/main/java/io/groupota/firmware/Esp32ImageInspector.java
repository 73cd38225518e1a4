package io.groupota.firmware;

import io.groupota.spi.FirmwareInspector;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Accepts ESP32 application images ({@code firmware.bin}) and nothing else. A file that is cut
 * short, damaged, followed by foreign bytes, or no application image at all fails on every device
 * of a group; it is refused here instead, with what is wrong and at which offset, as soon as the
 * bytes that show it have arrived.
 *
 * <p>What is checked: the image magic, the number of segments (1 to 16), the chip, every segment
 * header, the application descriptor that begins the first segment, the checksum, the appended
 * SHA-256 if the header announces one, and what follows the image: only padding (0x00 or 0xFF) and
 * one Secure Boot V2 signature sector, the signature of which is not verified. Without an appended
 * SHA-256 the checksum covers the data of the segments only: a flipped bit in a header may then go
 * unnoticed.
 *
 * <p>Thread-safe. An inspection takes constant memory, whatever the size of the file. Once it has
 * rejected a file, it answers every later call with the same exception.
 */
public final class Esp32ImageInspector implements FirmwareInspector {
  private static final Esp32ImageInspector STRICT = new Esp32ImageInspector();

  private Esp32ImageInspector() {}

  /**
   * The inspector that makes every check.
   *
   * @return the inspector
   */
  public static Esp32ImageInspector strict() {
    return STRICT;
  }

  /**
   * Begins with a new file.
   *
   * @return its inspection; {@link FirmwareInspector.Inspection#finish()} always returns what was
   *     read, it never returns empty
   */
  @Override
  public Inspection start() {
    return new Esp32Inspection(sha256());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
