package io.groupota.testkit.device;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.Token;
import java.net.URI;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Collects how a device is configured. Not thread-safe. */
public final class SimulatedDeviceBuilder {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  final DeviceId id;
  @Nullable GroupId group;
  @Nullable Token token;
  @Nullable String mqttUser;
  @Nullable String mqttPassword;
  @Nullable String brokerHost;
  int brokerPort;
  @Nullable URI server;
  String version = "1.2.6";
  String coreVersion = "5.0.0";
  @Nullable String sketchSha256;
  long freeSpace = 1_966_080;
  boolean verifyImage = true;
  Duration statusInterval = Duration.ofSeconds(5);
  Duration pace = Duration.ofSeconds(2);
  Duration reboot = Duration.ofSeconds(10);
  Duration checkInterval = Duration.ofHours(6);
  Duration reconnect = Duration.ofSeconds(5);
  Duration timeout = Duration.ofSeconds(8);
  DeviceListener listener = (device, progress) -> {};

  SimulatedDeviceBuilder(DeviceId id) {
    this.id = id;
  }

  /**
   * Addresses it by its group. Either this or {@link #token(Token)} is required; the last call
   * counts.
   *
   * @param group the group
   * @param groupToken the token of the group
   * @return this
   */
  public SimulatedDeviceBuilder group(GroupId group, Token groupToken) {
    this.group = group;
    this.token = groupToken;
    return this;
  }

  /**
   * Addresses it by itself.
   *
   * @param deviceToken its own token
   * @return this
   */
  public SimulatedDeviceBuilder token(Token deviceToken) {
    this.group = null;
    this.token = deviceToken;
    return this;
  }

  /**
   * The MQTT user name that it connects with. Required.
   *
   * @param mqttUser the name, the first level of its topics
   * @return this
   */
  public SimulatedDeviceBuilder mqttUser(String mqttUser) {
    this.mqttUser = mqttUser;
    return this;
  }

  /**
   * The MQTT password. Default: none.
   *
   * @param mqttPassword the password
   * @return this
   */
  public SimulatedDeviceBuilder mqttPassword(String mqttPassword) {
    this.mqttPassword = mqttPassword;
    return this;
  }

  /**
   * The broker. Required.
   *
   * @param host its host name or address
   * @param port its port for plain MQTT
   * @return this
   */
  public SimulatedDeviceBuilder broker(String host, int port) {
    this.brokerHost = host;
    this.brokerPort = port;
    return this;
  }

  /**
   * The server that the device asks. Required.
   *
   * @param server an {@code http} URI with a host; {@code /v1/ota/...} is appended to its path
   * @return this
   * @throws IllegalArgumentException if it is no such URI
   */
  public SimulatedDeviceBuilder server(URI server) {
    if (!"http".equalsIgnoreCase(server.getScheme()) || server.getHost() == null) {
      throw new IllegalArgumentException("The server must be an http URI with a host");
    }
    this.server = server;
    return this;
  }

  /**
   * The version that it starts with. Default: {@code 1.2.6}.
   *
   * @param version any text
   * @return this
   */
  public SimulatedDeviceBuilder version(String version) {
    this.version = version;
    return this;
  }

  /**
   * The version of its operating system. Default: {@code 5.0.0}.
   *
   * @param coreVersion any text
   * @return this
   */
  public SimulatedDeviceBuilder coreVersion(String coreVersion) {
    this.coreVersion = coreVersion;
    return this;
  }

  /**
   * The digest of the image that it starts with. Default: made up.
   *
   * @param sketchSha256 64 lower-case hexadecimal digits
   * @return this
   * @throws IllegalArgumentException if it is anything else
   */
  public SimulatedDeviceBuilder sketchSha256(String sketchSha256) {
    if (!SHA256.matcher(sketchSha256).matches()) {
      throw new IllegalArgumentException("A SHA-256 has 64 lower-case hexadecimal digits");
    }
    this.sketchSha256 = sketchSha256;
    return this;
  }

  /**
   * The room for a new image. Default: 1,966,080, that of a usual partition table for 4 MB.
   *
   * @param freeSpace bytes
   * @return this
   */
  public SimulatedDeviceBuilder freeSpace(long freeSpace) {
    this.freeSpace = freeSpace;
    return this;
  }

  /**
   * Whether a download must be a valid ESP32 application image, as on a device, or may be anything
   * that begins with 0xE9. Default: true.
   *
   * @param verifyImage whether
   * @return this
   */
  public SimulatedDeviceBuilder verifyImage(boolean verifyImage) {
    this.verifyImage = verifyImage;
    return this;
  }

  /**
   * How often it publishes its status. Default: 5 seconds.
   *
   * @param statusInterval the interval, positive
   * @return this
   * @throws IllegalArgumentException if it is not positive
   */
  public SimulatedDeviceBuilder statusInterval(Duration statusInterval) {
    this.statusInterval = positive(statusInterval);
    return this;
  }

  /**
   * How long it waits between a trigger and its check. Default: 2 seconds.
   *
   * @param pace the delay
   * @return this
   */
  public SimulatedDeviceBuilder pace(Duration pace) {
    this.pace = pace;
    return this;
  }

  /**
   * How long it takes to boot a new image. Default: 10 seconds.
   *
   * @param reboot the delay
   * @return this
   */
  public SimulatedDeviceBuilder reboot(Duration reboot) {
    this.reboot = reboot;
    return this;
  }

  /**
   * How often it checks without a trigger. Default: 6 hours.
   *
   * @param checkInterval the interval, positive
   * @return this
   * @throws IllegalArgumentException if it is not positive
   */
  public SimulatedDeviceBuilder checkInterval(Duration checkInterval) {
    this.checkInterval = positive(checkInterval);
    return this;
  }

  /**
   * How long it waits before it connects again to a broker that was lost. Default: 5 seconds.
   *
   * @param reconnect the delay
   * @return this
   */
  public SimulatedDeviceBuilder reconnect(Duration reconnect) {
    this.reconnect = reconnect;
    return this;
  }

  /**
   * How long it waits for the server or the broker: for a connection and for every read. Default: 8
   * seconds.
   *
   * @param timeout the time, positive
   * @return this
   * @throws IllegalArgumentException if it is not positive
   */
  public SimulatedDeviceBuilder timeout(Duration timeout) {
    this.timeout = positive(timeout);
    return this;
  }

  /**
   * Who hears what it does. Default: nobody.
   *
   * @param listener the listener
   * @return this
   */
  public SimulatedDeviceBuilder listener(DeviceListener listener) {
    this.listener = listener;
    return this;
  }

  /**
   * Makes a device that has threads of its own; {@link SimulatedFleet#add(SimulatedDeviceBuilder)}
   * makes one that shares them. It stays switched off.
   *
   * @return the device
   * @throws IllegalStateException if a required call is missing
   */
  public SimulatedDevice build() {
    return new SimulatedDevice(
        new DeviceSettings(this), new DeviceThreads(null, 1), true, () -> {});
  }

  private static Duration positive(Duration duration) {
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException("Must be positive: " + duration);
    }
    return duration;
  }
}
