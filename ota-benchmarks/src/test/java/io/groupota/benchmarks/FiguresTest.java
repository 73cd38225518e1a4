package io.groupota.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From samples to rows, a table and a file. */
class FiguresTest {
  private static final Row PLAIN = Row.of("check.cold", 1_234.5, "1/s");
  private static final Row FAST =
      Row.of("check.groups-100", new Duel.Outcome(40_000, 50_000, 0.81), "1/s")
          .should(Target.ratioAtLeast(0.8));
  private static final Row SLOW = Row.of("diff.devices-5", 12.25, "ms").should(Target.atMost(10));

  @TempDir Path folder;

  @Test
  void theMedianIsTheMiddleAndAPercentileAMeasuredSample() {
    assertThat(Samples.median(3, 1, 2)).isEqualTo(2);
    assertThat(Samples.median(4, 1, 3, 2)).isEqualTo(2.5);
    Samples samples = new Samples();
    for (int i = 200; i >= 1; i--) {
      samples.add(i);
    }
    assertThat(samples.percentile(0.99)).isEqualTo(198);
    assertThat(samples.percentile(1)).isEqualTo(200);
    assertThat(samples.percentile(0)).isEqualTo(1);
    assertThatThrownBy(() -> new Samples().median()).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aDuelMeasuresInTurnAndReportsMedians() throws Exception {
    List<String> order = new ArrayList<>();
    double[] ours = {8, 2, 9};
    double[] limits = {10, 4, 10};
    int[] round = new int[2];

    Duel.Outcome outcome =
        new Duel(3)
            .run(
                silent(),
                () -> {
                  order.add("ours");
                  return ours[round[0]++];
                },
                () -> {
                  order.add("limit");
                  return limits[round[1]++];
                });

    assertThat(order).containsExactly("limit", "ours", "ours", "limit", "limit", "ours");
    assertThat(outcome).isEqualTo(new Duel.Outcome(8, 10, 0.8));
  }

  @Test
  void aTargetIsMetOnItsBoundAndSaysWhatItIsFor() {
    assertThat(Target.ratioAtLeast(0.8).isMet(1, 0.8)).isTrue();
    assertThat(Target.ratioAtLeast(0.8).isMet(1, 0.79)).isFalse();
    assertThat(Target.ratioAtMost(2).isMet(100, 2)).isTrue();
    assertThat(Target.ratioAtMost(2).isMet(1, 2.1)).isFalse();
    assertThat(Target.atLeast(300_000).isMet(300_000, 0)).isTrue();
    assertThat(Target.atMost(10).isMet(11, 0)).isFalse();
    assertThat(Target.ratioAtLeast(0.8)).hasToString("ratio >= 0.8");
    assertThat(Target.atLeast(300_000)).hasToString(">= 300,000");
    assertThat(Target.atMost(10)).hasToString("<= 10");
  }

  @Test
  void theTableIsMarkdownWithAlignedColumns() {
    assertThat(Table.of(List.of(PLAIN, FAST, SLOW)))
        .isEqualTo(
            """
            | name             |  value | unit |  limit | ratio | target       | pass |
            | ---------------- | -----: | ---- | -----: | ----: | ------------ | ---- |
            | check.cold       |  1,235 | 1/s  |        |       |              |      |
            | check.groups-100 | 40,000 | 1/s  | 50,000 |  0.81 | ratio >= 0.8 | yes  |
            | diff.devices-5   |   12.3 | ms   |        |       | <= 10        | no   |
            """);
  }

  @Test
  void theFileHoldsTheSameAndIsReadBack() throws Exception {
    Path file = folder.resolve("results.json");

    Results.write(file, Map.of("cores", "2"), List.of(PLAIN, FAST, SLOW));

    assertThat(Results.read(file)).containsExactly(PLAIN, FAST, SLOW);
    assertThat(Files.readString(file).replaceAll("\\s+", ""))
        .contains("\"machine\":{\"cores\":\"2\"}")
        .contains(
            "{\"name\":\"check.groups-100\",\"value\":40000.0,\"unit\":\"1/s\",\"limit\":50000.0,"
                + "\"ratio\":0.81,\"target\":\"ratio>=0.8\",\"pass\":true}")
        .contains(
            "{\"name\":\"check.cold\",\"value\":1234.5,\"unit\":\"1/s\",\"limit\":null,"
                + "\"ratio\":null,\"target\":null,\"pass\":null}");
  }

  @Test
  void progressIsALineForEachQuarterUnlessThereIsATerminal() {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    Progress progress = new Progress(new PrintStream(printed, true, StandardCharsets.UTF_8), false);

    progress.step("loading");
    for (int i = 0; i < 100; i++) {
      progress.at(i / 100.0);
    }
    progress.done();

    assertThat(printed.toString(StandardCharsets.UTF_8).lines())
        .hasSize(5)
        .allMatch(line -> line.endsWith("loading"))
        .last()
        .asString()
        .startsWith("[####################] 100 %");
  }

  private static Progress silent() {
    return new Progress(new PrintStream(new ByteArrayOutputStream()), false).step("test");
  }
}
