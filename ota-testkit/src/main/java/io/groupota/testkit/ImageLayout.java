package io.groupota.testkit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** Decides where the parts of an image are and computes what depends on all of them. */
final class ImageLayout {
  private static final int HEADER = 24;
  private static final int SEGMENT_HEADER = 8;
  private static final int DESCRIPTOR = 256;
  private static final int DIGEST = 32;
  private static final int SECTOR = 4096;
  private static final int MAX_SEGMENTS = 16;
  private static final int SEGMENTS = 4;
  private static final long LONGEST_SEGMENT = (16 << 20) - 4;

  private final Esp32Image.Builder wanted;
  private final List<Overlay> overlays = new ArrayList<>();

  /** Offsets and lengths of the data of the segments. */
  private final long[] starts;

  private final int[] lengths;

  ImageLayout(Esp32Image.Builder wanted) {
    this.wanted = wanted;
    long unsigned = wanted.size;
    if (wanted.signature) {
      // Leaves some fill before the sector, as a real image has.
      unsigned = (wanted.size - 1) / SECTOR * SECTOR - 64;
    }
    int segments = SEGMENTS;
    while (segments < MAX_SEGMENTS && data(unsigned, segments) > segments * LONGEST_SEGMENT) {
      segments++;
    }
    long data = data(unsigned, segments);
    if (data > segments * LONGEST_SEGMENT) {
      throw new IllegalArgumentException("No image can have " + wanted.size + " bytes");
    }
    lengths = lengths(data, segments);
    starts = new long[segments];
    long at = HEADER;
    for (int i = 0; i < segments; i++) {
      starts[i] = at + SEGMENT_HEADER;
      at = starts[i] + lengths[i];
    }
  }

  /** How many bytes of data make an image of at least a size. */
  private long data(long size, int segments) {
    long headers = HEADER + (long) SEGMENT_HEADER * segments;
    long end = (size - (wanted.digest ? DIGEST : 0) + 15) / 16 * 16;
    long most = (end - 1 - headers) / 4 * 4;
    // The padding of the checksum differs from seed to seed.
    return Math.max(DESCRIPTOR, most - 4 * Math.floorMod(wanted.seed, 4L));
  }

  private static int[] lengths(long data, int segments) {
    int[] lengths = new int[segments];
    long even = (data + 4L * segments - 1) / (4L * segments) * 4;
    lengths[0] = (int) Math.max(DESCRIPTOR, even);
    long left = data - lengths[0];
    for (int i = 1; i < segments; i++) {
      lengths[i] = (int) (i == segments - 1 ? left : Math.min(left, even));
      left -= lengths[i];
    }
    return lengths;
  }

  Esp32Image image() {
    overlays.add(new Overlay(0, header()));
    for (int i = 0; i < lengths.length; i++) {
      overlays.add(new Overlay(starts[i] - SEGMENT_HEADER, segmentHeader(i)));
    }
    overlays.add(new Overlay(starts[0], descriptor()));
    int last = lengths.length - 1;
    long end = starts[last] + lengths[last];
    byte[] padded = new byte[16 - (int) (end % 16)];
    MessageDigest sha256 = sha256();
    padded[padded.length - 1] = digestAndChecksum(end, sha256);
    sha256.update(padded);
    byte[] digest = sha256.digest();
    overlays.add(new Overlay(end, padded));
    end += padded.length;
    if (wanted.digest) {
      overlays.add(new Overlay(end, digest));
      end += DIGEST;
    }
    if (wanted.signature) {
      end = sign(end);
    }
    return new Esp32Image(
        List.copyOf(overlays), wanted.seed, end, HexFormat.of().formatHex(digest));
  }

  private long sign(long end) {
    byte[] fill = new byte[(int) (SECTOR - end % SECTOR) % SECTOR];
    Arrays.fill(fill, (byte) 0xFF);
    overlays.add(new Overlay(end, fill));
    long sector = end + fill.length;
    overlays.add(new Overlay(sector, new byte[] {(byte) 0xE7, 2, 0, 0}));
    return sector + SECTOR;
  }

  /** Hashes the image up to the end of its data and returns the checksum of the data. */
  private byte digestAndChecksum(long end, MessageDigest sha256) {
    ImageStream image = new ImageStream(overlays, wanted.seed, end);
    byte[] buffer = new byte[8192];
    for (long at = 0; at < end; at += buffer.length) {
      int count = (int) Math.min(buffer.length, end - at);
      image.fill(at, buffer, 0, count);
      sha256.update(buffer, 0, count);
    }
    byte checksum = (byte) 0xEF;
    for (int i = 0; i < starts.length; i++) {
      for (int done = 0; done < lengths[i]; done += buffer.length) {
        int count = Math.min(buffer.length, lengths[i] - done);
        image.fill(starts[i] + done, buffer, 0, count);
        for (int k = 0; k < count; k++) {
          checksum ^= buffer[k];
        }
      }
    }
    return checksum;
  }

  private byte[] header() {
    byte[] header = new byte[HEADER];
    ByteBuffer fields = littleEndian(header);
    fields.put((byte) 0xE9).put((byte) lengths.length).put((byte) 2).put((byte) 0x20);
    fields.putInt(0x40083400).put((byte) 0xEE);
    fields.putShort(12, (short) wanted.chip.id()).putShort(17, (short) 0xFFFF);
    fields.put(23, (byte) (wanted.digest ? 1 : 0));
    return header;
  }

  /** Flash is mapped in pages of 64 KiB, so that an address ends like its offset in the file. */
  private byte[] segmentHeader(int index) {
    int base = index == 0 ? 0x3F400000 : 0x400D0000;
    byte[] header = new byte[SEGMENT_HEADER];
    littleEndian(header).putInt(base + (int) (starts[index] & 0xFFFF)).putInt(lengths[index]);
    return header;
  }

  private byte[] descriptor() {
    byte[] descriptor = new byte[DESCRIPTOR];
    ByteBuffer fields = littleEndian(descriptor);
    fields.putInt(0, 0xABCD5432);
    put(fields, 16, wanted.version, 32);
    put(fields, 48, wanted.project, 32);
    put(fields, 80, "17:38:59", 16);
    put(fields, 96, "Jan 17 2020", 16);
    put(fields, 112, wanted.idfVersion, 32);
    fields.putLong(144, wanted.seed);
    return descriptor;
  }

  private static void put(ByteBuffer target, int offset, String text, int size) {
    target.put(offset, Arrays.copyOf(text.getBytes(StandardCharsets.UTF_8), size));
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
