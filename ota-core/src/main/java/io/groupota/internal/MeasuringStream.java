package io.groupota.internal;

import io.groupota.FirmwareTooLargeException;
import io.groupota.FirmwareUnreadableException;
import io.groupota.InvalidRequestException;
import io.groupota.firmware.Firmware;
import io.groupota.firmware.ImageInfo;
import io.groupota.spi.FirmwareInspector;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Passes a firmware on to the blob store while it measures and inspects it. Throws before the end
 * of the stream is reached when the file is to be refused, so that the store never makes it
 * visible. A failure of the source is told apart from one of the store by its type.
 */
final class MeasuringStream extends InputStream {
  private static final int PIECE = 64 << 10;

  private final InputStream source;
  private final long maxSize;
  private final FirmwareInspector.Inspection inspection;

  /** The slowest by far, MD5 takes as long as all the rest. */
  private final DigestBeside md5 = DigestBeside.of(digest("MD5"));

  /** The SHA-256 that the inspection works out; else it is worked out here. */
  private final Optional<MessageDigest> inspected;

  private final Optional<DigestBeside> sha256;
  private long size;

  private boolean ended;

  /** What the inspection said at the end. */
  private Optional<ImageInfo> image = Optional.empty();

  private @Nullable Firmware firmware;

  MeasuringStream(InputStream source, long maxSize, FirmwareInspector inspector) {
    this.source = source;
    this.maxSize = maxSize;
    this.inspection = inspector.start();
    this.inspected = inspection.sha256();
    this.sha256 =
        inspected.isPresent()
            ? Optional.empty()
            : Optional.of(DigestBeside.atFirst(digest("SHA-256")));
  }

  /**
   * What was measured, once the end of the stream was read. Asked for when the blob store is done:
   * digests that are behind go on while it forces the file to the disk.
   */
  Firmware firmware() {
    if (!ended) {
      throw new IllegalStateException("The blob store did not read the firmware to its end");
    }
    if (firmware == null) {
      byte[] sha =
          inspected.map(MessageDigest::digest).orElseGet(() -> sha256.orElseThrow().digest());
      HexFormat hex = HexFormat.of();
      firmware = new Firmware(size, hex.formatHex(md5.digest()), hex.formatHex(sha), image);
    }
    return firmware;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) {
    if (length == 0) {
      return 0;
    }
    if (ended) {
      return -1;
    }
    int read = readSource(buffer, offset, length);
    if (read < 0) {
      image = finish();
      ended = true;
      return -1;
    }
    size += read;
    if (size > maxSize) {
      throw new FirmwareTooLargeException(maxSize);
    }
    for (int at = 0; at < read; at += PIECE) {
      measure(buffer, offset + at, Math.min(PIECE, read - at));
    }
    return read;
  }

  private void measure(byte[] buffer, int offset, int length) {
    md5.update(buffer, offset, length);
    inspection.accept(buffer, offset, length);
    sha256.ifPresent(digest -> digest.update(buffer, offset, length));
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  private int readSource(byte[] buffer, int offset, int length) {
    try {
      int read = source.read(buffer, offset, length);
      while (read == 0) {
        read = source.read(buffer, offset, length);
      }
      return read;
    } catch (IOException e) {
      throw new FirmwareUnreadableException(e);
    }
  }

  private Optional<ImageInfo> finish() {
    if (size == 0) {
      throw new InvalidRequestException("firmware", "No file uploaded");
    }
    return inspection.finish();
  }

  private static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform must have " + algorithm, e);
    }
  }
}
