package io.groupota.examples.stack;

import com.hivemq.configuration.service.InternalConfigurations;
import com.hivemq.embedded.EmbeddedExtension;
import com.hivemq.embedded.EmbeddedHiveMQ;
import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.auth.SimpleAuthenticator;
import com.hivemq.extension.sdk.api.auth.parameter.SimpleAuthInput;
import com.hivemq.extension.sdk.api.auth.parameter.SimpleAuthOutput;
import com.hivemq.extension.sdk.api.client.parameter.ServerInformation;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopOutput;
import com.hivemq.extension.sdk.api.services.Services;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A HiveMQ broker in this process that lets everybody in, for examples only. It keeps sessions and
 * messages in memory: Group OTA needs neither to survive. Thread-safe.
 */
public final class EmbeddedBroker implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 60;

  private final EmbeddedHiveMQ broker;
  private final Address address;

  private EmbeddedBroker(EmbeddedHiveMQ broker, Address address) {
    this.broker = broker;
    this.address = address;
  }

  /**
   * Starts a broker and waits until it takes connections.
   *
   * @param address where it listens
   * @param folder where it may write its configuration
   * @return the broker
   * @throws StartupException if it cannot listen there, or the folder cannot be written
   */
  public static EmbeddedBroker start(Address address, Path folder) {
    lighten();
    LetEverybodyIn extension = new LetEverybodyIn();
    EmbeddedHiveMQ broker = build(address, folder, extension);
    try {
      broker.start().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
      return new EmbeddedBroker(broker, address.at(extension.port()));
    } catch (CompletionException e) {
      if (e.getCause() instanceof TimeoutException) {
        // An error on its threads never reaches the future; it would not stop either.
        throw new StartupException(
            "The MQTT broker did not start within " + PATIENCE_SECONDS + " s", e);
      }
      stop(broker);
      throw address.cannotListen("--mqtt", e);
    }
  }

  /**
   * Where it listens.
   *
   * @return the address with the port that it has bound
   */
  public Address address() {
    return address;
  }

  /** Disconnects all clients and stops. */
  @Override
  public void close() {
    stop(broker);
  }

  private static EmbeddedHiveMQ build(Address address, Path folder, ExtensionMain extension) {
    try {
      Path configuration = Files.createDirectories(folder.resolve("conf"));
      Files.writeString(configuration.resolve("config.xml"), configuration(address));
      return EmbeddedHiveMQ.builder()
          .withConfigurationFolder(configuration)
          .withDataFolder(Files.createDirectories(folder.resolve("data")))
          .withExtensionsFolder(Files.createDirectories(folder.resolve("extensions")))
          .withEmbeddedExtension(
              EmbeddedExtension.builder()
                  .withId("let-everybody-in")
                  .withName("Let everybody in")
                  .withVersion("1")
                  .withAuthor("Group OTA")
                  .withExtensionMain(extension)
                  .build())
          .withoutLoggingBootstrap()
          .build();
    } catch (IOException e) {
      throw new StartupException("The folder of the MQTT broker cannot be written", e);
    }
  }

  private static String configuration(Address address) {
    return """
        <hivemq>
          <listeners>
            <tcp-listener>
              <port>%d</port>
              <bind-address>%s</bind-address>
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
        .formatted(address.port(), address.resolve().getHostAddress());
  }

  /** Made for a few thousand clients, not for millions: it starts and stops sooner. */
  private static void lighten() {
    InternalConfigurations.PERSISTENCE_BUCKET_COUNT.set(4);
    InternalConfigurations.PAYLOAD_PERSISTENCE_BUCKET_COUNT.set(4);
    InternalConfigurations.SINGLE_WRITER_THREAD_POOL_SIZE.set(2);
    InternalConfigurations.PERSISTENCE_STARTUP_THREAD_POOL_SIZE.set(2);
    InternalConfigurations.PERSISTENCE_SHUTDOWN_GRACE_PERIOD_MSEC.set(10);
    InternalConfigurations.JMX_REPORTER_ENABLED.set(false);
  }

  private static void stop(EmbeddedHiveMQ broker) {
    try {
      broker.close();
    } catch (ExecutionException e) {
      throw new IllegalStateException("The MQTT broker failed to stop", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static final class LetEverybodyIn implements ExtensionMain {
    private volatile @Nullable ServerInformation server;

    @Override
    public void extensionStart(ExtensionStartInput input, ExtensionStartOutput output) {
      server = input.getServerInformation();
      SimpleAuthenticator yes = new Yes();
      Services.securityRegistry().setAuthenticatorProvider(client -> yes);
    }

    @Override
    public void extensionStop(ExtensionStopInput input, ExtensionStopOutput output) {}

    /** The port of the only listener, once the broker has started. */
    int port() {
      ServerInformation started = server;
      if (started == null) {
        throw new IllegalStateException("The MQTT broker did not start its extension");
      }
      return started.getListener().iterator().next().getPort();
    }
  }

  private static final class Yes implements SimpleAuthenticator {
    @Override
    public void onConnect(SimpleAuthInput input, SimpleAuthOutput output) {
      output.authenticateSuccessfully();
    }
  }
}
