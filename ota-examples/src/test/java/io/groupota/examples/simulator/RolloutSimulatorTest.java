package io.groupota.examples.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.examples.Program;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The simulator as a process of its own. */
class RolloutSimulatorTest {
  @TempDir Path folder;

  @Test
  void itPrintsTheCourseAndDrawsIt() throws Exception {
    Program.Result result =
        Program.run(
            folder, RolloutSimulator.class, "--devices", "200", "--tick", "1m", "--chart", "c.svg");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out().lines())
        .hasSizeLessThan(45)
        .anyMatch(line -> line.contains("completed") && line.contains("5/5"))
        .anyMatch(line -> line.startsWith("200 devices: completed after "));
    try (var chart = Files.newInputStream(folder.resolve("c.svg"))) {
      var root =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(chart)
              .getDocumentElement();
      assertThat(root.getTagName()).isEqualTo("svg");
      assertThat(root.getTextContent()).contains("updated", "stage 5", "time since the deploy");
    }
    assertThat(folder.resolve("c.svg")).content().hasSizeLessThan(60_000);
  }

  @Test
  void aRolloutThatIsStoppedIsExitCode1() throws Exception {
    Program.Result result =
        Program.run(
            folder, RolloutSimulator.class, "--devices", "2000", "--tick", "1m", "--fail", "0.4");
    assertThat(result.exitCode()).as(result.err()).isEqualTo(1);
    assertThat(result.out()).contains("rolled back (stop rule)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--devices 0",
        "--devices 10000001",
        "--versions 1.0.0",
        "--versions 1.0=1",
        "--versions 1.0.0=0",
        "--versions 1.0.0=1,1.0.0=2",
        "--online 1.1",
        "--online 0",
        "--online 8h..25h",
        "--download 5m..30s",
        "--download 1s..2s..3s",
        "--fail 2",
        "--fall-back -1",
        "--tick 2h",
        "--start today",
        "--days 367",
        "--to x",
        "--seed x",
        "--chart no/such/folder/c.svg",
        "--plan none.json",
        "--plan broken.json",
        "--plan empty.json",
        "--plan strange.json",
        "--plan foreign.json",
        "--x",
        "stray"
      })
  void aMalformedOptionIsOneLineAndExitCode2(String line) throws Exception {
    Files.writeString(folder.resolve("broken.json"), "{\"stages\": [");
    Files.writeString(folder.resolve("empty.json"), "null");
    Files.writeString(folder.resolve("strange.json"), "{\"stages\": [{\"percent\": 101}]}");
    Files.writeString(
        folder.resolve("foreign.json"),
        "{\"stages\": [{\"groups\": [\"0123456789abcdef01234567\"]}, {\"percent\": 100}]}");
    Program.Result result = Program.run(folder, RolloutSimulator.class, line.split(" "));
    assertThat(result.exitCode()).as(result.out()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err().lines()).hasSize(1);
    assertThat(result.err()).startsWith("ota-simulator: ");
  }
}
