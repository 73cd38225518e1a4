package io.groupota.testkit.device;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3BlockingClient;
import com.hivemq.client.mqtt.mqtt3.Mqtt3Client;
import com.hivemq.configuration.service.InternalConfigurations;
import com.hivemq.embedded.EmbeddedExtension;
import com.hivemq.embedded.EmbeddedHiveMQ;
import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.auth.SimpleAuthenticator;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopOutput;
import com.hivemq.extension.sdk.api.services.Services;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A real broker in this JVM, and a client that hears what the devices say. */
final class TestBroker implements AutoCloseable {
  private final Path folder;
  private final int port;
  private final BlockingQueue<String> codes = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> statuses = new LinkedBlockingQueue<>();
  private volatile String user = "";
  private @Nullable EmbeddedHiveMQ broker;
  private @Nullable Mqtt3BlockingClient client;

  TestBroker(Path folder) throws IOException {
    this.folder = folder;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    start();
  }

  int port() {
    return port;
  }

  void start() throws IOException {
    Path configuration = Files.createDirectories(folder.resolve("conf"));
    Files.writeString(
        configuration.resolve("config.xml"),
        """
        <?xml version="1.0"?>
        <hivemq>
          <listeners>
            <tcp-listener><port>%d</port><bind-address>127.0.0.1</bind-address></tcp-listener>
          </listeners>
          <persistence><mode>in-memory</mode></persistence>
          <anonymous-usage-statistics><enabled>false</enabled></anonymous-usage-statistics>
        </hivemq>
        """
            .formatted(port));
    EmbeddedHiveMQ starting =
        EmbeddedHiveMQ.builder()
            .withConfigurationFolder(configuration)
            .withDataFolder(Files.createDirectories(folder.resolve("data")))
            .withExtensionsFolder(Files.createDirectories(folder.resolve("extensions")))
            .withEmbeddedExtension(allowAll())
            .withoutLoggingBootstrap()
            .build();
    broker = starting;
    InternalConfigurations.PERSISTENCE_BUCKET_COUNT.set(4);
    InternalConfigurations.PAYLOAD_PERSISTENCE_BUCKET_COUNT.set(4);
    InternalConfigurations.PERSISTENCE_SHUTDOWN_GRACE_PERIOD_MSEC.set(10);
    InternalConfigurations.JMX_REPORTER_ENABLED.set(false);
    starting.start().join();
    listen();
  }

  private void listen() {
    Mqtt3BlockingClient listening =
        Mqtt3Client.builder().serverHost("127.0.0.1").serverPort(port).buildBlocking();
    client = listening;
    listening.connect();
    listening
        .toAsync()
        .subscribeWith()
        .topicFilter("/+/devices/+/+")
        .callback(
            message -> {
              String topic = message.getTopic().toString();
              String text =
                  topic + " " + new String(message.getPayloadAsBytes(), StandardCharsets.UTF_8);
              if (!topic.startsWith("/" + user + "/")) {
                return;
              }
              if (topic.endsWith("/update-response")) {
                codes.add(text);
              } else if (topic.endsWith("/status")) {
                statuses.add(text);
              }
            })
        .send()
        .join();
  }

  /** The next code that a device says, with its topic. */
  String nextCode() throws InterruptedException {
    return next(codes);
  }

  /** The next status of a device, with its topic. */
  String nextStatus() throws InterruptedException {
    return next(statuses);
  }

  /** Skips what devices say up to a status with a text. */
  String awaitStatus(String text) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    String status;
    do {
      status = statuses.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (status == null) {
        throw new AssertionError("No status with " + text + " within 10 s");
      }
    } while (!status.contains(text));
    return status;
  }

  boolean hasCodes() {
    return !codes.isEmpty();
  }

  /** Forgets what came, and takes only what this MQTT user sends from now on. */
  void listenTo(String mqttUser) {
    user = mqttUser;
    codes.clear();
    statuses.clear();
  }

  void publish(String topic, byte[] payload) {
    publish(topic, payload, false);
  }

  void publish(String topic, byte[] payload, boolean retained) {
    Mqtt3BlockingClient publisher = client;
    if (publisher == null) {
      throw new IllegalStateException("The broker is stopped");
    }
    publisher
        .publishWith()
        .topic(topic)
        .qos(MqttQos.AT_LEAST_ONCE)
        .retain(retained)
        .payload(payload)
        .send();
  }

  void stop() {
    EmbeddedHiveMQ running = broker;
    Mqtt3BlockingClient listening = client;
    broker = null;
    client = null;
    if (listening != null) {
      listening.disconnect();
    }
    if (running != null) {
      running.stop().join();
    }
  }

  @Override
  public void close() {
    stop();
  }

  private static String next(BlockingQueue<String> queue) throws InterruptedException {
    String text = queue.poll(10, TimeUnit.SECONDS);
    if (text == null) {
      throw new AssertionError("No message within 10 s");
    }
    return text;
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

  private static final class AllowAll implements ExtensionMain {
    @Override
    public void extensionStart(ExtensionStartInput input, ExtensionStartOutput output) {
      SimpleAuthenticator everybody = (connect, result) -> result.authenticateSuccessfully();
      Services.securityRegistry().setAuthenticatorProvider(provider -> everybody);
    }

    @Override
    public void extensionStop(ExtensionStopInput input, ExtensionStopOutput output) {}
  }
}
