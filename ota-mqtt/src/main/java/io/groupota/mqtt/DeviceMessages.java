package io.groupota.mqtt;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.groupota.DeployRequest;
import io.groupota.DeviceReport;
import io.groupota.InvalidRequestException;
import io.groupota.UpdateCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Reads the messages of devices, which may be anything. Nothing here grows with what they send: a
 * payload is at most {@value #MAX_PAYLOAD} bytes, the packet of a device at the most. Thread-safe.
 */
final class DeviceMessages {
  static final int MAX_PAYLOAD = 1024;

  private static final int MAX_DEPTH = 4;
  private static final int MAX_NUMBER_LENGTH = 64;

  private final JsonFactory json =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(MAX_PAYLOAD)
                  .maxNameLength(MAX_PAYLOAD)
                  .maxNumberLength(MAX_NUMBER_LENGTH)
                  .maxDocumentLength(MAX_PAYLOAD)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // Names come from outside: no table may remember them.
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  /** What a device reports, null when the topic or the payload is not as the protocol has it. */
  @Nullable DeviceReport read(String topicName, Optional<ByteBuffer> payload) {
    Topics.DeviceTopic topic = Topics.read(topicName);
    if (topic == null || payload.isEmpty() || payload.get().remaining() > MAX_PAYLOAD) {
      return null;
    }
    try (JsonParser parser = json.createParser(text(payload.get()))) {
      return topic.kind() == Topics.Kind.STATUS ? status(topic, parser) : response(topic, parser);
    } catch (IOException | InvalidRequestException e) {
      return null;
    }
  }

  /** Decodes strictly and by ourselves: a JSON parser would guess UTF-16 and UTF-32, too. */
  private static String text(ByteBuffer payload) throws CharacterCodingException {
    byte[] bytes = new byte[payload.remaining()];
    payload.duplicate().get(bytes);
    for (byte b : bytes) {
      if (b < 0) {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      }
    }
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static @Nullable DeviceReport status(Topics.DeviceTopic topic, JsonParser parser)
      throws IOException {
    Fields fields = new Fields();
    boolean whole =
        forEachField(
            parser,
            (name, value) ->
                switch (name) {
                  case "fw_version" -> (fields.version = version(parser, value)) != null;
                  // It proves nothing and a device may leave it unset; the report is worth more.
                  case "core_version" ->
                      isUnset(parser, value)
                          || (fields.coreVersion = version(parser, value)) != null;
                  default -> skip(parser);
                });
    if (!whole || fields.version == null) {
      return null;
    }
    return new DeviceReport(
        topic.device(),
        Optional.of(topic.user()),
        Optional.of(fields.version),
        Optional.ofNullable(fields.coreVersion),
        Optional.empty(),
        OptionalLong.empty());
  }

  private static @Nullable DeviceReport response(Topics.DeviceTopic topic, JsonParser parser)
      throws IOException {
    Fields fields = new Fields();
    boolean whole =
        forEachField(
            parser,
            (name, value) -> {
              if (!name.equals("code")) {
                return skip(parser);
              }
              fields.code =
                  value == JsonToken.VALUE_NUMBER_INT
                      ? UpdateCode.of(parser.getIntValue()).orElse(null)
                      : null;
              return fields.code != null;
            });
    if (!whole || fields.code == null) {
      return null;
    }
    return new DeviceReport(
        topic.device(),
        Optional.of(topic.user()),
        Optional.empty(),
        Optional.empty(),
        Optional.of(fields.code),
        OptionalLong.empty());
  }

  /** Whether the document is one object, nothing else, and the reader accepts each field. */
  private static boolean forEachField(JsonParser parser, FieldReader reader) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      return false;
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      if (!reader.read(name, parser.nextToken())) {
        return false;
      }
    }
    return parser.nextToken() == null;
  }

  private static boolean skip(JsonParser parser) throws IOException {
    parser.skipChildren();
    return true;
  }

  private static boolean isUnset(JsonParser parser, JsonToken value) throws IOException {
    return value == JsonToken.VALUE_NULL
        || (value == JsonToken.VALUE_STRING && parser.getTextLength() == 0);
  }

  /** A string that may be a version, null for anything else; a report checks it further. */
  private static @Nullable String version(JsonParser parser, JsonToken value) throws IOException {
    return value == JsonToken.VALUE_STRING
            && parser.getTextLength() <= DeployRequest.MAX_VERSION_LENGTH
        ? parser.getText()
        : null;
  }

  private interface FieldReader {
    boolean read(String name, JsonToken value) throws IOException;
  }

  private static final class Fields {
    @Nullable String version;
    @Nullable String coreVersion;
    @Nullable UpdateCode code;
  }
}
