package io.groupota.examples.server;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.groupota.InvalidRequestException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One owner, group or device of a fleet file, with the lines that its fields are in. */
final class FleetEntry {
  private final String place;
  private final int line;
  private final Map<String, Field> fields = new LinkedHashMap<>();

  private FleetEntry(String place, int line) {
    this.place = place;
    this.line = line;
  }

  /** A value; its text is null unless it is a string. */
  private record Field(int line, JsonToken type, @Nullable String text) {}

  /** Reads an object whose start is the parser's present token. */
  static FleetEntry read(JsonParser parser, String place) throws IOException {
    FleetEntry entry = new FleetEntry(place, parser.currentTokenLocation().getLineNr());
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken type = parser.nextToken();
      int line = parser.currentTokenLocation().getLineNr();
      String text = type == JsonToken.VALUE_STRING ? parser.getText() : null;
      parser.skipChildren();
      entry.fields.put(name, new Field(line, type, text));
    }
    return entry;
  }

  String place() {
    return place;
  }

  int line() {
    return line;
  }

  /** Refuses every other field. */
  void allow(Set<String> names) {
    fields.forEach(
        (name, field) -> {
          if (!names.contains(name)) {
            throw new MalformedFleetException(
                field.line(),
                "unknown field " + place + "." + name + "; there are " + new TreeSet<>(names));
          }
        });
  }

  <T> T required(String name, Function<String, T> reader) {
    T value = optional(name, reader);
    if (value == null) {
      throw new MalformedFleetException(line, place + "." + name + " is missing");
    }
    return value;
  }

  <T> @Nullable T optional(String name, Function<String, T> reader) {
    Field field = given(name);
    if (field == null) {
      return null;
    }
    String text = field.text();
    if (text == null) {
      throw malformed(name, "must be a string");
    }
    try {
      return reader.apply(text);
    } catch (InvalidRequestException | IllegalArgumentException e) {
      throw malformed(name, ": " + e.getMessage());
    }
  }

  boolean flag(String name, boolean otherwise) {
    Field field = given(name);
    if (field == null) {
      return otherwise;
    }
    if (!field.type().isBoolean()) {
      throw malformed(name, "must be true or false");
    }
    return field.type() == JsonToken.VALUE_TRUE;
  }

  /** A field that is null is as good as missing. */
  private @Nullable Field given(String name) {
    Field field = fields.get(name);
    return field == null || field.type() == JsonToken.VALUE_NULL ? null : field;
  }

  /** Makes a value of the whole entry; the library says which field is wrong. */
  <T> T checked(Supplier<T> maker) {
    try {
      return maker.get();
    } catch (InvalidRequestException e) {
      throw malformed(e.field(), ": " + e.getMessage());
    }
  }

  MalformedFleetException malformed(String name, String problem) {
    Field field = fields.get(name);
    String gap = problem.startsWith(":") ? "" : " ";
    return new MalformedFleetException(
        field == null ? line : field.line(), place + "." + name + gap + problem);
  }
}
