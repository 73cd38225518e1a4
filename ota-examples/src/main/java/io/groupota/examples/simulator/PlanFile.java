package io.groupota.examples.simulator;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.groupota.InvalidRequestException;
import io.groupota.examples.cli.Values;
import io.groupota.rollout.RolloutPlan;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/** Reads the plan of a rollout from a file, as the HTTP API takes it. */
final class PlanFile {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private PlanFile() {}

  /**
   * Reads a file.
   *
   * @throws IllegalArgumentException if it cannot be read or is no plan
   */
  static RolloutPlan read(String text) {
    Path file = Values.path(text);
    try (InputStream in = Files.newInputStream(file)) {
      return parse(in);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException("no such file", e);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "line "
              + (e.getLocation() == null ? 1 : e.getLocation().getLineNr())
              + ": no JSON object",
          e);
    } catch (IOException e) {
      throw new IllegalArgumentException("cannot be read", e);
    }
  }

  /** One, five, twenty, fifty, a hundred percent. */
  static RolloutPlan standard() {
    try (InputStream in =
        Objects.requireNonNull(PlanFile.class.getResourceAsStream("five-stages.json"))) {
      return parse(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static RolloutPlan parse(InputStream in) throws IOException {
    Map<String, Object> tree = JSON.readValue(in, new TypeReference<>() {});
    if (tree == null) {
      throw new IllegalArgumentException("the file holds null instead of a plan");
    }
    try {
      return RolloutPlan.of(tree);
    } catch (InvalidRequestException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }
}
