package io.groupota.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.examples.cli.UsageException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptionsTest {
  @TempDir Path folder;

  @Test
  void withoutArgumentsAllSuitesRunInFull() {
    Options options = Options.parse(new String[0]);

    assertThat(options.suites()).isEqualTo(Suites.ALL);
    assertThat(options.action()).isEqualTo(Options.Action.RUN);
    assertThat(options.quick()).isFalse();
    assertThat(options.seed()).isEqualTo(5);
    assertThat(options.json()).isEmpty();
    assertThat(options.database()).isEmpty();
    assertThat(options.nginx()).isEmpty();
  }

  @Test
  void suitesAndOptionsComeInAnyOrder() throws Exception {
    Path json = folder.resolve("results.json");
    Path nginx = Files.createFile(folder.resolve("nginx"));
    assertThat(nginx.toFile().setExecutable(true)).isTrue();

    Options options =
        Options.parse(
            new String[] {
              "--quick",
              "page",
              "--json",
              json.toString(),
              "check",
              "--seed",
              "-7",
              "--db",
              "jdbc:postgresql://127.0.0.1/ota",
              "--nginx",
              nginx.toString(),
              "page"
            });

    assertThat(options.suites()).extracting(Suite::name).containsExactly("page", "check");
    assertThat(options.quick()).isTrue();
    assertThat(options.json()).contains(json);
    assertThat(options.seed()).isEqualTo(-7);
    assertThat(options.database()).contains("jdbc:postgresql://127.0.0.1/ota");
    assertThat(options.nginx()).contains(nginx);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "chek",
        "--slow",
        "--json",
        "--json /nowhere/at/all.json",
        "--json /",
        "--seed many",
        "--seed",
        "--db mysql",
        "--db --quick",
        "--nginx /nowhere/nginx",
        "--nginx /"
      })
  void whatIsMalformedIsSaidInOneLine(String line) {
    assertThatThrownBy(() -> Options.parse(line.split(" ", -1)))
        .isInstanceOf(UsageException.class)
        .message()
        .contains(line.split(" ", -1)[0])
        .doesNotContain("\n");
  }

  @Test
  void thePasswordInTheUrlOfTheDatabaseIsNeverRepeated() {
    Options options =
        Options.parse(new String[] {"--db", "jdbc:postgresql://db/ota?password=secret"});

    assertThat(options.toString()).doesNotContain("secret");
    assertThatThrownBy(() -> Options.parse(new String[] {"--db", "jdbc:other:password=secret"}))
        .message()
        .doesNotContain("secret");
  }

  @Test
  void aSuiteInAProcessOfItsOwnGetsTheSameOptions() {
    Options options = Options.parse(new String[] {"--quick", "--seed", "9", "diff", "check"});

    Options child =
        Options.parse(
            options
                .forSuite(options.suites().get(0), "jdbc:postgresql:x", folder.resolve("r"))
                .toArray(String[]::new));

    assertThat(child.suites()).extracting(Suite::name).containsExactly("diff");
    assertThat(child.quick()).isTrue();
    assertThat(child.seed()).isEqualTo(9);
    assertThat(child.database()).contains("jdbc:postgresql:x");
    assertThat(child.json()).contains(folder.resolve("r"));
  }

  @Test
  void helpAndListPrintAndEndAndMistakesAreToldByTheExitCode() throws Exception {
    assertThat(run(0, "--help")).contains("--json FILE", "--quick", "--seed", "--db", "--nginx");
    assertThat(run(0, "--list"))
        .contains("check", "page", "diff", "deploy", "download", "report", "trigger", "rollout")
        .contains("embedded");
    assertThat(run(2, "chek")).isEqualTo("benchmarks: There is no suite chek, see --list\n");
  }

  private static String run(int exitCode, String... args) throws Exception {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    assertThat(Benchmarks.run(args, out, out)).isEqualTo(exitCode);
    return printed.toString(StandardCharsets.UTF_8);
  }
}
