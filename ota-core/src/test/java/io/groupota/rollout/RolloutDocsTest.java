package io.groupota.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Holds ROLLOUTS.md to the enums: its diagrams are made from them, and its tables name every state.
 * When an enum changes, paste what the failing test expects.
 */
class RolloutDocsTest {
  private static final Path DOCS = Path.of("ROLLOUTS.md");

  @Test
  void theDiagramOfRolloutsIsThatOfTheEnum() throws IOException {
    assertThat(block("rollout"))
        .isEqualTo(
            diagram(RolloutState.values(), Set.of(RolloutState.SCHEDULED), RolloutState::next));
  }

  /** A device that joins can have the version, be kept out, or follow its group at once. */
  @Test
  void theDiagramOfDevicesIsThatOfTheEnum() throws IOException {
    assertThat(block("device"))
        .isEqualTo(
            diagram(
                RolloutDeviceState.values(),
                Set.of(
                    RolloutDeviceState.QUEUED,
                    RolloutDeviceState.TRIGGERED,
                    RolloutDeviceState.UPDATED,
                    RolloutDeviceState.REJECTED,
                    RolloutDeviceState.EXCLUDED),
                RolloutDeviceState::next));
  }

  @Test
  void theTablesHaveEveryStateInOrder() throws IOException {
    assertThat(states("## States of a rollout")).isEqualTo(names(RolloutState.values()));
    assertThat(states("## States of a device")).isEqualTo(names(RolloutDeviceState.values()));
  }

  private static <S extends Enum<S>> String diagram(
      S[] states, Set<S> first, Function<S, Set<S>> next) {
    StringBuilder diagram = new StringBuilder("```mermaid\nstateDiagram-v2\n");
    for (S state : states) {
      if (first.contains(state)) {
        arrow(diagram, "[*]", lower(state));
      }
    }
    for (S state : states) {
      Set<S> following = next.apply(state);
      following.stream().sorted().forEach(to -> arrow(diagram, lower(state), lower(to)));
      if (following.isEmpty()) {
        arrow(diagram, lower(state), "[*]");
      }
    }
    return diagram.append("```\n").toString();
  }

  private static void arrow(StringBuilder diagram, String from, String to) {
    diagram.append("    ").append(from).append(" --> ").append(to).append('\n');
  }

  private static String lower(Enum<?> state) {
    return state.name().toLowerCase(Locale.ROOT);
  }

  private static String names(Enum<?>[] states) {
    return String.join(" ", Stream.of(states).map(RolloutDocsTest::lower).toList());
  }

  private static String block(String name) throws IOException {
    String docs = Files.readString(DOCS);
    String begin = "<!-- " + name + ":begin -->\n";
    return docs.substring(
        docs.indexOf(begin) + begin.length(), docs.indexOf("<!-- " + name + ":end -->"));
  }

  /** The first cells of the table below a heading. */
  private static String states(String heading) throws IOException {
    String docs = Files.readString(DOCS);
    int from = docs.indexOf(heading) + heading.length();
    int to = docs.indexOf("\n## ", from);
    return String.join(
        " ",
        docs.substring(from, to)
            .lines()
            .filter(line -> line.startsWith("| `"))
            .map(line -> line.substring(3, line.indexOf('`', 3)))
            .toList());
  }
}
