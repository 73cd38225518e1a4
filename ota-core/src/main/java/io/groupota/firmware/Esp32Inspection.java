package io.groupota.firmware;

import io.groupota.FirmwareRejectedException;
import io.groupota.spi.FirmwareInspector;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Walks through one file, part by part. Small parts are collected in a block and judged when they
 * are complete; the data of the segments, nearly all of a file, passes through in bulk.
 */
final class Esp32Inspection implements FirmwareInspector.Inspection {
  private static final int MAGIC = 0xE9;
  private static final int HEADER_SIZE = 24;
  private static final int MAX_SEGMENTS = 16;
  private static final int SEGMENT_HEADER_SIZE = 8;

  /** The boot loader refuses a segment of 16 MiB, so that at most 256 MiB come together. */
  private static final int SEGMENT_LIMIT = 16 << 20;

  private static final int CHECKSUM_BLOCK = 16;
  private static final int DIGEST_SIZE = 32;
  private static final int SECTOR = 4096;
  private static final int SIGNATURE_MAGIC = 0xE7;

  /** The parts of a file, in their order. */
  private enum Part {
    MAGIC,
    FOREIGN,
    HEADER,
    SEGMENT_HEADER,
    DESCRIPTOR_MAGIC,
    DESCRIPTOR,
    DATA,
    CHECKSUM,
    DIGEST,
    TAIL,
    SIGNATURE
  }

  private final byte[] block = new byte[AppDescriptor.SIZE];
  private final ByteBuffer fields = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
  private final XorChecksum checksum = new XorChecksum();

  /** Of the bytes so far: of the image when its checksum is read, of the file at its end. */
  private final MessageDigest sha256;

  private final boolean copyable;

  private Part part = Part.MAGIC;

  /** How many bytes of the file were taken. */
  private long position;

  /** How many bytes of the block are filled, and how many it takes to judge it. */
  private int filled;

  private int needed = 1;

  /** How many bytes of a part that is not collected are to come. */
  private int remaining;

  private int segments;

  /** The segment that is being read, from 1. */
  private int segment;

  private boolean digestAppended;
  private boolean signed;
  private String chip = "";
  private String imageDigest = "";
  private @Nullable AppDescriptor descriptor;
  private @Nullable FirmwareRejectedException verdict;

  Esp32Inspection(MessageDigest sha256) {
    this.sha256 = sha256;
    this.copyable = sha256 instanceof Cloneable;
  }

  @Override
  public void accept(byte[] buffer, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    refuseAgain();
    int at = offset;
    int end = offset + length;
    while (at < end) {
      at += take(buffer, at, end - at);
    }
  }

  @Override
  public Optional<ImageInfo> finish() {
    refuseAgain();
    AppDescriptor read = descriptor;
    if (part != Part.TAIL || read == null) {
      throw cutShort();
    }
    return Optional.of(
        new ImageInfo(chip, read.project(), read.version(), read.idfVersion(), imageDigest));
  }

  @Override
  public Optional<MessageDigest> sha256() {
    return copyable ? Optional.of(sha256) : Optional.empty();
  }

  /** Takes some of the bytes, at least one, and tells how many. */
  private int take(byte[] buffer, int at, int available) {
    return switch (part) {
      case DATA -> takeData(buffer, at, available);
      case TAIL -> takeTail(buffer, at, available);
      case SIGNATURE -> takeSignature(buffer, at, available);
      default -> collect(buffer, at, available);
    };
  }

  private int takeData(byte[] buffer, int at, int available) {
    int taken = Math.min(available, remaining);
    checksum.update(buffer, at, taken);
    pass(buffer, at, taken);
    remaining -= taken;
    if (remaining == 0) {
      endSegment();
    }
    return taken;
  }

