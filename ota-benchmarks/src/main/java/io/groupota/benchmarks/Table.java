package io.groupota.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Lays rows out as a Markdown table whose columns are aligned for the eye. */
final class Table {
  private static final List<String> HEAD =
      List.of("name", "value", "unit", "limit", "ratio", "target", "pass");

  private Table() {}

  static String of(List<Row> rows) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(HEAD);
    rows.forEach(row -> lines.add(cells(row)));
    int[] widths = new int[HEAD.size()];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      append(text, lines.get(i), widths);
      if (i == 0) {
        appendRule(text, widths);
      }
    }
    return text.toString();
  }

  private static List<String> cells(Row row) {
    return List.of(
        row.name(),
        number(row.value()),
        row.unit(),
        row.limit().isPresent() ? number(row.limit().getAsDouble()) : "",
        row.ratio().isPresent()
            ? String.format(Locale.ROOT, "%.2f", row.ratio().getAsDouble())
            : "",
        row.target().orElse(""),
        row.pass().map(pass -> pass ? "yes" : "no").orElse(""));
  }

  /** Three digits that matter, at least; whole numbers from a hundred on. */
  private static String number(double value) {
    double size = Math.abs(value);
    int decimals =
        size >= 100 || value == Math.rint(value) ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
    return String.format(Locale.ROOT, "%,." + decimals + "f", value);
  }

  private static void append(StringBuilder text, List<String> cells, int[] widths) {
    text.append('|');
    for (int i = 0; i < widths.length; i++) {
      String cell = cells.get(i);
      String padding = " ".repeat(widths[i] - cell.length());
      text.append(' ').append(isNumber(i) ? padding + cell : cell + padding).append(" |");
    }
    text.append('\n');
  }

  private static void appendRule(StringBuilder text, int[] widths) {
    text.append('|');
    for (int i = 0; i < widths.length; i++) {
      text.append(' ').append("-".repeat(widths[i] - (isNumber(i) ? 1 : 0)));
      text.append(isNumber(i) ? ": |" : " |");
    }
    text.append('\n');
  }

  private static boolean isNumber(int column) {
    return HEAD.get(column).equals("value")
        || HEAD.get(column).equals("limit")
        || HEAD.get(column).equals("ratio");
  }
}
