package io.groupota.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.FirmwareRejectedException;
import io.groupota.firmware.Esp32ImageInspector;
import io.groupota.firmware.FirmwareSource;
import io.groupota.firmware.ImageInfo;
import io.groupota.spi.FirmwareInspector.Inspection;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class Esp32ImageTest {
  private static ImageInfo inspect(FirmwareSource source) throws IOException {
    Inspection inspection = Esp32ImageInspector.strict().start();
    byte[] buffer = new byte[65_536];
    try (InputStream in = source.open()) {
      for (int count = in.read(buffer); count > 0; count = in.read(buffer)) {
        inspection.accept(buffer, 0, count);
      }
    }
    return inspection.finish().orElseThrow();
  }

  private static byte[] read(FirmwareSource source) throws IOException {
    try (InputStream in = source.open()) {
      return in.readAllBytes();
    }
  }

  @Test
  void saysOfItselfWhatItWasBuiltWith() throws IOException {
    Esp32Image image =
        Esp32Image.builder().project("heating").version("2.3.6").idfVersion("v5.1").build();

    assertThat(inspect(image))
        .isEqualTo(new ImageInfo("ESP32", "heating", "2.3.6", "v5.1", image.sha256()));
  }

  @ParameterizedTest
  @EnumSource(Esp32Image.Chip.class)
  void isValidForEveryChip(Esp32Image.Chip chip) throws IOException {
    String name = chip.name().replace('_', '-');

    assertThat(inspect(Esp32Image.builder().chip(chip).size(400).build()).chip()).isEqualTo(name);
  }

  @ParameterizedTest
  @CsvSource({
    "true,false,16",
    "false,false,16",
    "true,true,4096",
    "false,true,4096",
  })
  void isValidAtEverySizeAndAsLongAsAsked(boolean digest, boolean signature, int step)
      throws IOException {
    for (int size = 0; size < 9_000; size += 97) {
      Esp32Image image =
          Esp32Image.builder().size(size).seed(size).digest(digest).signature(signature).build();

      assertThat(inspect(image).sha256()).as("size %d", size).isEqualTo(image.sha256());
      assertThat(image.bytes()).hasSize((int) image.size());
      assertThat(image.size()).isGreaterThanOrEqualTo(size).isLessThan(size + step + 8192L);
      if (size >= 8192 || (!signature && size > 400)) {
        assertThat(image.size()).isLessThan(size + step + 1L);
      }
    }
  }

  @Test
  void isReproducibleBySeed() {
    byte[] first = Esp32Image.builder().seed(7).build().bytes();

    assertThat(Esp32Image.builder().seed(7).build().bytes()).isEqualTo(first);
    assertThat(Esp32Image.builder().seed(8).build().bytes()).isNotEqualTo(first);
  }

  @Test
  void readsTheSameInPiecesOfAnySize() throws IOException {
    Esp32Image image = Esp32Image.builder().size(2_000).signature(true).build();
    byte[] whole = image.bytes();
    byte[] pieces = new byte[whole.length];

    try (InputStream in = image.open()) {
      int at = 0;
      for (int size = 0; at < pieces.length; size = (size + 1) % 61) {
        if (size == 0) {
          pieces[at++] = (byte) in.read();
        } else {
          at += in.read(pieces, at, Math.min(size, pieces.length - at));
        }
      }
      assertThat(in.read()).isEqualTo(-1);
    }

    assertThat(pieces).isEqualTo(whole);
  }

  @Test
  void damagesAreWhereTheyWereAsked() throws IOException {
    Esp32Image image = Esp32Image.builder().size(1_000).build();
    byte[] whole = image.bytes();
    byte[] flipped = whole.clone();
    flipped[700] ^= 1;

    assertThat(read(image.flipped(700))).isEqualTo(flipped);
    assertThat(read(image.cut(700))).isEqualTo(Arrays.copyOf(whole, 700));
    assertThat(read(image.followedBy(new byte[] {1, 2})))
        .startsWith(whole)
        .endsWith(1, 2)
        .hasSize(whole.length + 2);
    assertThat(image.bytes()).isEqualTo(whole);
  }

  @Test
  void damagedImagesAreRejected() {
    Esp32Image image = Esp32Image.builder().size(1_000).build();

    assertThatThrownBy(() -> inspect(image.flipped(700)))
        .isInstanceOf(FirmwareRejectedException.class);
    assertThatThrownBy(() -> inspect(image.cut(700))).hasMessageContaining("at offset 700");
    assertThatThrownBy(() -> inspect(image.followedBy(new byte[] {0, 7})))
        .hasMessageContaining("at offset " + (image.size() + 1));
  }

  @Test
  void refusesWhatNoImageHas() {
    assertThatThrownBy(() -> Esp32Image.builder().size(300L << 20).build())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Esp32Image.builder().build().flipped(1L << 40))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> Esp32Image.builder().build().cut(-1))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void streamsAsManyBytesAsFlashCanHold() throws IOException {
    Esp32Image image = Esp32Image.builder().size(256_000_000).build();

    assertThat(image.size()).isBetween(256_000_000L, 256_000_016L);
    assertThat(inspect(image).sha256()).isEqualTo(image.sha256());
  }
}
