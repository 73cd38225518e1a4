package io.groupota.mqtt;

import com.hivemq.configuration.service.InternalConfigurations;
import com.hivemq.embedded.EmbeddedExtension;
import com.hivemq.embedded.EmbeddedHiveMQ;
import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.auth.SimpleAuthenticator;
import com.hivemq.extension.sdk.api.auth.parameter.SimpleAuthInput;
import com.hivemq.extension.sdk.api.auth.parameter.SimpleAuthOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopOutput;
import com.hivemq.extension.sdk.api.services.Services;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A real MQTT broker in this JVM, on loopback, that lets everybody in. Keeps nothing: a restart
 * forgets sessions and subscriptions.
 */
final class EmbeddedBroker implements AutoCloseable {
  private final Path folder;
  private final int port;
  private @Nullable EmbeddedHiveMQ broker;

  private EmbeddedBroker(Path folder, int port) {
    this.folder = folder;
    this.port = port;
  }

  /** Starts a broker on a free port. */
  static EmbeddedBroker start(Path folder) {
    EmbeddedBroker made = new EmbeddedBroker(folder, freePort());
    made.start();
    return made;
  }

  int port() {
    return port;
  }

  /** Starts it unless it runs; returns when it takes connections. */
  void start() {
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

  /** Stops it; clients lose their connections. */
  void stop() {
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
          </listeners>
          <persistence>
            <mode>in-memory</mode>
          </persistence>
          <anonymous-usage-statistics>
            <enabled>false</enabled>
          </anonymous-usage-statistics>
        </hivemq>
        """
            .formatted(port));
    return configuration;
  }

  private static EmbeddedExtension allowAll() {
    return EmbeddedExtension.builder()
        .withId("allow-all")
        .withName("Allow all")
        .withVersion("1")
        .withPriority(0)
        .withStartPriority(1000)
        .withAuthor("Group OTA")
        .withExtensionMain(new AllowAll())
        .build();
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class AllowAll implements ExtensionMain {
    @Override
    public void extensionStart(ExtensionStartInput input, ExtensionStartOutput output) {
      Services.securityRegistry()
          .setAuthenticatorProvider(
              providerInput ->
                  new SimpleAuthenticator() {
                    @Override
                    public void onConnect(SimpleAuthInput connect, SimpleAuthOutput result) {
                      result.authenticateSuccessfully();
                    }
                  });
    }

    @Override
    public void extensionStop(ExtensionStopInput input, ExtensionStopOutput output) {}
  }
}
