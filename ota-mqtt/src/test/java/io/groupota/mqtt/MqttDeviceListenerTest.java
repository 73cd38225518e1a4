package io.groupota.mqtt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.GroupId;
import io.groupota.UpdateCode;
import io.groupota.spi.UpdateTrigger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Device messages on their way from a real broker to the service. */
@Timeout(60)
class MqttDeviceListenerTest {
  private static final DeviceId DEVICE = new DeviceId("5e1b5774afd4e404d68aebd6");
  private static final String STATUS = "/Hcixd1Fx/devices/" + DEVICE + "/status";
  private static final String RESPONSE = "/Hcixd1Fx/devices/" + DEVICE + "/update-response";

  @TempDir static Path folder;
  private static EmbeddedBroker broker;

  private static final Executor THREAD = task -> new Thread(task, "closer").start();

  private final RecordingService recording = new RecordingService();

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(folder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void aStatusAndACodeBecomeReportsWithTheUserOfTheirTopic(int version) throws Exception {
    try (Clients host = Clients.connected(version, broker.port());
        MqttDeviceListener listener = listening(host.listener(recording.service()));
        Observer device = Observer.on(broker.port())) {
      device.publish(
          STATUS,
          "{\"battery\":100,\"uptime\":5482,\"core_version\":\"5.0.0\",\"fw_version\":\"1.5.2\"}");
      assertThat(recording.next())
          .isEqualTo(
              new DeviceReport(
                  DEVICE,
                  Optional.of("Hcixd1Fx"),
                  Optional.of("1.5.2"),
                  Optional.of("5.0.0"),
                  Optional.empty(),
                  OptionalLong.empty()));

      device.publish(RESPONSE, "{\"code\":201}");
      assertThat(recording.next())
          .isEqualTo(DeviceReport.code(DEVICE, UpdateCode.DOWNLOAD_STARTED).from("Hcixd1Fx"));
      MqttDeviceListener.Counts all = new MqttDeviceListener.Counts(2, 2, 0, 0, 0, 0);
      Eventually.await("two reports", () -> listener.counts().equals(all));
    }
  }

  @Test
  void aUserThatMayNotBeTheDevicesIsForTheServiceToJudge() throws Exception {
    try (Clients host = Clients.connected(3, broker.port());
        MqttDeviceListener listener = listening(host.listener(recording.service()));
        Observer device = Observer.on(broker.port())) {
      device.publish("/somebody else/devices/" + DEVICE + "/status", "{\"fw_version\":\"6.6.6\"}");

      assertThat(recording.next().mqttUser()).contains("somebody else");
      assertThat(listener.isSubscribed()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void rubbishIsCountedAndWhatFollowsStillArrives(int version) throws Exception {
    try (Clients host = Clients.connected(version, broker.port());
        MqttDeviceListener listener = listening(host.listener(recording.service()));
        Observer device = Observer.on(broker.port())) {
      device.publish(STATUS, new byte[0], false);
      device.publish(STATUS, new byte[] {(byte) 0xff, 0, 1}, false);
      device.publish(STATUS, new byte[200_000], false);
      device.publish(STATUS, "[".repeat(1000));
      device.publish(RESPONSE, "{\"code\":\"200\"}");
      device.publish("//devices/" + DEVICE + "/status", "{\"fw_version\":\"1.0.0\"}");
      device.publish("/u/devices/x/update-response", "{\"code\":200}");

      device.publish(STATUS, "{\"fw_version\":\"1.0.0\"}");

      assertThat(recording.next().version()).contains("1.0.0");
      // The two subscriptions deliver in threads of their own.
      MqttDeviceListener.Counts all = new MqttDeviceListener.Counts(8, 1, 7, 0, 0, 0);
      Eventually.await("one report, seven malformed", () -> listener.counts().equals(all));
    }
  }

  @Test
  void messagesOnOtherTopicsAreNotEvenSubscribed() throws Exception {
    try (Clients host = Clients.connected(3, broker.port());
        MqttDeviceListener listener = listening(host.listener(recording.service()));
        Observer device = Observer.on(broker.port())) {
      device.publish("/u/devices/" + DEVICE + "/status/deep", "{\"fw_version\":\"1.0.0\"}");
      device.publish("u/devices/" + DEVICE + "/status", "{\"fw_version\":\"1.0.0\"}");
      device.publish("/u/groups/" + DEVICE + "/update-trigger", "{}");
      device.publish(STATUS, "{\"fw_version\":\"2.0.0\"}");

      assertThat(recording.next().version()).contains("2.0.0");
      assertThat(listener.counts().received()).isEqualTo(1);
    }
  }

  @Test
  void aRetainedStatusIsOldNewsAndDropped() throws Exception {
    try (Observer device = Observer.on(broker.port())) {
      device.publish(STATUS, "{\"fw_version\":\"0.0.1\"}".getBytes(UTF_8), true);
      try (Clients host = Clients.connected(3, broker.port());
          MqttDeviceListener listener = listening(host.listener(recording.service()))) {
        device.publish(STATUS, "{\"fw_version\":\"2.0.0\"}");

        assertThat(recording.next().version()).contains("2.0.0");
        Eventually.await("counted", () -> listener.counts().retained() == 1);
        assertThat(recording.size()).isZero();
      } finally {
        device.publish(STATUS, new byte[0], true);
      }
    }
  }

  @Test
  void aServiceThatRefusesOrThrowsLosesOneReportAndNoMore() throws Exception {
    try (Clients host = Clients.connected(3, broker.port());
        MqttDeviceListener listener = listening(host.listener(recording.service()));
        Observer device = Observer.on(broker.port())) {
      recording.answers(report -> false);
      device.publish(STATUS, "{\"fw_version\":\"1.0.0\"}");
      Eventually.await("refused", () -> listener.counts().refused() == 1);

      recording.answers(
          report -> {
            throw new IllegalStateException("broken on purpose");
          });
      device.publish(STATUS, "{\"fw_version\":\"1.0.1\"}");
      Eventually.await("failed", () -> listener.counts().failed() == 1);

      recording.answers(report -> true);
      device.publish(STATUS, "{\"fw_version\":\"1.0.2\"}");
      assertThat(recording.next().version()).contains("1.0.2");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void twoNodesThatShareGetEachMessageOnce(int version) throws Exception {
    RecordingService other = new RecordingService();
    try (Clients host1 = Clients.connected(version, broker.port());
        Clients host2 = Clients.connected(version, broker.port());
        MqttDeviceListener listener1 = listening(shared(host1, recording));
        MqttDeviceListener listener2 = listening(shared(host2, other));
        Observer device = Observer.on(broker.port())) {
      List<String> sent = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        sent.add("1.0." + i);
        device.publish(STATUS, "{\"fw_version\":\"1.0." + i + "\"}");
      }

      Eventually.await(
          "all of them",
          () -> listener1.counts().reported() + listener2.counts().reported() >= sent.size());

      List<DeviceReport> first = recording.drain();
      List<DeviceReport> second = other.drain();
      assertThat(first).isNotEmpty();
      assertThat(second).isNotEmpty();
      List<DeviceReport> both = new ArrayList<>(first);
      both.addAll(second);
      assertThat(both)
          .extracting(report -> report.version().orElseThrow())
          .containsExactlyInAnyOrderElementsOf(sent);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void closingUnsubscribesAndLeavesTheHostsClientConnected(int version) throws Exception {
    try (Clients host = Clients.connected(version, broker.port());
        Observer device = Observer.on(broker.port())) {
      MqttDeviceListener listener = listening(host.listener(recording.service()));
      listener.close();
      listener.close();

      assertThat(host.isConnected()).isTrue();
      assertThat(listener.isSubscribed()).isFalse();
      try (MqttDeviceListener next = listening(host.listener(recording.service()))) {
        device.publish(STATUS, "{\"fw_version\":\"1.0.0\"}");
        assertThat(recording.next().version()).contains("1.0.0");
        Eventually.await("counted", () -> next.counts().reported() == 1);
      }
      assertThat(listener.counts().received()).isZero();
      assertThat(recording.size()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatTheBrokerSendsUntilItHasUnsubscribedIsReported(boolean shared) throws Exception {
    int messages = 200;
    CountDownLatch unsubscribed = new CountDownLatch(1);
    recording.answers(report -> isOver(unsubscribed));
    try (FakeBroker fake = new FakeBroker();
        Clients host = Clients.connected(3, fake.port())) {
      MqttDeviceListener listener =
          listening(shared ? shared(host, recording) : host.listener(recording.service()));
      CompletableFuture<Void> closed = CompletableFuture.runAsync(listener::close, THREAD);
      List<byte[]> unsubscribes = List.of(fake.nextUnsubscribe(), fake.nextUnsubscribe());

      assertThat(listener.isSubscribed()).isFalse();
      for (int id = 1; id <= messages; id++) {
        fake.publish(id, RESPONSE, "{\"code\":203}");
      }
      for (byte[] unsubscribe : unsubscribes) {
        fake.confirm(unsubscribe);
      }
      awaitThatTheClientHasReadEverything(host, fake);
      unsubscribed.countDown();

      closed.get(20, TimeUnit.SECONDS);
      assertThat(recording.size()).isEqualTo(messages);
      assertThat(listener.counts())
          .isEqualTo(new MqttDeviceListener.Counts(messages, messages, 0, 0, 0, 0));
    }
  }

  private static boolean isOver(CountDownLatch latch) {
    try {
      return latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What is acknowledged after it is read after it. */
  private static void awaitThatTheClientHasReadEverything(Clients host, FakeBroker fake)
      throws Exception {
    UpdateTrigger any =
        new UpdateTrigger("u", new GroupId("0".repeat(24)), Optional.empty(), "1.0.0");
    CompletableFuture<?> trigger = host.notifier().trigger(any).toCompletableFuture();
    fake.acknowledge(fake.nextPublish());
    trigger.get(20, TimeUnit.SECONDS);
  }

  @Test
  void nothingIsReportedAfterTheCloseEvenIfTheBrokerDoesNotUnsubscribe() throws Exception {
    RecordingService other = new RecordingService();
    try (FakeBroker fake = new FakeBroker();
        MqttLink link = MqttLink.builder().host("127.0.0.1").port(fake.port()).build()) {
      link.start();
      MqttDeviceListener closed = listening(link.listener(recording.service()));
      closed.close();
      try (MqttDeviceListener next = listening(link.listener(other.service()))) {
        // Both would be called by the same thread: what the one has not got, it will not get.
        for (int id = 1; id <= 2; id++) {
          fake.publish(id, RESPONSE, "{\"code\":203}");
          other.next();
        }
        assertThat(next.isSubscribed()).isTrue();
      }
      assertThat(closed.counts().received()).isZero();
      assertThat(recording.size()).isZero();
    }
  }

  @Test
  void theThreadLivesFromStartToClose() {
    try (Clients host = Clients.connected(3, broker.port())) {
      MqttDeviceListener listener = host.listener(recording.service());
      Eventually.await("none before", () -> Eventually.noThread("ota-mqtt"));

      listener.start();
      listener.start();
      Eventually.await("started", () -> !Eventually.noThread("ota-mqtt-listener"));
      listener.close();

      Eventually.await("ended", () -> Eventually.noThread("ota-mqtt"));
      assertThatIllegalStateException().isThrownBy(listener::start);
    }
  }

  @Test
  void aClientThatIsConnectedLaterIsSubscribedThen() throws Exception {
    try (Clients host = Clients.make(5, broker.port(), false);
        MqttDeviceListener listener = host.listener(recording.service());
        Observer device = Observer.on(broker.port())) {
      listener.start();
      assertThat(listener.isSubscribed()).isFalse();

      host.connect();
      Eventually.await("subscribed", listener::isSubscribed);

      device.publish(STATUS, "{\"fw_version\":\"1.0.0\"}");
      assertThat(recording.next().version()).contains("1.0.0");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b", "+", "#", "a b", "ü"})
  void aNameOfAShareThatNoBrokerWouldTakeIsRefused(String name) {
    try (Clients host = Clients.make(3, broker.port(), false)) {
      MqttDeviceListener.Builder builder =
          MqttDeviceListener.builder(host.link(), recording.service());
      assertThatIllegalArgumentException().isThrownBy(() -> builder.sharedAs(name));
    }
  }

  private static MqttDeviceListener shared(Clients host, RecordingService service) {
    return MqttDeviceListener.builder(host.link(), service.service()).sharedAs("ota").build();
  }

  private static MqttDeviceListener listening(MqttDeviceListener listener) {
    listener.start();
    Eventually.await("subscribed", listener::isSubscribed);
    return listener;
  }
}
