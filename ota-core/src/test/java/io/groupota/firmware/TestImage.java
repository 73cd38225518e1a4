package io.groupota.firmware;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Random;

/** Writes small application images the way the build tools do, apart from the code under test. */
final class TestImage {
  static final int MAGIC_OF_DESCRIPTOR = 0xABCD5432;

  private int chip;
  private int[] lengths = {512, 128, 0, 76};
  private boolean digest = true;
  private String project = "cooling";
  private String version = "1.2.7";
  private String idf = "v4.4.4";

  TestImage chip(int id) {
    chip = id;
    return this;
  }

  TestImage segments(int... segmentLengths) {
    lengths = segmentLengths;
    return this;
  }

  TestImage digest(boolean appended) {
    digest = appended;
    return this;
  }

  TestImage texts(String projectName, String versionName, String idfVersion) {
    project = projectName;
    version = versionName;
    idf = idfVersion;
    return this;
  }

  byte[] build() {
    ByteBuffer image = ByteBuffer.allocate(size()).order(ByteOrder.LITTLE_ENDIAN);
    image.put((byte) 0xE9).put((byte) lengths.length).put((byte) 2).put((byte) 0x20);
    image.putInt(0x40083400);
    image.putShort(12, (short) chip).put(23, (byte) (digest ? 1 : 0)).position(24);
    Random random = new Random(lengths.length);
    byte checksum = (byte) 0xEF;
    for (int i = 0; i < lengths.length; i++) {
      byte[] data = new byte[lengths[i]];
      random.nextBytes(data);
      if (i == 0 && data.length >= 256) {
        describe(data);
      }
      image.putInt(0x3F400020 + i * 0x10000).putInt(data.length).put(data);
      for (byte value : data) {
        checksum ^= value;
      }
    }
    image.position(image.position() | 15).put(checksum);
    if (digest) {
      image.put(sha256(Arrays.copyOf(image.array(), image.position())));
    }
    return image.array();
  }

  /** The image followed by 0xFF up to a sector boundary and a signature sector. */
  static byte[] signed(byte[] image) {
    int boundary = (image.length + 4095) / 4096 * 4096;
    byte[] signed = Arrays.copyOf(image, boundary + 4096);
    Arrays.fill(signed, image.length, boundary, (byte) 0xFF);
    for (int i = boundary; i < signed.length; i++) {
      signed[i] = (byte) (i * 31);
    }
    signed[boundary] = (byte) 0xE7;
    return signed;
  }

  static byte[] append(byte[] image, int... bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(image);
    for (int value : bytes) {
      out.write(value);
    }
    return out.toByteArray();
  }

  static byte[] latin1(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private int size() {
    int end = 24 + Arrays.stream(lengths).map(length -> 8 + length).sum();
    return (end | 15) + 1 + (digest ? 32 : 0);
  }

  private void describe(byte[] data) {
    ByteBuffer descriptor = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    descriptor.putInt(MAGIC_OF_DESCRIPTOR);
    descriptor.put(16, padded(version)).put(48, padded(project)).put(112, padded(idf));
  }

  private static byte[] padded(String text) {
    return Arrays.copyOf(latin1(text), 32);
  }
}
