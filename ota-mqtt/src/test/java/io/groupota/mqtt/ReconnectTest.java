package io.groupota.mqtt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.hivemq.client.mqtt.MqttVersion;
import io.groupota.GroupId;
import io.groupota.spi.UpdateTrigger;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A broker that is away, goes away and comes back. */
@Timeout(90)
class ReconnectTest {
  private static final String STATUS = "/u/devices/5e1b5774afd4e404d68aebd6/status";
  private static final UpdateTrigger TRIGGER =
      new UpdateTrigger("u", new GroupId("5e1b76bc4315b70eb242567a"), Optional.empty(), "2.3.6");

  @TempDir static Path folder;
  private static EmbeddedBroker broker;

  private final RecordingService recording = new RecordingService();

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(folder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @Test
  void aBrokerThatIsAwayAtTheStartAndGoesAwayLaterIsFoundAgain() throws Exception {
    broker.stop();
    try (MqttLink link = MqttLink.builder().host("127.0.0.1").port(broker.port()).build();
        MqttDeviceListener listener = link.listener(recording.service())) {
      link.start();
      listener.start();
      assertThat(link.isConnected()).isFalse();
      assertThat(failure(link.notifier())).isInstanceOf(ConnectException.class);

      broker.start();
      assertThatMessagesFlow(link, listener, "1.0.0");

      broker.stop();
      Eventually.await("connection lost", () -> !link.isConnected());
      assertThat(listener.isSubscribed()).isFalse();
      assertThat(failure(link.notifier())).isInstanceOf(ConnectException.class);

      broker.start();
      assertThatMessagesFlow(link, listener, "1.0.1");
    } finally {
      broker.start();
    }
  }

  @ParameterizedTest
  @EnumSource(MqttVersion.class)
  void aLostConnectionOfTheLibrarysOwnClientComesBack(MqttVersion version) throws Exception {
    try (CuttingProxy proxy = new CuttingProxy(broker.port());
        MqttLink link =
            MqttLink.builder().host("127.0.0.1").port(proxy.port()).version(version).build();
        MqttDeviceListener listener = link.listener(recording.service())) {
      link.start();
      listener.start();
      assertThatMessagesFlow(link, listener, "1.0.0");

      proxy.cut();
      Eventually.await("connection lost", () -> !link.isConnected());
      assertThatMessagesFlow(link, listener, "1.0.1");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void aHostsClientThatReconnectsByItselfGetsEachMessageOnceAfterwards(int version)
      throws Exception {
    try (CuttingProxy proxy = new CuttingProxy(broker.port());
        Clients host = Clients.make(version, proxy.port(), true)) {
      host.connect();
      try (MqttDeviceListener listener = host.listener(recording.service())) {
        listener.start();
        assertThatMessagesFlow(host.link(), listener, "1.0.0");
        for (int i = 1; i <= 3; i++) {
          proxy.cut();
          assertThatMessagesFlowSoon("1.0." + i);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void aHostThatConnectsItsClientAnewNeedNotSubscribe(int version) throws Exception {
    try (CuttingProxy proxy = new CuttingProxy(broker.port());
        Clients host = Clients.make(version, proxy.port(), false)) {
      host.connect();
      try (MqttDeviceListener listener = host.listener(recording.service())) {
        listener.start();
        assertThatMessagesFlow(host.link(), listener, "1.0.0");

        proxy.cut();
        Eventually.await("connection lost", () -> !host.isConnected());
        host.connect();
        assertThatMessagesFlow(host.link(), listener, "1.0.1");
      }
    }
  }

  @Test
  void aSubscriptionThatIsRefusedIsTriedAgain() throws Exception {
    try (FakeBroker fake = new FakeBroker();
        Clients host = Clients.connected(3, fake.port());
        MqttDeviceListener listener = host.listener(recording.service())) {
      fake.grants(0x80);
      listener.start();
      assertThat(new String(fake.nextSubscribe(), UTF_8)).contains("/+/devices/+/status");
      assertThat(new String(fake.nextSubscribe(), UTF_8)).contains("/+/devices/+/update-response");

      fake.grants(0);
      Eventually.await("subscribed", listener::isSubscribed);
    }
  }

  @Test
  void closingIsPromptAndEndsEveryThreadWhileTheBrokerIsAway() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    MqttLink link = MqttLink.builder().host("127.0.0.1").port(port).build();
    Eventually.await("none before", () -> Eventually.noThread("ota-mqtt"));
    link.start();
    link.start();
    Eventually.await("started", () -> !Eventually.noThread("ota-mqtt-link"));

    link.close();
    link.close();

    Eventually.await("ended", () -> Eventually.noThread("ota-mqtt"));
    assertThatIllegalStateException().isThrownBy(link::start);
  }

  @Test
  void closingTheLinkDisconnectsItsOwnClientAndEndsItsThreads() throws Exception {
    MqttLink link = MqttLink.builder().host("127.0.0.1").port(broker.port()).build();
    link.start();
    Eventually.await("connected", link::isConnected);

    link.close();

    assertThat(link.isConnected()).isFalse();
    Eventually.await("ended", () -> Eventually.noThread("ota-mqtt"));
  }

  @Test
  void aBrokerThatLetsTheClientInAfterTheCloseSeesItLeave() throws Exception {
    try (FakeBroker slow = new FakeBroker()) {
      MqttLink link = closedWhileItConnects(slow);

      slow.welcome();

      Eventually.await("left", () -> slow.connections() == 0);
      Eventually.await("ended", () -> Eventually.noThread("ota-mqtt"));
      assertThat(link.isConnected()).isFalse();
    }
  }

  @Test
  void aConnectThatIsNeverAnsweredEndsAfterTheCloseToo() throws Exception {
    try (FakeBroker silent = new FakeBroker()) {
      closedWhileItConnects(silent);

      Eventually.await("given up", () -> silent.connections() == 0);
      Eventually.await("ended", () -> Eventually.noThread("ota-mqtt"));
    }
  }

  private static MqttLink closedWhileItConnects(FakeBroker broker) throws Exception {
    broker.hesitate();
    MqttLink link = MqttLink.builder().host("127.0.0.1").port(broker.port()).build();
    link.start();
    broker.nextConnect();
    link.close();
    assertThat(broker.connections()).as("still waiting for the answer").isEqualTo(1);
    return link;
  }

  private void assertThatMessagesFlow(MqttLink link, MqttDeviceListener listener, String version)
      throws Exception {
    Eventually.await("subscribed", listener::isSubscribed);
    try (Observer device = Observer.on(broker.port())) {
      device.subscribe("/u/groups/#");
      device.publish(STATUS, "{\"fw_version\":\"" + version + "\"}");
      assertThat(recording.next().version()).contains(version);

      link.notifier().trigger(TRIGGER).toCompletableFuture().get(20, TimeUnit.SECONDS);
      assertThat(device.next().payload()).isEqualTo("{\"ver\":\"2.3.6\"}");
      assertThat(recording.size()).as("each message once").isZero();
    }
  }

  /** For when nobody can say from outside that the subscriptions are there again. */
  private void assertThatMessagesFlowSoon(String version) throws Exception {
    try (Observer device = Observer.on(broker.port())) {
      Eventually.await(
          "a message after the cut",
          () -> {
            device.publish(STATUS, "{\"fw_version\":\"" + version + "\"}");
            return recording.size() > 0;
          });
      recording.drain();
      device.publish(STATUS, "{\"fw_version\":\"once\"}");
      device.publish(STATUS, "{\"fw_version\":\"last\"}");
      List<String> versions = new ArrayList<>();
      while (!versions.contains("last")) {
        versions.add(recording.next().version().orElseThrow());
      }
      assertThat(versions).containsOnlyOnce("once");
    }
  }

  private static Throwable failure(MqttUpdateNotifier notifier) {
    CompletableFuture<?> trigger = notifier.trigger(TRIGGER).toCompletableFuture();
    assertThat(trigger).isCompletedExceptionally();
    Throwable thrown = catchThrowable(trigger::join);
    return thrown.getCause();
  }
}
