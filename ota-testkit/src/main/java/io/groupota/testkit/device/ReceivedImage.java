package io.groupota.testkit.device;

import io.groupota.FirmwareRejectedException;
import io.groupota.firmware.Esp32ImageInspector;
import io.groupota.firmware.ImageInfo;
import io.groupota.spi.FirmwareInspector;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a device keeps of a firmware while it is written to the flash: digests, not bytes. */
final class ReceivedImage {
  private static final int MAGIC = 0xE9;
  private static final int DIGEST = 32;

  private final MessageDigest md5 = md5();
  private final FirmwareInspector.@Nullable Inspection inspection;
  private final byte[] tail = new byte[DIGEST];
  private long received;
  private @Nullable FirmwareRejectedException rejected;

  ReceivedImage(boolean verify) {
    inspection = verify ? Esp32ImageInspector.strict().start() : null;
  }

  long received() {
    return received;
  }

  void accept(byte[] buffer, int length) throws IOException {
    if (received == 0 && (buffer[0] & 0xFF) != MAGIC) {
      throw new IOException(
          String.format("the first byte is 0x%02X, not the image magic", buffer[0] & 0xFF));
    }
    md5.update(buffer, 0, length);
    received += length;
    int kept = Math.min(length, DIGEST);
    System.arraycopy(tail, kept, tail, 0, DIGEST - kept);
    System.arraycopy(buffer, length - kept, tail, DIGEST - kept, kept);
    if (inspection != null && rejected == null) {
      try {
        inspection.accept(buffer, 0, length);
      } catch (FirmwareRejectedException e) {
        // The image is verified when it is complete, and after its MD5.
        rejected = e;
      }
    }
  }

  /** Verifies the whole image and returns the digest by which it is known. */
  String finish(Optional<String> expectedMd5) throws IOException {
    String actual = HexFormat.of().formatHex(md5.digest());
    if (expectedMd5.isPresent() && !expectedMd5.get().equals(actual)) {
      throw new IOException("the MD5 of the download differs from x-MD5");
    }
    if (inspection == null) {
      return HexFormat.of().formatHex(Arrays.copyOf(tail, DIGEST));
    }
    try {
      if (rejected != null) {
        throw rejected;
      }
      return inspection.finish().map(ImageInfo::sha256).orElse("");
    } catch (FirmwareRejectedException e) {
      throw new IOException("the image does not boot: " + e.getMessage(), e);
    }
  }

  private static MessageDigest md5() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has MD5", e);
    }
  }
}
