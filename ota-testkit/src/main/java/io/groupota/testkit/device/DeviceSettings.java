package io.groupota.testkit.device;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.Token;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** How a device is configured: what its builder collected, checked and complete. */
final class DeviceSettings {
  final DeviceId id;
  final String mqttUser;
  final @Nullable String mqttPassword;
  final String brokerHost;
  final int brokerPort;
  final URI server;
  final String version;
  final String coreVersion;
  final String sketchSha256;
  final long freeSpace;
  final boolean verifyImage;
  final Duration statusInterval;
  final Duration pace;
  final Duration reboot;
  final Duration checkInterval;
  final Duration reconnect;
  final Duration timeout;
  final DeviceListener listener;

  private final @Nullable GroupId group;
  private final Token token;

  DeviceSettings(SimulatedDeviceBuilder wanted) {
    id = wanted.id;
    group = wanted.group;
    token = required(wanted.token, "group(...) or token(...)");
    mqttUser = required(wanted.mqttUser, "mqttUser(...)");
    mqttPassword = wanted.mqttPassword;
    brokerHost = required(wanted.brokerHost, "broker(...)");
    brokerPort = wanted.brokerPort;
    server = required(wanted.server, "server(...)");
    version = wanted.version;
    coreVersion = wanted.coreVersion;
    String digest = wanted.sketchSha256;
    sketchSha256 = digest == null ? madeUpDigest(version) : digest;
    freeSpace = wanted.freeSpace;
    verifyImage = wanted.verifyImage;
    statusInterval = wanted.statusInterval;
    pace = wanted.pace;
    reboot = wanted.reboot;
    checkInterval = wanted.checkInterval;
    reconnect = wanted.reconnect;
    timeout = wanted.timeout;
    listener = wanted.listener;
  }

  String triggerTopic() {
    return group == null
        ? "/" + mqttUser + "/devices/" + id + "/update-trigger"
        : "/" + mqttUser + "/groups/" + group + "/update-trigger";
  }

  String responseTopic() {
    return "/" + mqttUser + "/devices/" + id + "/update-response";
  }

  String statusTopic() {
    return "/" + mqttUser + "/devices/" + id + "/status";
  }

  String latestPath() {
    return base() + (group == null ? "/device/latest/" + id : "/group/latest/" + group);
  }

  /** Holds the token: keep it out of logs and messages. */
  String downloadPath() {
    return base()
        + (group == null ? "/device/download/" + id : "/group/download/" + group)
        + token.value();
  }

  int serverPort() {
    return server.getPort() < 0 ? 80 : server.getPort();
  }

  /** A MAC address of the maker's range that depends on the device. */
  String mac(int offset) {
    int tail = id.value().hashCode() + offset;
    return String.format(
        "24:6F:28:%02X:%02X:%02X", (tail >>> 16) & 0xFF, (tail >>> 8) & 0xFF, tail & 0xFF);
  }

  private String base() {
    String path = server.getPath();
    return (path.endsWith("/") ? path.substring(0, path.length() - 1) : path) + "/v1/ota";
  }

  private static <T> T required(@Nullable T value, String call) {
    if (value == null) {
      throw new IllegalStateException("Call " + call + " before build()");
    }
    return value;
  }

  /** Nobody knows the image that a simulated device started with; equal versions are equal. */
  private static String madeUpDigest(String version) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(version.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
