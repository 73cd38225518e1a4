package io.groupota.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** Writes results as JSON, and reads what another process wrote. */
final class Results {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Results() {}

  /** What a caller gets with {@code --json}: the machine and a list of results. */
  static void write(Path file, Map<String, String> machine, List<Row> rows) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    ObjectNode about = root.putObject("machine");
    machine.forEach(about::put);
    var results = root.putArray("results");
    for (Row row : rows) {
      ObjectNode result = results.addObject();
      result.put("name", row.name());
      result.put("value", row.value());
      result.put("unit", row.unit());
      row.limit()
          .ifPresentOrElse(limit -> result.put("limit", limit), () -> result.putNull("limit"));
      row.ratio()
          .ifPresentOrElse(ratio -> result.put("ratio", ratio), () -> result.putNull("ratio"));
      result.put("target", row.target().orElse(null));
      result.put("pass", row.pass().orElse(null));
    }
    Files.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
  }

  static List<Row> read(Path file) throws IOException {
    List<Row> rows = new ArrayList<>();
    for (JsonNode result : JSON.readTree(file.toFile()).get("results")) {
      rows.add(
          new Row(
              result.get("name").asText(),
              result.get("value").asDouble(),
              result.get("unit").asText(),
              figure(result.get("limit")),
              figure(result.get("ratio")),
              Optional.of(result.get("target")).filter(n -> !n.isNull()).map(JsonNode::asText),
              Optional.of(result.get("pass")).filter(n -> !n.isNull()).map(JsonNode::asBoolean)));
    }
    return rows;
  }

  private static OptionalDouble figure(JsonNode node) {
    return node.isNull() ? OptionalDouble.empty() : OptionalDouble.of(node.asDouble());
  }
}
