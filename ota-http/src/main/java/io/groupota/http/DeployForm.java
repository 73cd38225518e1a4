package io.groupota.http;

import io.groupota.FirmwareUnreadableException;
import io.groupota.InvalidRequestException;
import jakarta.servlet.http.Part;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The four parts of a deploy, none of them empty; parts of other names are ignored. A part is a
 * file if it has a file name, else a field: a {@code group} that comes as a file is a missing
 * field, a {@code firmware} that comes as a field is a missing file.
 *
 * @param group the group id, not checked
 * @param token the group's token
 * @param version the version, not checked
 * @param firmware the file
 */
record DeployForm(String group, String token, String version, Part firmware) {
  private static final List<String> FIELDS = List.of("group", "token", "version");

  /** Far over what any field may have, so that the value's own check can say what is wrong. */
  private static final int MAX_FIELD_BYTES = 1024;

  /** Containers have limits of their own, or none. */
  private static final int MAX_PARTS = 100;

  static DeployForm of(Collection<Part> parts) {
    if (parts.size() > MAX_PARTS) {
      throw new InvalidRequestException("body", "The multipart body has too many parts");
    }
    Map<String, Part> fields = new HashMap<>();
    Map<String, Part> files = new HashMap<>();
    String repeated = "";
    for (Part part : parts) {
      String name = String.valueOf(part.getName());
      Map<String, Part> kind = part.getSubmittedFileName() == null ? fields : files;
      if (kind.putIfAbsent(name, part) != null && isKnown(name)) {
        repeated = name;
      }
    }
    for (String field : FIELDS) {
      required(fields, field);
    }
    if (!repeated.isEmpty()) {
      throw new InvalidRequestException(repeated, repeated + " is given more than once");
    }
    return new DeployForm(
        text(fields, "group"), text(fields, "token"), text(fields, "version"), file(files));
  }

  private static boolean isKnown(String name) {
    return FIELDS.contains(name) || name.equals("firmware");
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
    try (InputStream in = part.getInputStream()) {
      return new String(in.readNBytes(MAX_FIELD_BYTES), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new FirmwareUnreadableException(e);
    }
  }

  /** Returns all but the token. */
  @Override
  public String toString() {
    return "DeployForm[group=" + group + ", version=" + version + "]";
  }
}
