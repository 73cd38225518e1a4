package io.groupota.mqtt;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A JSON value that was made up, so that what is in it is known without reading it. Every second
 * character of a text is written as an escape.
 */
sealed interface JsonDocument {
  List<String> NAMES =
      List.of(
          "fw_version",
          "core_version",
          "code",
          "battery",
          "uptime",
          "FW_VERSION",
          "fw_versio",
          "fw_version ",
          "",
          "x",
          "y");

  List<String> LITERALS =
      List.of("null", "true", "false", "0", "-1", "200", "203", "1e400", "0.25", "9".repeat(60));

  List<String> VERSIONS = List.of("1.5.2", "nightly", "🚀", "1".repeat(64), "1".repeat(65), "");

  /** Some that must be escaped, controls, half a character, and many that are fine. */
  String CHARACTERS = "0123456789.-+vé日abcdefghijklmnopqrstuvwxyz\"\\/\u0000\n\u0085\ud83d";

  /** A value as it is written. */
  record Literal(String text) implements JsonDocument {}

  /** A text. */
  record Text(String value) implements JsonDocument {}

  /** A list. */
  record Array(List<JsonDocument> elements) implements JsonDocument {}

  /** An object, the names in their order, with repetitions. */
  record Fields(List<Field> fields) implements JsonDocument {
    /** The first value of a name. */
    Optional<JsonDocument> value(String name) {
      return fields.stream().filter(f -> f.name().equals(name)).map(Field::value).findFirst();
    }
  }

  /** A field of an object. */
  record Field(String name, JsonDocument value) {}

  /** An object of the right names, of others, of too much of anything. */
  static Fields nearlyAStatus(Random random) {
    List<Field> fields = new ArrayList<>(object(random, 4).fields());
    if (random.nextInt(10) > 0) {
      JsonDocument version = random.nextInt(4) > 0 ? version(random) : value(random, 4);
      fields.add(random.nextInt(fields.size() + 1), new Field("fw_version", version));
    }
    return new Fields(fields);
  }

  private static Fields object(Random random, int nesting) {
    return new Fields(
        Stream.generate(() -> new Field(pick(random, NAMES), value(random, nesting)))
            .limit(random.nextInt(5))
            .toList());
  }

  private static JsonDocument value(Random random, int nesting) {
    return switch (random.nextInt(nesting > 0 ? 6 : 4)) {
      case 0, 1 -> new Literal(pick(random, LITERALS));
      case 2 -> version(random);
      case 3 -> text(random);
      case 4 -> object(random, nesting - 1);
      default ->
          new Array(
              Stream.generate(() -> value(random, nesting - 1)).limit(random.nextInt(4)).toList());
    };
  }

  private static Text version(Random random) {
    return new Text(pick(random, VERSIONS));
  }

  private static Text text(Random random) {
    int[] characters =
        random.ints(random.nextInt(70), 0, CHARACTERS.length()).map(CHARACTERS::charAt).toArray();
    return new Text(new String(characters, 0, characters.length));
  }

  private static String pick(Random random, List<String> choice) {
    return choice.get(random.nextInt(choice.size()));
  }

  default byte[] bytes() {
    return written().getBytes(UTF_8);
  }

  default String written() {
    if (this instanceof Literal literal) {
      return literal.text();
    }
    if (this instanceof Text text) {
      return quoted(text.value());
    }
    if (this instanceof Array array) {
      return array.elements().stream()
          .map(JsonDocument::written)
          .collect(Collectors.joining(" , ", "[", "]"));
    }
    return ((Fields) this)
        .fields().stream()
            .map(field -> quoted(field.name()) + ":" + field.value().written())
            .collect(Collectors.joining(",\n", "{", " }"));
  }

  private static String quoted(String value) {
    StringBuilder text = new StringBuilder("\"");
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      boolean mustEscape = c < ' ' || c == '"' || c == '\\' || Character.isSurrogate(c);
      if (mustEscape || i % 2 == 1) {
        text.append(String.format("\\u%04x", (int) c));
      } else {
        text.append(c);
      }
    }
    return text.append('"').toString();
  }

  default int depth() {
    if (this instanceof Array array) {
      return 1 + array.elements().stream().mapToInt(JsonDocument::depth).max().orElse(0);
    }
    if (this instanceof Fields object) {
      return 1 + object.fields().stream().mapToInt(f -> f.value().depth()).max().orElse(0);
    }
    return 0;
  }

  /** Whether an object in it has a name twice. */
  default boolean repeatsAName() {
    if (this instanceof Array array) {
      return array.elements().stream().anyMatch(JsonDocument::repeatsAName);
    }
    if (this instanceof Fields object) {
      long names = object.fields().stream().map(Field::name).distinct().count();
      return names < object.fields().size()
          || object.fields().stream().anyMatch(f -> f.value().repeatsAName());
    }
    return false;
  }
}