  private int takeTail(byte[] buffer, int at, int available) {
    for (int i = 0; i < available; i++) {
      int value = buffer[at + i] & 0xFF;
      if (value == 0x00 || value == 0xFF) {
        continue;
      }
      if (value == SIGNATURE_MAGIC && !signed && (position + i) % SECTOR == 0) {
        signed = true;
        remaining = SECTOR;
        part = Part.SIGNATURE;
        pass(buffer, at, i);
        return i + takeSignature(buffer, at + i, available - i);
      }
      throw reject(
          String.format("foreign bytes after the end of the image, the first is 0x%02X", value),
          position + i);
    }
    pass(buffer, at, available);
    return available;
  }

  private int takeSignature(byte[] buffer, int at, int available) {
    int taken = Math.min(available, remaining);
    pass(buffer, at, taken);
    remaining -= taken;
    if (remaining == 0) {
      part = Part.TAIL;
    }
    return taken;
  }

  private int collect(byte[] buffer, int at, int available) {
    int taken = Math.min(available, needed - filled);
    System.arraycopy(buffer, at, block, filled, taken);
    pass(buffer, at, taken);
    filled += taken;
    if (filled == needed) {
      judge();
    }
    return taken;
  }

  private void judge() {
    switch (part) {
      case MAGIC -> judgeMagic();
      case FOREIGN -> throw reject(ForeignFile.reason(block, filled), 0);
      case HEADER -> judgeHeader();
      case SEGMENT_HEADER -> judgeSegmentHeader();
      case DESCRIPTOR_MAGIC -> judgeDescriptorMagic();
      case DESCRIPTOR -> judgeDescriptor();
      case CHECKSUM -> judgeChecksum();
      case DIGEST -> judgeDigest();
      default -> throw new IllegalStateException(part + " is not collected");
    }
  }

  private void judgeMagic() {
    if ((block[0] & 0xFF) == MAGIC) {
      collectUpTo(HEADER_SIZE, Part.HEADER);
    } else {
      collectUpTo(ForeignFile.NAMED_BY, Part.FOREIGN);
    }
  }

  private void judgeHeader() {
    segments = block[1] & 0xFF;
    if (segments < 1 || segments > MAX_SEGMENTS) {
      throw reject("the header names " + segments + " segments instead of 1 to " + MAX_SEGMENTS, 1);
    }
    int chipId = fields.getShort(12) & 0xFFFF;
    chip =
        Esp32Chip.of(chipId)
            .map(Esp32Chip::label)
            .orElseThrow(() -> reject("built for an unknown chip, its id is " + chipId, 12));
    if (block[23] != 0 && block[23] != 1) {
      throw reject(
          String.format(
              "the header must say with 0 or 1 if a SHA-256 is appended, it says %d",
              block[23] & 0xFF),
          23);
    }
    digestAppended = block[23] == 1;
    startSegment();
  }

  private void judgeSegmentHeader() {
    long lengthAt = position - Integer.BYTES;
    long address = fields.getInt(0) & 0xFFFFFFFFL;
    long length = fields.getInt(4) & 0xFFFFFFFFL;
    if (length % Integer.BYTES != 0) {
      throw reject(segmentName() + " is " + length + " bytes long, no multiple of 4", lengthAt);
    }
    if (length >= SEGMENT_LIMIT) {
      throw reject(segmentName() + " is " + length + " bytes long, 16 MiB or more", lengthAt);
    }
    if (address + length > 1L << 32) {
      throw reject(segmentName() + " passes the end of the address space", lengthAt - 4);
    }
    remaining = (int) length;
    if (segment == 1) {
      if (length < AppDescriptor.SIZE) {
        throw noDescriptor();
      }
      collectAnew(AppDescriptor.MAGIC_SIZE, Part.DESCRIPTOR_MAGIC);
    } else if (remaining == 0) {
      endSegment();
    } else {
      part = Part.DATA;
    }
  }

  private void judgeDescriptorMagic() {
    if (!AppDescriptor.beginsWithMagic(block)) {
      throw noDescriptor();
    }
    collectUpTo(AppDescriptor.SIZE, Part.DESCRIPTOR);
  }

  private void judgeDescriptor() {
    descriptor = AppDescriptor.read(block);
    checksum.update(block, 0, AppDescriptor.SIZE);
    remaining -= AppDescriptor.SIZE;
    part = Part.DATA;
    if (remaining == 0) {
      endSegment();
    }
  }

