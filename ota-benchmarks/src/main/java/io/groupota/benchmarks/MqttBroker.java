package io.groupota.benchmarks;

import com.hivemq.client.mqtt.MqttClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import io.groupota.examples.stack.Address;
import io.groupota.examples.stack.EmbeddedBroker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Mosquitto where it is installed, else the broker of the example server in this process. */
final class MqttBroker implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 20;

  private final Runnable stop;
  private final InetSocketAddress address;

  private MqttBroker(Runnable stop, InetSocketAddress address) {
    this.stop = stop;
    this.address = address;
  }

  static MqttBroker start(Path folder) throws IOException {
    Path home = Files.createDirectories(folder.resolve("broker"));
    Optional<Path> program = Programs.find("mosquitto");
    return program.isPresent() ? mosquitto(program.get(), home) : embedded(home);
  }

  private static MqttBroker embedded(Path home) {
    EmbeddedBroker broker = EmbeddedBroker.start(Address.parse("127.0.0.1:0"), home);
    return new MqttBroker(
        broker::close,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), broker.address().port()));
  }

  private static MqttBroker mosquitto(Path program, Path home) throws IOException {
    InetSocketAddress address =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), Ports.free());
    Path configuration = home.resolve("mosquitto.conf");
    Files.writeString(
        configuration,
        String.format(
            Locale.ROOT,
            """
            listener %d 127.0.0.1
            allow_anonymous true
            persistence false
            max_queued_messages 0
            max_inflight_messages 0
            """,
            address.getPort()));
    Process process =
        Programs.start(
            new ProcessBuilder(List.of(program.toString(), "-c", configuration.toString()))
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("mosquitto.log").toFile()));
    MqttBroker broker = new MqttBroker(() -> Programs.stop(process), address);
    try {
      Ports.awaitOpen(address, process, PATIENCE_SECONDS);
      return broker;
    } catch (IOException e) {
      Programs.stop(process);
      throw e;
    }
  }

  InetSocketAddress address() {
    return address;
  }

  /** A client that is connected. */
  Mqtt5AsyncClient connect() {
    Mqtt5AsyncClient client =
        MqttClient.builder()
            .useMqttVersion5()
            .identifier(UUID.randomUUID().toString())
            .serverAddress(address)
            .buildAsync();
    client
        .connectWith()
        .cleanStart(true)
        .send()
        .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
        .join();
    return client;
  }

  @Override
  public void close() {
    stop.run();
  }
}
