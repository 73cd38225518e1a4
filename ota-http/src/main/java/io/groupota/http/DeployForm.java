package io.groupota.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.groupota.FirmwareUnreadableException;
import io.groupota.InvalidRequestException;
import io.groupota.Token;
import jakarta.servlet.http.Part;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The parts of a deploy, none of them empty; parts of other names are ignored, unless they are
 * almost those of optional fields. A part is a file if it has a file name, else a field: a {@code
 * group} that comes as a file is a missing field, a {@code firmware} that comes as a field is a
 * missing file. The optional fields may come as files too.
 *
 * @param group the group id, not checked
 * @param token what was given for the group's token, see {@link #token(String)}
 * @param version the version, not checked
 * @param mustPassThrough whether older devices must get this version before any newer one
 * @param plan how a staged rollout reaches the devices, as JSON; empty for all of them at once
 * @param firmware the file
 */
record DeployForm(
    String group,
    String token,
    String version,
    boolean mustPassThrough,
    Optional<byte[]> plan,
    Part firmware) {
  /** The longest plan: room for 10,000 devices by name and the tokens of 1,000 groups. */
  static final int MAX_PLAN_BYTES = 512 << 10;

  private static final List<String> FIELDS = List.of("group", "token", "version");
  private static final Set<String> OPTIONAL = Set.of("plan", "must_pass_through");

  /** Far over what any field may have, so that the value's own check can say what is wrong. */
  private static final int MAX_FIELD_BYTES = 1024;

  /** Containers have limits of their own, or none. */
  private static final int MAX_PARTS = 100;

  /** What no group can have, since it is not fit for a URL. */
  private static final Token NOBODYS = Token.of("/");

  /**
   * A token that was given for a group. One that is longer than any is wrong like any other, so
   * that the group is not found.
   *
   * @throws InvalidRequestException if it is empty
   */
  static Token token(String given) {
    return given.length() > Token.MAX_LENGTH ? NOBODYS : Token.of(given);
  }

  static DeployForm of(Collection<Part> parts) {
    if (parts.size() > MAX_PARTS) {
      throw new InvalidRequestException("body", "The multipart body has too many parts");
    }
    Map<String, Part> fields = new HashMap<>();
    Map<String, Part> files = new HashMap<>();
    String repeated = "";
    for (Part part : parts) {
      String name = String.valueOf(part.getName());
      boolean field = part.getSubmittedFileName() == null || OPTIONAL.contains(name);
      Map<String, Part> kind = field ? fields : files;
      if (kind.putIfAbsent(name, part) != null && isKnown(name)) {
        repeated = name;
      }
    }
    for (String field : FIELDS) {
      required(fields, field);
    }
    parts.forEach(part -> requireSpelling(String.valueOf(part.getName())));
    if (!repeated.isEmpty()) {
      throw new InvalidRequestException(repeated, repeated + " is given more than once");
    }
    return new DeployForm(
        text(fields, "group"),
        token(fields),
        text(fields, "version"),
        flag(fields, "must_pass_through"),
        plan(fields),
        file(files));
  }

  /** A plan that is overlooked would be a firmware for everybody at once. */
  private static void requireSpelling(String name) {
    for (String known : OPTIONAL) {
      if (!known.equals(name) && letters(known).equals(letters(name))) {
        throw new InvalidRequestException(
            known, "A field is spelled almost like " + known + "; spell it like that");
      }
    }
  }

  private static String letters(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "");
  }

  private static boolean isKnown(String name) {
    return FIELDS.contains(name) || OPTIONAL.contains(name) || name.equals("firmware");
  }

  private static boolean flag(Map<String, Part> fields, String name) {
    Part part = fields.get(name);
    if (part == null) {
      return false;
    }
    String value = part.getSize() > MAX_FIELD_BYTES ? "" : new String(bytes(part), UTF_8);
    if (!value.equals("true") && !value.equals("false")) {
      throw new InvalidRequestException(name, name + " must be true or false");
    }
    return value.equals("true");
  }

  private static Optional<byte[]> plan(Map<String, Part> fields) {
    Part part = fields.get("plan");
    if (part == null) {
      return Optional.empty();
    }
    if (part.getSize() == 0) {
      throw new InvalidRequestException(
          "plan", "plan is empty; leave it out to deploy to all devices at once");
    }
    if (part.getSize() > MAX_PLAN_BYTES) {
      throw new InvalidRequestException(
          "plan", "plan is too long (at most " + MAX_PLAN_BYTES + " bytes)");
    }
    return Optional.of(bytes(part));
  }

  private static Part file(Map<String, Part> files) {
    Part firmware = files.get("firmware");
    // Browsers send a file without a name when none was chosen.
    if (firmware == null || firmware.getSize() == 0 || firmware.getSubmittedFileName().isEmpty()) {
      throw new InvalidRequestException("firmware", "No file uploaded");
    }
    return firmware;
  }

  private static Part required(Map<String, Part> fields, String name) {
    Part part = fields.get(name);
    if (part == null || part.getSize() == 0) {
      throw new InvalidRequestException(name, name + " is a mandatory field");
    }
    return part;
  }

  private static String text(Map<String, Part> fields, String name) {
    Part part = required(fields, name);
    if (part.getSize() > MAX_FIELD_BYTES) {
      throw new InvalidRequestException(
          name, name.equals("group") ? "Group ID is not valid" : name + " is too long");
    }
    return new String(bytes(part), UTF_8);
  }

  /** Its beginning, if it is far too long. */
  private static String token(Map<String, Part> fields) {
    Part part = required(fields, "token");
    try (InputStream in = part.getInputStream()) {
      return new String(in.readNBytes(MAX_FIELD_BYTES), UTF_8);
    } catch (IOException e) {
      throw new FirmwareUnreadableException(e);
    }
  }

  /** For a part whose size was checked. */
  private static byte[] bytes(Part part) {
    try (InputStream in = part.getInputStream()) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new FirmwareUnreadableException(e);
    }
  }

  /** Returns all but the tokens. */
  @Override
  public String toString() {
    return "DeployForm[group=" + group + ", version=" + version + "]";
  }
}
