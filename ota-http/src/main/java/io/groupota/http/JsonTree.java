package io.groupota.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import io.groupota.InvalidRequestException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a JSON object into maps, lists, texts, numbers and booleans, and writes such a tree. What
 * is wrong is told by its place alone: the text may hold tokens.
 */
final class JsonTree {
  /** Far over what a plan needs: four levels, numbers of a few digits, texts of 256 characters. */
  private static final StreamReadConstraints LIMITS =
      StreamReadConstraints.builder()
          .maxNestingDepth(16)
          .maxNumberLength(64)
          .maxStringLength(1_024)
          .maxNameLength(256)
          .build();

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .streamReadConstraints(LIMITS)
          .build();

  private final String field;
  private final JsonParser parser;

  private JsonTree(String field, JsonParser parser) {
    this.field = field;
    this.parser = parser;
  }

  /**
   * Reads an object; a member that is null is none.
   *
   * @param field what the text is called in messages
   * @param json the text
   * @throws InvalidRequestException if it is anything else, or beyond a limit
   */
  static Map<String, Object> read(String field, byte[] json) {
    try (JsonParser parser = JSON.createParser(json)) {
      return new JsonTree(field, parser).document();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Map<String, Object> document() {
    try {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw wrong("must be a JSON object");
      }
      Map<String, Object> document = object();
      if (parser.nextToken() != null) {
        throw wrong("goes on after its end");
      }
      return document;
    } catch (StreamConstraintsException e) {
      throw wrong("is nested too deeply, or has a name, a text or a number that is too long");
    } catch (IOException e) {
      throw wrong("is not valid JSON");
    }
  }

  private Map<String, Object> object() throws IOException {
    Map<String, Object> members = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      Object value = value(parser.nextToken());
      if (value != null && members.putIfAbsent(name, value) != null) {
        throw wrong("has a member twice");
      }
    }
    return members;
  }

  private List<Object> array() throws IOException {
    List<Object> elements = new ArrayList<>();
    for (JsonToken next = parser.nextToken();
        next != JsonToken.END_ARRAY;
        next = parser.nextToken()) {
      Object element = value(next);
      if (element == null) {
        throw wrong("has a null in a list");
      }
      elements.add(element);
    }
    return elements;
  }

  private @Nullable Object value(@Nullable JsonToken token) throws IOException {
    if (token == null) {
      throw wrong("is not valid JSON");
    }
    return switch (token) {
      case START_OBJECT -> object();
      case START_ARRAY -> array();
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw wrong("is not valid JSON");
    };
  }

  private InvalidRequestException wrong(String problem) {
    JsonLocation place = parser.currentLocation();
    return new InvalidRequestException(
        field,
        field
            + (" " + problem)
            + (" (line " + place.getLineNr() + ", column " + place.getColumnNr() + ")"));
  }

  /** Writes a tree of what {@link #read} gives. */
  static void write(Object tree, JsonGenerator json) throws IOException {
    if (tree instanceof Map<?, ?> members) {
      json.writeStartObject();
      for (Map.Entry<?, ?> member : members.entrySet()) {
        json.writeFieldName(String.valueOf(member.getKey()));
        write(member.getValue(), json);
      }
      json.writeEndObject();
    } else if (tree instanceof List<?> elements) {
      json.writeStartArray();
      for (Object element : elements) {
        write(element, json);
      }
      json.writeEndArray();
    } else {
      // Texts, numbers and booleans.
      json.writePOJO(tree);
    }
  }
}
