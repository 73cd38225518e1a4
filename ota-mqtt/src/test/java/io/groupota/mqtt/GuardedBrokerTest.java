package io.groupota.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.hivemq.client.mqtt.MqttClientSslConfig;
import com.hivemq.client.mqtt.MqttVersion;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.spi.UpdateTrigger;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/** A broker as production has it: passwords, a private authority, client certificates. */
@Timeout(90)
class GuardedBrokerTest {
  private static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  private static final DeviceId DEVICE = new DeviceId("5e1b5774afd4e404d68aebd6");
  private static final String STATUS = "/alice/devices/" + DEVICE + "/status";

  @TempDir static Path folder;
  private static Certificates certificates;
  private static GuardedBroker broker;

  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger("io.groupota.mqtt");

  @BeforeAll
  static void makeBroker() throws Exception {
    certificates = Certificates.make(folder.resolve("certificates"));
    broker = GuardedBroker.make(folder, certificates);
  }

  @AfterAll
  static void closeBroker() {
    broker.close();
  }

  @BeforeEach
  void start() {
    log.start();
    logger.addAppender(log);
    broker.start();
  }

  @AfterEach
  void assertSecretsAreKept() {
    logger.detachAppender(log);
    assertThat(List.copyOf(log.list))
        .extracting(ILoggingEvent::getFormattedMessage)
        .noneMatch(line -> line.contains(GuardedBroker.PASSWORD));
  }

  @ParameterizedTest
  @EnumSource
  void aUserAndAPasswordLetIn(MqttVersion version) throws Exception {
    assertServes(known().port(broker.ports().password()).version(version));
  }

  @ParameterizedTest
  @EnumSource
  void aPrivateAuthorityAndAClientCertificateLetIn(MqttVersion version) throws Exception {
    MqttClientSslConfig tls =
        MqttClientSslConfig.builder()
            .trustManagerFactory(certificates.trust())
            .keyManagerFactory(certificates.client())
            .build();
    assertServes(known().host("localhost").port(broker.ports().tls()).tls(tls).version(version));
  }

  @ParameterizedTest
  @EnumSource
  void aWebSocketWorksToo(MqttVersion version) throws Exception {
    assertServes(known().port(broker.ports().webSocket()).webSocket(true).version(version));
  }

  @Test
  void aWrongPasswordIsSaid() {
    assertRefused(
        MqttLink.builder()
            .host("127.0.0.1")
            .port(broker.ports().password())
            .user(GuardedBroker.USER)
            .password("wrong"));
  }

  @Test
  void aMissingClientCertificateIsSaid() throws Exception {
    MqttClientSslConfig tls =
        MqttClientSslConfig.builder().trustManagerFactory(certificates.trust()).build();
    assertRefused(known().host("localhost").port(broker.ports().tls()).tls(tls));
  }

  @Test
  void anAuthorityThatNobodyTrustsIsRefused() throws Exception {
    MqttClientSslConfig tls =
        MqttClientSslConfig.builder().keyManagerFactory(certificates.client()).build();
    assertRefused(known().host("localhost").port(broker.ports().tls()).tls(tls));
  }

  @Test
  void aServerOfAnotherNameIsRefused() throws Exception {
    MqttClientSslConfig tls =
        MqttClientSslConfig.builder()
            .trustManagerFactory(certificates.trust())
            .keyManagerFactory(certificates.client())
            .build();
    assertRefused(known().host("127.0.0.1").port(broker.ports().tls()).tls(tls));
  }

  @ParameterizedTest
  @EnumSource
  void aBrokerMayBeAwayAtTheStartAndGoAndComeBack(MqttVersion version) throws Exception {
    broker.stop();
    RecordingService service = new RecordingService();
    try (MqttLink link = known().port(broker.ports().password()).version(version).build();
        MqttDeviceListener listener = link.listener(service.service())) {
      link.start();
      listener.start();
      assertThat(triggered(link)).isFalse();

      for (int round = 0; round < 2; round++) {
        broker.start();
        Eventually.await("subscribed", listener::isSubscribed);
        assertExchange(link, service);
        broker.stop();
        Eventually.await("the loss is noticed", () -> !link.isConnected());
        assertThat(triggered(link)).isFalse();
      }
    }
    Eventually.await("no thread is left", () -> Eventually.noThread("ota-"));
  }

  private static boolean triggered(MqttLink link) throws InterruptedException {
    try {
      link.notifier()
          .trigger(new UpdateTrigger("alice", GROUP, Optional.empty(), "1.0.0"))
          .toCompletableFuture()
          .get(20, TimeUnit.SECONDS);
      return true;
    } catch (ExecutionException | TimeoutException e) {
      return false;
    }
  }

  private static void assertServes(MqttLink.Builder builder) throws Exception {
    RecordingService service = new RecordingService();
    try (MqttLink link = builder.build();
        MqttDeviceListener listener =
            MqttDeviceListener.builder(link, service.service()).sharedAs("ota").build()) {
      link.start();
      listener.start();
      Eventually.await("subscribed", listener::isSubscribed);
      assertExchange(link, service);
    }
  }

  /** A trigger goes out, a status comes in. */
  private static void assertExchange(MqttLink link, RecordingService service) throws Exception {
    try (Observer observer = Observer.on(broker.ports().open())) {
      observer.subscribe("/alice/groups/+/update-trigger");
      assertThat(triggered(link)).isTrue();
      assertThat(observer.next().topic()).isEqualTo("/alice/groups/" + GROUP + "/update-trigger");
      observer.publish(STATUS, "{\"fw_version\":\"1.2.6\"}");
      assertThat(service.next().version()).hasValue("1.2.6");
    }
  }

  private void assertRefused(MqttLink.Builder builder) {
    try (MqttLink link = builder.build()) {
      link.start();
      Eventually.await(
          "it is said",
          () ->
              List.copyOf(log.list).stream()
                  .anyMatch(
                      event -> event.getFormattedMessage().startsWith("Could not connect to ")));
      assertThat(link.isConnected()).isFalse();
    }
  }

  private static MqttLink.Builder known() {
    return MqttLink.builder()
        .host("127.0.0.1")
        .user(GuardedBroker.USER)
        .password(GuardedBroker.PASSWORD);
  }
}
