package io.groupota.firmware;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.FirmwareRejectedException;
import io.groupota.spi.FirmwareInspector.Inspection;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.NotEmpty;
import net.jqwik.api.constraints.Size;

class Esp32ImageInspectorProperties {
  /** What an inspection says of a file: what it read, or why it rejects it. */
  private static String verdict(byte[] file, List<Integer> chunks) {
    Inspection inspection = Esp32ImageInspector.strict().start();
    try {
      byte[] shifted = new byte[file.length + 3];
      System.arraycopy(file, 0, shifted, 3, file.length);
      for (int at = 0, i = 0; at < file.length; i++) {
        int length = Math.min(chunks.get(i % chunks.size()), file.length - at);
        inspection.accept(shifted, at + 3, length);
        at += length;
      }
      return inspection.finish().orElseThrow().toString();
    } catch (FirmwareRejectedException e) {
      return e.getMessage();
    }
  }

  @Property(tries = 500)
  void anyChunkingGivesTheSameVerdict(
      @ForAll("files") byte[] file,
      @ForAll @NotEmpty @Size(max = 20) List<@IntRange(min = 1, max = 300) Integer> chunks) {
    assertThat(verdict(file, chunks)).isEqualTo(verdict(file, List.of(Integer.MAX_VALUE)));
  }

  @Provide
  Arbitrary<byte[]> files() {
    byte[] image = new TestImage().build();
    Arbitrary<byte[]> images =
        Arbitraries.integers()
            .between(0, 60)
            .list()
            .ofMinSize(1)
            .ofMaxSize(8)
            .map(
                words -> {
                  int[] lengths = words.stream().mapToInt(word -> 4 * word).toArray();
                  lengths[0] += 256;
                  return new TestImage().segments(lengths).digest(lengths[0] % 8 == 0).build();
                });
    Arbitrary<byte[]> damaged =
        Arbitraries.integers().between(0, image.length * 8 - 1).map(bit -> flipped(image, bit));
    Arbitrary<byte[]> signed = images.map(TestImage::signed);
    Arbitrary<byte[]> foreign = images.map(bytes -> TestImage.append(bytes, 0, 0xFF, 7));
    Arbitrary<byte[]> others =
        Arbitraries.of("PK\3\4x", "PK", "\u007fELF", ":10", "\n").map(TestImage::latin1);
    return Arbitraries.oneOf(images, damaged, signed, foreign, others);
  }

  @Property(tries = 2_000)
  void nothingButARejectionComesOutOfRandomBytes(@ForAll byte[] file) {
    assertThat(verdict(file, List.of(1 + file.length / 3))).startsWith("Firmware rejected: ");
  }

  @Property(tries = 5_000)
  void nothingButARejectionComesOutOfADamagedImage(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 30) int damages) {
    Random random = new Random(seed);
    byte[] file = new TestImage().build();
    byte[] before = file.clone();
    for (int i = 0; i < damages; i++) {
      // Half of them in the first bytes, where a file says how it is to be read.
      int offset = random.nextInt(i % 2 == 0 ? 48 : file.length);
      file[offset] = (byte) random.nextInt();
    }
    file[40] = (byte) (before[40] + 1);

    assertThat(verdict(file, List.of(97))).startsWith("Firmware rejected: ");
  }

  private static byte[] flipped(byte[] image, int bit) {
    byte[] damaged = image.clone();
    damaged[bit / 8] ^= (byte) (1 << bit % 8);
    return damaged;
  }
}
