package io.groupota.firmware;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.groupota.FirmwareRejectedException;
import io.groupota.spi.FirmwareInspector.Inspection;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.NotEmpty;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.statistics.Statistics;
import net.jqwik.api.statistics.StatisticsReport;

/**
 * Files of every kind and degree of damage. How many: {@code jqwik.tries.default}, which the build
 * sets from {@code -Dota.fuzz}.
 */
class Esp32ImageInspectorFuzzTest {
  /** An inspection has a block, a digest and a verdict, with its stack trace and message. */
  private static final long MEMORY = 64 << 10;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

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

  private static boolean isAccepted(byte[] file) {
    return !verdict(file, List.of(97)).startsWith("Firmware rejected: ");
  }

  @Property(edgeCases = EdgeCasesMode.NONE)
  @StatisticsReport(StatisticsReport.StatisticsReportMode.OFF)
  void whatIsAcceptedIsExactlyWhatTheFormatAllows(@ForAll("files") byte[] file) {
    boolean image = new WholeFile(file).isImage();
    assertThat(isAccepted(file)).isEqualTo(image);
    // Else it would say little.
    Statistics.collect(image);
    Statistics.coverage(files -> files.check(true).percentage(share -> share > 10 && share < 90));
  }

  @Property(edgeCases = EdgeCasesMode.NONE)
  void anyChunkingGivesTheSameVerdict(
      @ForAll("files") byte[] file,
      @ForAll @NotEmpty @Size(max = 20) List<@IntRange(min = 1, max = 300) Integer> chunks) {
    assertThat(verdict(file, chunks)).isEqualTo(verdict(file, List.of(Integer.MAX_VALUE)));
  }

  @Property
  void nothingButARejectionComesOutOfRandomBytes(@ForAll byte[] file) {
    assertThat(verdict(file, List.of(1 + file.length / 3))).startsWith("Firmware rejected: ");
  }

  @Property(tries = 30)
  void theMemoryOfAnInspectionDoesNotDependOnTheFile(
      @ForAll @IntRange(max = 1 << 18) int words,
      @ForAll @IntRange(min = 1, max = 9_000) int chunk) {
    byte[] file = new TestImage().segments(256 + 4 * words, 8).build();
    // The first one loads classes.
    assertThat(isAccepted(file)).isTrue();
    long before = threads.getCurrentThreadAllocatedBytes();
    Inspection inspection = Esp32ImageInspector.strict().start();
    for (int at = 0; at < file.length; at += chunk) {
      inspection.accept(file, at, Math.min(chunk, file.length - at));
    }
    assertThat(inspection.finish()).isPresent();
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(MEMORY);
  }

  /** Images, whole and damaged; half of the damaged have a checksum and a digest that fit. */
  @Provide
  Arbitrary<byte[]> files() {
    Arbitrary<List<Damage>> damages =
        Combinators.combine(
                Arbitraries.of(Damage.Kind.values()),
                Arbitraries.doubles().between(0, 1),
                Arbitraries.integers().between(0, 255),
                Arbitraries.of(true, false))
            .as(Damage::new)
            .list()
            .ofMaxSize(4);
    Arbitrary<byte[]> damaged =
        Combinators.combine(images(), damages, Arbitraries.of(true, false))
            .as(Esp32ImageInspectorFuzzTest::damaged);
    Arbitrary<byte[]> others =
        Arbitraries.of("PK\3\4x", "PK", "\u007fELF", ":10", "\n").map(TestImage::latin1);
    return Arbitraries.frequencyOf(Tuple.of(30, damaged), Tuple.of(1, others));
  }

  private static Arbitrary<byte[]> images() {
    return Combinators.combine(
            Arbitraries.integers().between(0, 60).list().ofMinSize(1).ofMaxSize(16),
            Arbitraries.of(0, 2, 5, 9, 12, 13, 16, 18, 1, 99),
            Arbitraries.of(true, false),
            Arbitraries.integers().between(0, 5))
        .as(
            (words, chip, digest, signed) -> {
              int[] lengths = words.stream().mapToInt(word -> 4 * word).toArray();
              lengths[0] += 256;
              byte[] image = new TestImage().segments(lengths).chip(chip).digest(digest).build();
              return signed == 0 ? TestImage.signed(image) : image;
            });
  }

  private static byte[] damaged(byte[] image, List<Damage> damages, boolean repaired) {
    byte[] file = image;
    for (Damage damage : damages) {
      file = damage.to(file);
    }
    if (repaired) {
      new WholeFile(file).repair();
    }
    return file;
  }

  /**
   * What can happen to a file.
   *
   * @param where as a part of the file, of its first 64 bytes if it concerns the header
   */
  private record Damage(Kind kind, double where, int value, boolean header) {
    enum Kind {
      SET,
      FLIP,
      INSERT,
      REMOVE,
      CUT,
      APPEND,
      FILL
    }

    byte[] to(byte[] file) {
      if (file.length == 0) {
        return file;
      }
      // Half of them where a file says how it is to be read.
      int at = (int) (where * (Math.min(file.length, header ? 64 : file.length) - 1));
      byte[] changed = file.clone();
      switch (kind) {
        case SET -> changed[at] = (byte) value;
        case FLIP -> changed[at] ^= (byte) (1 << value % 8);
        case INSERT -> {
          changed = Arrays.copyOf(file, file.length + 1);
          System.arraycopy(file, at, changed, at + 1, file.length - at);
          changed[at] = (byte) value;
        }
        case REMOVE -> {
          changed = Arrays.copyOf(file, file.length - 1);
          System.arraycopy(file, at + 1, changed, at, file.length - at - 1);
        }
        case CUT -> changed = Arrays.copyOf(file, at);
        case APPEND -> changed = TestImage.append(file, value);
        case FILL -> Arrays.fill(changed, at, Math.min(at + value, file.length), (byte) 0xFF);
      }
      return changed;
    }
  }
}
