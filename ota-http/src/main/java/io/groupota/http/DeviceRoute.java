package io.groupota.http;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A path of the device API: {@code /group/latest/x}, {@code /group/download/x}, {@code
 * /device/latest/x} or {@code /device/download/x}.
 *
 * @param group whether x names a group, else it names a device
 * @param download whether x is an id and a token, else it is an id alone
 * @param segment x, not checked
 */
record DeviceRoute(boolean group, boolean download, String segment) {
  private static final List<String> ADDRESSED = List.of("group", "device");
  private static final List<String> WANTED = List.of("latest", "download");

  /** All that there is, each as method and path. */
  static Stream<String> endpoints() {
    return ADDRESSED.stream()
        .flatMap(addressed -> WANTED.stream().map(wanted -> "GET /" + addressed + "/" + wanted));
  }

  static Optional<DeviceRoute> of(String path) {
    String[] parts = path.split("/", 4);
    if (parts.length != 4 || !parts[0].isEmpty()) {
      return Optional.empty();
    }
    if (!ADDRESSED.contains(parts[1]) || !WANTED.contains(parts[2])) {
      return Optional.empty();
    }
    boolean group = parts[1].equals("group");
    boolean download = parts[2].equals("download");
    return Optional.of(new DeviceRoute(group, download, parts[3]));
  }

  /** Returns all but the segment, which may hold a token. */
  @Override
  public String toString() {
    return "DeviceRoute[group=" + group + ", download=" + download + "]";
  }
}
