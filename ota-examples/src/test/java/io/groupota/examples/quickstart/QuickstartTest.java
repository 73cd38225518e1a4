package io.groupota.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.examples.Program;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The quickstart as a process of its own. */
class QuickstartTest {
  @TempDir Path folder;

  @Test
  void itBringsEveryDeviceToTheNewVersion() throws Exception {
    Program.Result result =
        Program.run(
            folder, Quickstart.class, "--devices", "12", "--from", "2.0.0", "--to", "1.9.0-rc.1");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out())
        .contains("downgrade (major)")
        .contains("201 {\"message\":\"Firmware successfully deployed\"}")
        .contains("100 %")
        .contains("12 of 12 report 1.9.0-rc.1")
        .contains("\"recordsTotal\" : 1")
        .contains("left alone");
    // A newer JVM warns of what the broker's libraries do inside; only a flag of its own stops
    // that.
    assertThat(result.err().lines())
        .allMatch(line -> line.isBlank() || line.startsWith("WARNING: "));
  }

  @Test
  void itSaysWhenTheFirmwareIsRefused() throws Exception {
    Files.write(folder.resolve("firmware.bin"), new byte[] {0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0});
    Program.Result result =
        Program.run(folder, Quickstart.class, "--devices", "1", "--firmware", "firmware.bin");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out()).contains("400").contains("ELF");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"--devices 0", "--devices x", "--to 1.2", "--firmware none.bin", "--x", "stray"})
  void aMalformedOptionIsOneLineAndExitCode2(String line) throws Exception {
    Program.Result result = Program.run(folder, Quickstart.class, line.split(" "));
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err().lines()).hasSize(1);
  }
}
