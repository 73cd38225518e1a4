package io.groupota.storage.jdbc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import io.groupota.StorageException;
import java.util.Map;

/** Objects in columns. */
final class Json {
  private static final ObjectReader READER =
      new ObjectMapper().readerFor(new TypeReference<Map<String, Object>>() {});
  private static final ObjectWriter WRITER = new ObjectMapper().writer();

  private Json() {}

  static String write(Map<String, ?> tree) {
    try {
      return WRITER.writeValueAsString(tree);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Not a tree of texts, numbers and lists", e);
    }
  }

  static Map<String, Object> read(String column, String text) {
    try {
      return READER.readValue(text);
    } catch (JsonProcessingException e) {
      e.clearLocation();
      throw new StorageException("The column " + column + " holds no JSON object", e);
    }
  }
}
