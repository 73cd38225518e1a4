package io.groupota.examples.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * No space for a file. A process whose files may not grow beyond a limit gets an error of the
 * system at the same place as on a full disk, and needs no rights for it. {@code
 * -Dota.full.folder=/mnt} runs on a file system that is really small instead.
 */
@Timeout(60)
class DiskFullTest {
  /** Units of 512 bytes or 1 KB, depending on the shell: below the 8 MB of the large firmware. */
  private static final int LIMIT = 6_000;

  private static final String REAL = System.getProperty("ota.full.folder");

  @TempDir Path folder;

  @Test
  void anUploadThatDoesNotFitFailsAndLeavesNothing() throws Exception {
    List<String> lines = run("mem:full", 3);

    assertThat(lines).hasSize(9);
    assertThat(lines.get(0)).startsWith("large: The blob store could not be written: ");
    assertThat(lines.subList(1, 4)).containsExactly("served: 1.0.0", "bytes: 1000", "uploads: 0");
    assertThat(lines.subList(4, 9))
        .containsExactly(
            "small: done", "expected: 1.1.3", "served: 1.1.3", "bytes: 1000", "uploads: 0");
  }

  @Test
  void aDatabaseThatIsFullSaysSoAndStaysReadable() throws Exception {
    List<String> lines = run("file:" + disk().resolve("database") + ";WRITE_DELAY=0", 5_000);

    assertThat(lines).hasSize(9);
    assertThat(lines.get(4)).matches("small: The (OTA repository|blob store) could not be .*");
    String last = lines.get(5).substring("expected: ".length());
    assertThat(lines.subList(6, 9)).containsExactly("served: " + last, "bytes: 1000", "uploads: 0");
  }

  private Path disk() {
    return REAL == null ? folder : Path.of(REAL);
  }

  private List<String> run(String database, int most) throws Exception {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    List<String> command = new ArrayList<>();
    if (REAL == null) {
      command.addAll(List.of("sh", "-c", "ulimit -f " + LIMIT + "; exec \"$0\" \"$@\""));
    }
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-cp"));
    command.addAll(List.of(System.getProperty("java.class.path"), FullDiskProgram.class.getName()));
    command.addAll(
        List.of(disk().resolve("blobs").toString(), "jdbc:h2:" + database, String.valueOf(most)));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(() -> read(err) + read(out)).isZero();
    return read(out).lines().filter(line -> line.matches("[a-z]+: .*")).toList();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
