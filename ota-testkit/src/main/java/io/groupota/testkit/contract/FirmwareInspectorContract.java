package io.groupota.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.FirmwareRejectedException;
import io.groupota.spi.FirmwareInspector;
import io.groupota.spi.FirmwareInspector.Inspection;
import io.groupota.testkit.Race;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * What every {@link FirmwareInspector} must do. Implement it in a test class:
 *
 * <pre>{@code
 * class MyInspectorTest implements FirmwareInspectorContract {
 *   @Override
 *   public FirmwareInspector inspector() {
 *     return new MyInspector();
 *   }
 *
 *   @Override
 *   public Map<String, byte[]> goodFiles() {
 *     return Map.of("plain", image(), "with padding", padded(image()));
 *   }
 *
 *   @Override
 *   public Map<String, byte[]> badFiles() {
 *     return Map.of("cut short", Arrays.copyOf(image(), 1000));
 *   }
 * }
 * }</pre>
 *
 * <p>Files of some kilobytes do: each is read many times, byte by byte too.
 */
public interface FirmwareInspectorContract {
  /**
   * Supplies the inspector. Called once per test.
   *
   * @return the inspector
   */
  FirmwareInspector inspector();

  /**
   * Files that the inspector accepts.
   *
   * @return at least one file that is not empty, by a name for the messages
   */
  Map<String, byte[]> goodFiles();

  /**
   * Files that the inspector refuses.
   *
   * @return the files by a name for the messages; none only if the inspector accepts every file
   */
  Map<String, byte[]> badFiles();

  @Test
  default void goodFilesAreAcceptedAndBadOnesRefused() {
    FirmwareInspector inspector = inspector();
    assertThat(goodFiles()).isNotEmpty();
    goodFiles()
        .forEach(
            (name, file) ->
                assertThat(verdict(inspector, file, any -> file.length).accepted())
                    .as("accepts %s", name)
                    .isTrue());
    badFiles()
        .forEach(
            (name, file) -> {
              Verdict verdict = verdict(inspector, file, any -> Math.max(1, file.length));
              assertThat(verdict.accepted()).as("accepts %s", name).isFalse();
              assertThat(verdict.offset())
                  .as("offset of the fault in %s", name)
                  .isBetween(0L, (long) file.length);
            });
    if (badFiles().isEmpty()) {
      byte[] noise = new byte[5000];
      new Random(1).nextBytes(noise);
      assertThat(verdict(inspector, noise, any -> 5000).accepted()).as("accepts noise").isTrue();
    }
  }

  @Test
  default void theVerdictIsTheSameInEveryChunking() {
    FirmwareInspector inspector = inspector();
    for (Map.Entry<String, byte[]> named : allFiles()) {
      byte[] file = named.getValue();
      Verdict whole = verdict(inspector, file, any -> Math.max(1, file.length));
      for (int size : new int[] {1, 2, 3, 7, 15, 16, 17, 255, 1024, 4096, 8191}) {
        assertThat(verdict(inspector, file, any -> size))
            .as("%s in chunks of %d", named.getKey(), size)
            .isEqualTo(whole);
      }
      for (int seed = 0; seed < 20; seed++) {
        Random random = new Random(seed);
        assertThat(verdict(inspector, file, any -> 1 + random.nextInt(600)))
            .as("%s in chunks of seed %d", named.getKey(), seed)
            .isEqualTo(whole);
      }
    }
  }

  @Test
  default void theBufferIsOnlyReadAndNotKept() {
    FirmwareInspector inspector = inspector();
    for (Map.Entry<String, byte[]> named : allFiles()) {
      byte[] file = named.getValue();
      Inspection inspection = inspector.start();
      try {
        byte[] buffer = new byte[64];
        for (int position = 0; position < file.length; position += 50) {
          int length = Math.min(50, file.length - position);
          // What the buffer holds around the range and after the call belongs to no file.
          new Random(position).nextBytes(buffer);
          System.arraycopy(file, position, buffer, 9, length);
          byte[] before = buffer.clone();
          inspection.accept(buffer, 9, length);
          assertThat(buffer).isEqualTo(before);
        }
        assertThat(verdict(inspector, file, any -> 50).info())
            .as(named.getKey())
            .isEqualTo(inspection.finish());
      } catch (FirmwareRejectedException e) {
        assertThat(verdict(inspector, file, any -> 50).refusal())
            .as(named.getKey())
            .contains(String.valueOf(e.getMessage()));
      }
    }
  }

  @Test
  default void aDigestThatIsWorkedOutAnywayIsThatOfTheFile() throws Exception {
    FirmwareInspector inspector = inspector();
    for (Map.Entry<String, byte[]> named : goodFiles().entrySet()) {
      byte[] file = named.getValue();
      for (int size : new int[] {1, 100, 8192, file.length}) {
        Inspection inspection = inspector.start();
        Optional<MessageDigest> sha256 = inspection.sha256();
        verdict(inspection, file, any -> size);
        if (sha256.isPresent()) {
          assertThat(sha256.get().digest())
              .as("%s in chunks of %d", named.getKey(), size)
              .isEqualTo(MessageDigest.getInstance("SHA-256").digest(file));
        }
      }
    }
  }

  @Test
  default void inspectionsAtTheSameTimeStayApart() throws Exception {
    FirmwareInspector inspector = inspector();
    List<Map.Entry<String, byte[]>> files = allFiles();
    List<Verdict> expected = new ArrayList<>();
    List<Callable<Verdict>> racers = new ArrayList<>();
    for (int i = 0; i < 4 * files.size() && i < 48; i++) {
      byte[] file = files.get(i % files.size()).getValue();
      expected.add(verdict(inspector, file, any -> 100));
      racers.add(() -> verdict(inspector, file, any -> 100));
    }
    assertThat(Race.of(racers)).containsExactlyElementsOf(expected);
  }

  private List<Map.Entry<String, byte[]>> allFiles() {
    List<Map.Entry<String, byte[]>> files = new ArrayList<>(goodFiles().entrySet());
    files.addAll(badFiles().entrySet());
    return files;
  }

  private static Verdict verdict(FirmwareInspector inspector, byte[] file, IntUnaryOperator chunk) {
    return verdict(inspector.start(), file, chunk);
  }

  private static Verdict verdict(Inspection inspection, byte[] file, IntUnaryOperator chunk) {
    try {
      int position = 0;
      while (position < file.length) {
        int end = Math.min(file.length, position + chunk.applyAsInt(position));
        inspection.accept(file, position, end - position);
        position = end;
      }
      return new Verdict(inspection.finish(), Optional.empty(), -1);
    } catch (FirmwareRejectedException e) {
      return new Verdict(Optional.empty(), Optional.of(String.valueOf(e.getMessage())), e.offset());
    }
  }
}
