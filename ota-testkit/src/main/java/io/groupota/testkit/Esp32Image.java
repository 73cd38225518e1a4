package io.groupota.testkit;

import io.groupota.firmware.FirmwareSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A valid ESP32 application image that is made up: the same builder calls give the same bytes on
 * every machine, another seed gives other bytes. Nothing is held in memory but the headers, so an
 * image may be as large as a format allows (just under 256 MiB).
 *
 * <p>Immutable and thread-safe; every {@link #open()} starts again at the first byte. An image can
 * also be handed out {@linkplain #flipped(long) damaged}, {@linkplain #cut(long) cut short} or
 * {@linkplain #followedBy(byte[]) with foreign bytes at its end}.
 */
public final class Esp32Image implements FirmwareSource {
  private final List<Overlay> overlays;
  private final long seed;
  private final long size;
  private final String sha256;

  Esp32Image(List<Overlay> overlays, long seed, long size, String sha256) {
    this.overlays = overlays;
    this.seed = seed;
    this.size = size;
    this.sha256 = sha256;
  }

  /** The chips that an image can be made for. */
  public enum Chip {
    /** ESP32. */
    ESP32(0),
    /** ESP32-S2. */
    ESP32_S2(2),
    /** ESP32-C3. */
    ESP32_C3(5),
    /** ESP32-S3. */
    ESP32_S3(9),
    /** ESP32-C2. */
    ESP32_C2(12),
    /** ESP32-C6. */
    ESP32_C6(13),
    /** ESP32-H2. */
    ESP32_H2(16),
    /** ESP32-P4. */
    ESP32_P4(18);

    private final int id;

    Chip(int id) {
      this.id = id;
    }

    /**
     * The number of the chip in an image header.
     *
     * @return the id
     */
    public int id() {
      return id;
    }
  }

  /**
   * Begins with an image of 64 KiB for the ESP32 with an appended SHA-256 and without a signature.
   *
   * @return a builder, not thread-safe
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The length of the file.
   *
   * @return bytes
   */
  public long size() {
    return size;
  }

  /**
   * The digest by which a device that runs this image is known: the one that ends the image, or
   * that of the image if none is appended. The signature is not part of it.
   *
   * @return 64 lower-case hexadecimal digits
   */
  public String sha256() {
    return sha256;
  }

  @Override
  public InputStream open() {
    return new ImageStream(overlays, seed, size);
  }

  /**
   * The whole file in memory. For small images.
   *
   * @return a new array
   * @throws OutOfMemoryError if it does not fit
   */
  public byte[] bytes() {
    try (InputStream in = open()) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The file with one bit flipped.
   *
   * @param offset the byte in which the lowest bit is flipped, 0 to size - 1
   * @return the damaged file
   * @throws IndexOutOfBoundsException if the file has no such byte
   */
  public FirmwareSource flipped(long offset) {
    checkInside(offset, size);
    byte[] one = new byte[1];
    new ImageStream(overlays, seed, size).fill(offset, one, 0, 1);
    one[0] ^= 1;
    return changed(new Overlay(offset, one), size);
  }

  /**
   * The beginning of the file.
   *
   * @param length how many bytes to keep, 0 to size - 1
   * @return the file that is cut short
   * @throws IndexOutOfBoundsException if there is nothing to cut
   */
  public FirmwareSource cut(long length) {
    checkInside(length, size);
    return () -> new ImageStream(overlays, seed, length);
  }

  /**
   * The file with bytes after its end.
   *
   * @param bytes the foreign bytes
   * @return the longer file
   */
  public FirmwareSource followedBy(byte[] bytes) {
    return changed(new Overlay(size, bytes.clone()), size + bytes.length);
  }

  private FirmwareSource changed(Overlay change, long newSize) {
    List<Overlay> all = new ArrayList<>(overlays);
    all.add(change);
    return () -> new ImageStream(all, seed, newSize);
  }

  private static void checkInside(long offset, long size) {
    if (offset < 0 || offset >= size) {
      throw new IndexOutOfBoundsException("Offset " + offset + " of an image of " + size);
    }
  }

  /** Collects what an image is to say of itself. Not thread-safe. */
  public static final class Builder {
    Chip chip = Chip.ESP32;
    String project = "cooling";
    String version = "1.2.7";
    String idfVersion = "v4.4.4";
    long size = 65_536;
    long seed = 1;
    boolean digest = true;
    boolean signature;

    Builder() {}

    /**
     * The chip it is for. Default: ESP32.
     *
     * @param chip the chip
     * @return this
     */
    public Builder chip(Chip chip) {
      this.chip = chip;
      return this;
    }

    /**
     * The project name. Default: {@code cooling}.
     *
     * @param project the name, cut at 32 bytes
     * @return this
     */
    public Builder project(String project) {
      this.project = project;
      return this;
    }

    /**
     * The embedded version. Default: {@code 1.2.7}.
     *
     * @param version the version, cut at 32 bytes
     * @return this
     */
    public Builder version(String version) {
      this.version = version;
      return this;
    }

    /**
     * The version of ESP-IDF. Default: {@code v4.4.4}.
     *
     * @param idfVersion the version, cut at 32 bytes
     * @return this
     */
    public Builder idfVersion(String idfVersion) {
      this.idfVersion = idfVersion;
      return this;
    }

    /**
     * The length of the whole file. Default: 64 KiB.
     *
     * @param size bytes; rounded up to the next length that an image can have (a multiple of 16,
     *     some 300 at least; with a signature a multiple of 4,096)
     * @return this
     */
    public Builder size(long size) {
      this.size = size;
      return this;
    }

    /**
     * What the made-up data depends on. Default: 1.
     *
     * @param seed any number
     * @return this
     */
    public Builder seed(long seed) {
      this.seed = seed;
      return this;
    }

    /**
     * Whether a SHA-256 is appended. Default: true.
     *
     * @param digest whether
     * @return this
     */
    public Builder digest(boolean digest) {
      this.digest = digest;
      return this;
    }

    /**
     * Whether a Secure Boot V2 signature sector follows, with a made-up signature. Default: false.
     *
     * @param signature whether
     * @return this
     */
    public Builder signature(boolean signature) {
      this.signature = signature;
      return this;
    }

    /**
     * Lays the image out and computes its checksum and its digest: one pass over all bytes.
     *
     * @return the image
     * @throws IllegalArgumentException if the size is more than the format allows
     */
    public Esp32Image build() {
      return new ImageLayout(this).image();
    }
  }
}
