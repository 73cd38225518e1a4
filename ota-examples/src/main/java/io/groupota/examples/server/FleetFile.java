package io.groupota.examples.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.examples.cli.UsageException;
import io.groupota.examples.stack.Fleet;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fleet file of the example server. Strict: what is unknown, repeated, missing or of the
 * wrong type is refused with the line and the field; no message holds a token or a bearer.
 */
final class FleetFile {
  private static final int MAX_BEARER = 256;
  private static final Set<String> KINDS = Set.of("owners", "groups", "devices");
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final List<Fleet.Owner> owners = new ArrayList<>();
  private final List<Group> groups = new ArrayList<>();
  private final List<Device> devices = new ArrayList<>();

  /** Where each id and each bearer was seen first. */
  private final Map<Object, FleetEntry> seen = new HashMap<>();

  private FleetFile() {}

  /**
   * Reads a file.
   *
   * @throws UsageException if it cannot be read or is malformed
   */
  static Fleet read(Path file) {
    try (JsonParser parser = JSON.createParser(Files.newInputStream(file))) {
      FleetFile fleet = new FleetFile();
      fleet.read(parser);
      return new Fleet(fleet.owners, fleet.groups, fleet.devices);
    } catch (NoSuchFileException e) {
      throw new UsageException("--fleet " + file + ": no such file");
    } catch (StreamConstraintsException e) {
      // Most of these have no place.
      throw new UsageException(
          "--fleet "
              + file
              + ": it is nested too deeply, or a name, a text or a number is too long");
    } catch (JsonProcessingException e) {
      JsonLocation place = e.getLocation();
      throw new UsageException(
          "--fleet "
              + file
              + (", line " + place.getLineNr() + ", column " + place.getColumnNr())
              + (": " + reason(e)));
    } catch (IOException e) {
      throw new UsageException("--fleet " + file + ": the file cannot be read");
    } catch (MalformedFleetException e) {
      throw new UsageException("--fleet " + file + ", " + e.getMessage());
    }
  }

  /**
   * Nothing of what the parser says, which may quote a secret, but for the name of a repeated
   * field, which is none.
   */
  private static String reason(JsonProcessingException e) {
    String said = e.getOriginalMessage().lines().findFirst().orElse("");
    return "not valid JSON" + (said.startsWith("Duplicate field") ? ": " + said : "");
  }

  private void read(JsonParser parser) throws IOException {
    require(parser, parser.nextToken() == JsonToken.START_OBJECT, "the file must be a JSON object");
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      require(
          parser,
          KINDS.contains(name),
          "unknown field " + name + "; there are owners, groups and devices");
      require(parser, parser.nextToken() == JsonToken.START_ARRAY, name + " must be a JSON array");
      for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
        String place = name + "[" + i + "]";
        require(parser, parser.hasToken(JsonToken.START_OBJECT), place + " must be a JSON object");
        add(name, FleetEntry.read(parser, place));
      }
    }
    require(parser, parser.nextToken() == null, "nothing may follow the JSON object");
  }

  private void add(String name, FleetEntry entry) {
    switch (name) {
      case "owners" -> owners.add(owner(entry));
      case "groups" -> groups.add(group(entry));
      default -> devices.add(device(entry));
    }
  }

  private Fleet.Owner owner(FleetEntry entry) {
    entry.allow(Set.of("id", "bearer", "groupOta"));
    OwnerId id = entry.required("id", OwnerId::new);
    String bearer = entry.required("bearer", FleetFile::bearer);
    boolean groupOta = entry.flag("groupOta", true);
    first(entry, "id", id);
    first(entry, "bearer", bearer);
    return new Fleet.Owner(id, bearer, groupOta);
  }

  private Group group(FleetEntry entry) {
    entry.allow(Set.of("id", "token", "name", "owner"));
    GroupId id = entry.required("id", GroupId::new);
    first(entry, "id", id);
    Token token = entry.required("token", Token::of);
    OwnerId owner = entry.required("owner", OwnerId::new);
    String name = entry.optional("name", text -> text);
    return entry.checked(() -> new Group(id, owner, token, name == null ? "" : name));
  }

  private Device device(FleetEntry entry) {
    entry.allow(Set.of("id", "token", "group", "mqttUser", "addressing"));
    DeviceId id = entry.required("id", DeviceId::new);
    first(entry, "id", id);
    Token token = entry.required("token", Token::of);
    String mqttUser = entry.required("mqttUser", text -> text);
    @Nullable GroupId group = entry.optional("group", GroupId::new);
    @Nullable Addressing addressing = entry.optional("addressing", FleetFile::addressing);
    return entry.checked(
        () ->
            new Device(
                id,
                token,
                Optional.ofNullable(group),
                mqttUser,
                addressing == null ? Addressing.GROUP : addressing));
  }

  private void first(FleetEntry entry, String field, Object value) {
    FleetEntry other = seen.putIfAbsent(value, entry);
    if (other != null) {
      throw entry.malformed(field, "is that of " + other.place() + " already");
    }
  }

  private static String bearer(String text) {
    if (text.length() > MAX_BEARER || !text.matches("[!-~]+")) {
      throw new IllegalArgumentException(
          "must be 1 to " + MAX_BEARER + " printable ASCII characters without spaces");
    }
    return text;
  }

  private static Addressing addressing(String text) {
    return switch (text) {
      case "group" -> Addressing.GROUP;
      case "device" -> Addressing.DEVICE;
      default -> throw new IllegalArgumentException("must be group or device");
    };
  }

  private static void require(JsonParser parser, boolean condition, String otherwise) {
    if (!condition) {
      throw new MalformedFleetException(parser.currentTokenLocation().getLineNr(), otherwise);
    }
  }
}