  private void judgeChecksum() {
    int last = needed - 1;
    for (int i = 0; i < last; i++) {
      if (block[i] != 0 && block[i] != (byte) 0xFF) {
        throw reject(
            String.format("a foreign byte 0x%02X in the padding of the checksum", block[i] & 0xFF),
            position - needed + i);
      }
    }
    int found = block[last] & 0xFF;
    if (found != checksum.value()) {
      throw reject(
          String.format(
              "the checksum is 0x%02X, that of the data is 0x%02X: the file is damaged",
              found, checksum.value()),
          position - 1);
    }
    imageDigest = HexFormat.of().formatHex(digestSoFar());
    if (digestAppended) {
      collectAnew(DIGEST_SIZE, Part.DIGEST);
    } else {
      part = Part.TAIL;
    }
  }

  private void judgeDigest() {
    if (!HexFormat.of().formatHex(block, 0, DIGEST_SIZE).equals(imageDigest)) {
      throw reject(
          "the appended SHA-256 is not that of the image: the file is damaged",
          position - DIGEST_SIZE);
    }
    part = Part.TAIL;
  }

  private void startSegment() {
    segment++;
    collectAnew(SEGMENT_HEADER_SIZE, Part.SEGMENT_HEADER);
  }

  private void endSegment() {
    if (segment < segments) {
      startSegment();
    } else {
      int intoBlock = (int) (position % CHECKSUM_BLOCK);
      collectAnew(CHECKSUM_BLOCK - intoBlock, Part.CHECKSUM);
    }
  }

  /** Goes on with a part of which the block holds the beginning already. */
  private void collectUpTo(int size, Part next) {
    needed = size;
    part = next;
  }

  private void collectAnew(int size, Part next) {
    filled = 0;
    collectUpTo(size, next);
  }

  private String segmentName() {
    return "segment " + segment + " of " + segments;
  }

  private FirmwareRejectedException noDescriptor() {
    return reject(
        "no application descriptor: this looks like a bootloader, or a merged (factory) image that"
            + " begins with one; upload the firmware.bin instead",
        HEADER_SIZE + SEGMENT_HEADER_SIZE);
  }

  /** Why the file cannot end here. */
  private FirmwareRejectedException cutShort() {
    int missing = needed - filled;
    return switch (part) {
      case MAGIC -> reject("the file is empty", 0);
      case FOREIGN -> reject(ForeignFile.reason(block, filled), 0);
      case HEADER -> cutShort(missing, "the image header");
      case SEGMENT_HEADER -> cutShort(missing, "the header of " + segmentName());
      case DESCRIPTOR_MAGIC, DESCRIPTOR ->
          cutShort(AppDescriptor.SIZE - filled, "the application descriptor");
      case CHECKSUM -> cutShort(missing, "the checksum and its padding");
      case DIGEST -> cutShort(missing, "the appended SHA-256");
      case SIGNATURE -> cutShort(remaining, "the signature sector");
      case DATA, TAIL -> cutShort(remaining, "the data of " + segmentName());
    };
  }

  private FirmwareRejectedException cutShort(int missing, String where) {
    String bytes = missing == 1 ? "1 byte" : missing + " bytes";
    return reject("the file is cut short, " + bytes + " of " + where + " missing", position);
  }

  private void refuseAgain() {
    FirmwareRejectedException rejected = verdict;
    if (rejected != null) {
      throw rejected;
    }
  }

  private FirmwareRejectedException reject(String reason, long offset) {
    FirmwareRejectedException rejected = new FirmwareRejectedException(reason, offset);
    verdict = rejected;
    return rejected;
  }

  private void pass(byte[] buffer, int at, int taken) {
    sha256.update(buffer, at, taken);
    position += taken;
  }

  /** Some providers have digests that cannot be copied; then this one ends with the image. */
  private byte[] digestSoFar() {
    try {
      MessageDigest soFar = copyable ? (MessageDigest) sha256.clone() : sha256;
      return soFar.digest();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("A SHA-256 that says it can be copied cannot", e);
    }
  }
}
