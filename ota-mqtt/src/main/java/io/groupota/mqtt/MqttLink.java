package io.groupota.mqtt;

import static java.util.Objects.requireNonNull;

import com.hivemq.client.mqtt.MqttClient;
import com.hivemq.client.mqtt.MqttClientBuilder;
import com.hivemq.client.mqtt.MqttClientSslConfig;
import com.hivemq.client.mqtt.MqttVersion;
import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import io.groupota.GroupOtaService;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The connection to the broker: a client that the host brings, or one that is made from a
 * configuration. Thread-safe.
 *
 * <p>A host's client stays the host's: it is connected, reconnected and closed by the host alone,
 * and {@link #start()} and {@link #close()} do nothing. A configured one is connected in {@link
 * #start()}, stays so (whatever happens to the broker, with growing, jittered pauses) and is
 * disconnected in {@link #close()}.
 *
 * <pre>{@code
 * MqttLink link = MqttLink.builder().host("broker.example.org").user("ota").password(secret).build();
 * GroupOtaService ota = GroupOta.builder().notifier(link.notifier())....build();
 * MqttDeviceListener listener = link.listener(ota);
 * link.start();
 * ota.start();
 * listener.start();
 * }</pre>
 */
public final class MqttLink implements AutoCloseable {
  private final MqttPort port;
  private final @Nullable OwnConnection own;
  private final String description;

  private MqttLink(MqttPort port, @Nullable OwnConnection own, String description) {
    this.port = port;
    this.own = own;
    this.description = description;
  }

  /**
   * Uses the host's own client, connected or not.
   *
   * @param client the client
   * @return the link
   */
  public static MqttLink using(Mqtt5AsyncClient client) {
    return new MqttLink(new Mqtt5Port(requireNonNull(client, "client")), null, "host's client");
  }

  /**
   * Uses the host's own client, connected or not.
   *
   * @param client the client
   * @return the link
   */
  public static MqttLink using(Mqtt3AsyncClient client) {
    return new MqttLink(new Mqtt3Port(requireNonNull(client, "client")), null, "host's client");
  }

  /**
   * Starts the configuration of a client of the library's own.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * A notifier on this link with the default limits; for others see {@link
   * MqttUpdateNotifier#builder}.
   *
   * @return the notifier
   */
  public MqttUpdateNotifier notifier() {
    return MqttUpdateNotifier.builder(this).build();
  }

  /**
   * A listener on this link that shares with no other node; for options see {@link
   * MqttDeviceListener#builder}.
   *
   * @param service where reports go
   * @return the listener, not started
   */
  public MqttDeviceListener listener(GroupOtaService service) {
    return MqttDeviceListener.builder(this, service).build();
  }

  /**
   * Whether the client is connected now.
   *
   * @return whether it is
   */
  public boolean isConnected() {
    return port.isConnected();
  }

  /**
   * Connects a configured client, now or as soon as the broker is there, and returns at once. Does
   * nothing when called again, or with a host's client.
   *
   * @throws IllegalStateException if the link is closed
   */
  public void start() {
    if (own != null) {
      own.start();
    }
  }

  /**
   * Disconnects a configured client (waiting 2 seconds at the most) and ends its threads. If the
   * broker has not answered a connect by then, both happen as soon as it does or the connect times
   * out. Does nothing when called again, or with a host's client. Close listeners before their
   * link.
   */
  @Override
  public void close() {
    if (own != null) {
      own.close();
    }
  }

  /** Returns where the link goes, without any secret. */
  @Override
  public String toString() {
    return "MqttLink[" + description + "]";
  }

  MqttPort port() {
    return port;
  }

  /** Collects the configuration of a client. Not thread-safe; shows no secret. */
  public static final class Builder {
    private static final int PORT = 1883;
    private static final int TLS_PORT = 8883;
    private static final int WEB_SOCKET_PORT = 80;
    private static final int TLS_WEB_SOCKET_PORT = 443;

    private @Nullable String host;
    private int port;
    private @Nullable String user;
    private @Nullable String password;
    private String clientId = "ota-" + UUID.randomUUID().toString().substring(0, 18);
    private @Nullable MqttClientSslConfig tls;
    private Duration keepAlive = Duration.ofSeconds(30);
    private boolean webSocket;
    private MqttVersion version = MqttVersion.MQTT_3_1_1;

    private Builder() {}

    /**
     * The broker. Required.
     *
     * @param host a name or an address
     * @return this builder
     * @throws IllegalArgumentException if it is empty
     */
    public Builder host(String host) {
      if (host.isBlank()) {
        throw new IllegalArgumentException("host must not be empty");
      }
      this.host = host;
      return this;
    }

    /**
     * The port of the broker. Default: 1883, with TLS 8883; for a web socket 80, with TLS 443.
     *
     * @param port 1 to 65535
     * @return this builder
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder port(int port) {
      if (port < 1 || port > 65_535) {
        throw new IllegalArgumentException("port must be 1 to 65535");
      }
      this.port = port;
      return this;
    }

    /**
     * The user name to connect with. Default: none.
     *
     * @param user the name
     * @return this builder
     */
    public Builder user(String user) {
      this.user = requireNonNull(user, "user");
      return this;
    }

    /**
     * The password of the user. Default: none.
     *
     * @param password the password
     * @return this builder
     */
    public Builder password(String password) {
      this.password = requireNonNull(password, "password");
      return this;
    }

    /**
     * The client identifier. Two clients of one broker with the same one throw each other out.
     * Default: a random one.
     *
     * @param clientId the identifier
     * @return this builder
     */
    public Builder clientId(String clientId) {
      this.clientId = requireNonNull(clientId, "clientId");
      return this;
    }

    /**
     * Connects with TLS. Default: without.
     *
     * @param tls trust and keys, {@link MqttClientSslConfig#builder()} for those of the JVM
     * @return this builder
     */
    public Builder tls(MqttClientSslConfig tls) {
      this.tls = requireNonNull(tls, "tls");
      return this;
    }

    /**
     * How often to say that the client is alive; a connection that is silent for longer is given
     * up. Default: 30 seconds.
     *
     * @param keepAlive 1 second to 18 hours
     * @return this builder
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder keepAlive(Duration keepAlive) {
      if (keepAlive.compareTo(Duration.ofSeconds(1)) < 0
          || keepAlive.compareTo(Duration.ofHours(18)) > 0) {
        throw new IllegalArgumentException("keepAlive must be 1 second to 18 hours");
      }
      this.keepAlive = keepAlive;
      return this;
    }

    /**
     * Whether to speak MQTT over a web socket (path {@code /mqtt}). Default: over TCP. Needs {@code
     * io.netty:netty-codec-http} on the class path, in the version of the client's other parts of
     * Netty.
     *
     * @param webSocket whether to
     * @return this builder
     */
    public Builder webSocket(boolean webSocket) {
      this.webSocket = webSocket;
      return this;
    }

    /**
     * The version of MQTT to speak with the broker; devices need not speak the same. Default:
     * 3.1.1, which every broker knows.
     *
     * @param version the version
     * @return this builder
     */
    public Builder version(MqttVersion version) {
      this.version = requireNonNull(version, "version");
      return this;
    }

    /**
     * Makes the link; nothing is connected before {@link MqttLink#start()}.
     *
     * @return the link
     * @throws IllegalStateException if {@link #host} was not called, or a password comes without a
     *     user
     */
    public MqttLink build() {
      if (host == null) {
        throw new IllegalStateException("Call host(...) before build()");
      }
      if (password != null && user == null) {
        throw new IllegalStateException("Call user(...) before build(): a password needs a user");
      }
      OwnThreads threads = new OwnThreads();
      MqttPort made = client(host, threads);
      String description = scheme() + "://" + host + ":" + brokerPort();
      return new MqttLink(
          made, new OwnConnection(made, threads, keepAlive, description), description);
    }

    private String scheme() {
      return (webSocket ? "ws" : "mqtt") + (tls == null ? "" : "s");
    }

    private int brokerPort() {
      if (port != 0) {
        return port;
      }
      if (webSocket) {
        return tls == null ? WEB_SOCKET_PORT : TLS_WEB_SOCKET_PORT;
      }
      return tls == null ? PORT : TLS_PORT;
    }

    private MqttPort client(String broker, OwnThreads threads) {
      MqttClientBuilder common =
          MqttClient.builder()
              .identifier(clientId)
              .executorConfig(threads.config())
              .transportConfig(OwnConnection.transport(broker, brokerPort(), tls, webSocket));
      return version == MqttVersion.MQTT_5_0 ? client5(common) : client3(common);
    }

    private MqttPort client3(MqttClientBuilder common) {
      var builder = common.useMqttVersion3();
      if (user != null) {
        var auth = builder.simpleAuth().username(user);
        builder =
            (password == null ? auth : auth.password(password.getBytes(StandardCharsets.UTF_8)))
                .applySimpleAuth();
      }
      return new Mqtt3Port(builder.buildAsync());
    }

    private MqttPort client5(MqttClientBuilder common) {
      var builder = common.useMqttVersion5();
      if (user != null) {
        var auth = builder.simpleAuth().username(user);
        builder =
            (password == null ? auth : auth.password(password.getBytes(StandardCharsets.UTF_8)))
                .applySimpleAuth();
      }
      return new Mqtt5Port(builder.buildAsync());
    }
  }
}
