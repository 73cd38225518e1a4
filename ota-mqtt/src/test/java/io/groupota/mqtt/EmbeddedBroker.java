package io.groupota.mqtt;

import com.hivemq.configuration.service.InternalConfigurations;
import com.hivemq.embedded.EmbeddedExtension;
import com.hivemq.embedded.EmbeddedHiveMQ;
import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.auth.SimpleAuthenticator;
import com.hivemq.extension.sdk.api.auth.parameter.SimpleAuthInput;
import com.hivemq.extension.sdk.api.auth.parameter.SimpleAuthOutput;
import com.hivemq.extension.sdk.api.packets.connect.ConnackReasonCode;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopOutput;
import com.hivemq.extension.sdk.api.services.Services;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A real MQTT broker in this JVM, on loopback, that lets everybody in. Keeps nothing: a restart
 * forgets sessions and subscriptions.
 */
final class EmbeddedBroker implements GuardedBroker {
  private final Path folder;
  private final Ports ports;
  private final String guarded;
  private @Nullable EmbeddedHiveMQ broker;

  private EmbeddedBroker(Path folder, Ports ports, String guarded) {
    this.folder = folder;
    this.ports = ports;
    this.guarded = guarded;
  }

  /** Starts a broker on a free port. */
  static EmbeddedBroker start(Path folder) {
    try {
      EmbeddedBroker made = new EmbeddedBroker(folder, Ports.free(), "");
      made.start();
      return made;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A broker with listeners that ask for a password, not started. */
  static EmbeddedBroker guarded(Path folder, Certificates certificates, Ports ports) {
    String listeners =
        """
        <tcp-listener><port>%d</port><bind-address>127.0.0.1</bind-address></tcp-listener>
        <websocket-listener>
          <port>%d</port><bind-address>127.0.0.1</bind-address><path>/mqtt</path>
          <subprotocols><subprotocol>mqtt</subprotocol></subprotocols>
        </websocket-listener>
        <tls-tcp-listener>
          <port>%d</port><bind-address>127.0.0.1</bind-address>
          <tls>
            <keystore><path>%s</path><password>%s</password>
              <private-key-password>%s</private-key-password></keystore>
            <truststore><path>%s</path><password>%s</password></truststore>
            <client-authentication-mode>REQUIRED</client-authentication-mode>
          </tls>
        </tls-tcp-listener>
        """
            .formatted(
                ports.password(),
                ports.webSocket(),
                ports.tls(),
                certificates.store("server"),
                Certificates.PASSWORD,
                Certificates.PASSWORD,
                certificates.store("trust"),
                Certificates.PASSWORD);
    return new EmbeddedBroker(folder, ports, listeners);
  }

  int port() {
    return ports.open();
  }

  @Override
  public Ports ports() {
    return ports;
  }

  @Override
  public void start() {
    if (broker != null) {
      return;
    }
    try {
      EmbeddedHiveMQ made =
          EmbeddedHiveMQ.builder()
              .withConfigurationFolder(configuration())
              .withDataFolder(Files.createDirectories(folder.resolve("data")))
              .withExtensionsFolder(Files.createDirectories(folder.resolve("extensions")))
              .withEmbeddedExtension(allowAll())
              .withoutLoggingBootstrap()
              .build();
      broker = made;
      lighten();
      made.start().join();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void stop() {
    EmbeddedHiveMQ running = broker;
    if (running != null) {
      broker = null;
      running.stop().join();
    }
  }

  @Override
  public void close() {
    stop();
  }

  /** A broker for a few clients needs few threads and buckets, and starts and stops sooner. */
  private static void lighten() {
    InternalConfigurations.PERSISTENCE_BUCKET_COUNT.set(4);
    InternalConfigurations.PAYLOAD_PERSISTENCE_BUCKET_COUNT.set(4);
    InternalConfigurations.SINGLE_WRITER_THREAD_POOL_SIZE.set(2);
    InternalConfigurations.PERSISTENCE_STARTUP_THREAD_POOL_SIZE.set(2);
    InternalConfigurations.PERSISTENCE_SHUTDOWN_GRACE_PERIOD_MSEC.set(10);
    InternalConfigurations.JMX_REPORTER_ENABLED.set(false);
  }

  private Path configuration() throws IOException {
    Path configuration = Files.createDirectories(folder.resolve("conf"));
    Files.writeString(
        configuration.resolve("config.xml"),
        """
        <?xml version="1.0"?>
        <hivemq>
          <listeners>
            <tcp-listener>
              <port>%d</port>
              <bind-address>127.0.0.1</bind-address>
            </tcp-listener>
            %s
          </listeners>
          <persistence>
            <mode>in-memory</mode>
          </persistence>
          <anonymous-usage-statistics>
            <enabled>false</enabled>
          </anonymous-usage-statistics>
        </hivemq>
        """
            .formatted(ports.open(), guarded));
    return configuration;
  }

  private EmbeddedExtension allowAll() {
    return EmbeddedExtension.builder()
        .withId("allow-all")
        .withName("Allow all")
        .withVersion("1")
        .withPriority(0)
        .withStartPriority(1000)
        .withAuthor("Group OTA")
        .withExtensionMain(new Doorman(ports.open()))
        .build();
  }

  /** Lets everybody in at the open port, and who knows the password at the others. */
  private record Doorman(int open) implements ExtensionMain {
    @Override
    public void extensionStart(ExtensionStartInput input, ExtensionStartOutput output) {
      SimpleAuthenticator doorman = this::onConnect;
      Services.securityRegistry().setAuthenticatorProvider(client -> doorman);
    }

    private void onConnect(SimpleAuthInput input, SimpleAuthOutput output) {
      boolean atOpenPort =
          input
              .getConnectionInformation()
              .getListener()
              .filter(listener -> listener.getPort() == open)
              .isPresent();
      boolean knowsPassword =
          input.getConnectPacket().getUserName().filter(USER::equals).isPresent()
              && input
                  .getConnectPacket()
                  .getPassword()
                  .map(StandardCharsets.UTF_8::decode)
                  .filter(password -> PASSWORD.contentEquals(password))
                  .isPresent();
      if (atOpenPort || knowsPassword) {
        output.authenticateSuccessfully();
      } else {
        output.failAuthentication(ConnackReasonCode.BAD_USER_NAME_OR_PASSWORD);
      }
    }

    @Override
    public void extensionStop(ExtensionStopInput input, ExtensionStopOutput output) {}
  }
}
