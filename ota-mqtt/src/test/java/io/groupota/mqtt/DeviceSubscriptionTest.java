package io.groupota.mqtt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import io.groupota.GroupId;
import io.groupota.spi.UpdateTrigger;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a subscription when the client reconnects by itself; the time is the test's. */
@Timeout(60)
class DeviceSubscriptionTest {
  private static final String FILTER = "/+/devices/+/status";
  private static final String TOPIC = "/u/devices/5e1b5774afd4e404d68aebd6/status";
  private static final int REFUSED = 0x80;

  private final FakeBroker broker = new FakeBroker();
  private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
  private Clients host;
  private MqttPort port;
  private DeviceSubscription subscription;
  private long now;

  @AfterEach
  void disconnect() throws Exception {
    host.close();
    broker.close();
  }

  @ParameterizedTest
  @CsvSource({"3, ''", "5, ''", "3, $share/ota/", "5, $share/ota/"})
  void whatTheBrokerRefusesToAClientThatReconnectsIsTriedAgain(int version, String share)
      throws Exception {
    subscribe(version, share);
    reconnect(REFUSED);
    broker.grants(0);

    passDoubt();

    assertThat(new String(broker.nextSubscribe(), UTF_8)).contains(share + FILTER);
    Eventually.await("granted", subscription::isGranted);
    assertThatEachMessageComesOnce();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void aRefusalThatLastsIsNoticedAndTriedAgainUntilItEnds(int version) throws Exception {
    subscribe(version, "");
    reconnect(REFUSED);

    passDoubt();

    broker.nextSubscribe();
    Eventually.await("noticed", () -> subscription.ensure(now));
    assertThat(subscription.isGranted()).isFalse();
    broker.grants(0);
    pass(Duration.ofSeconds(1));
    broker.nextSubscribe();
    Eventually.await("granted", subscription::isGranted);
    assertThatEachMessageComesOnce();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void aQuietSubscriptionThatIsThereIsReplacedAndDeliversOnce(int version) throws Exception {
    subscribe(version, "");
    reconnect(0);

    passDoubt();

    broker.nextSubscribe();
    Eventually.await("granted", subscription::isGranted);
    assertThatEachMessageComesOnce();
    passDoubt();
    assertThatNobodySubscribes();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void aMessageProvesThatTheSubscriptionIsThere(int version) throws Exception {
    subscribe(version, "");
    reconnect(0);
    subscription.ensure(now);
    pass(Duration.ofSeconds(5));

    assertThatEachMessageComesOnce();

    passDoubt();
    assertThatNobodySubscribes();
    assertThat(subscription.isGranted()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void whatComesRightAfterTheReconnectProvesNothing(int version) throws Exception {
    subscribe(version, "");
    reconnect(0);
    subscription.ensure(now);
    assertThatEachMessageComesOnce();

    passDoubt();

    broker.nextSubscribe();
    Eventually.await("granted", subscription::isGranted);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void silenceWithoutAReconnectIsNoReasonToDoubt(int version) throws Exception {
    subscribe(version, "");

    passDoubt();

    assertThatNobodySubscribes();
    assertThat(subscription.isGranted()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void theEndUnsubscribesWhatMayBeThereWhileTheBrokerRefusesMore(int version) throws Exception {
    subscribe(version, "");
    reconnect(0);
    broker.grants(REFUSED);
    passDoubt();
    broker.nextSubscribe();
    Eventually.await("noticed", () -> subscription.ensure(now));
    assertThatEachMessageComesOnce();

    CompletableFuture<?> end = subscription.unsubscribe();
    broker.confirm(broker.nextUnsubscribe());
    end.get(20, TimeUnit.SECONDS);
    subscription.cancel();

    broker.publish(9, TOPIC, "late");
    awaitThatTheClientHasReadEverything();
    assertThat(messages).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void howOftenTheClientRepeatsASharedSubscriptionIsLimited(int version) throws Exception {
    broker.confirmsAtOnce();
    subscribe(version, "$share/ota/");
    for (int i = 1; i <= 32; i++) {
      reconnect(0);
      passDoubt();
      Eventually.await("granted", subscription::isGranted);
    }
    broker.nextUnsubscribe();
    awaitThatTheClientHasReadEverything();
    drainSubscribes();

    reconnect(0);

    assertThatNobodySubscribes();
    assertThatEachMessageComesOnce();
  }

  private void subscribe(int version, String share) throws Exception {
    host = Clients.make(version, broker.port(), true);
    host.connect();
    port = host.link().port();
    subscription =
        new DeviceSubscription(
            port,
            share + FILTER,
            MqttQos.AT_LEAST_ONCE,
            (topic, payload, retained) ->
                messages.add(UTF_8.decode(payload.orElseThrow()).toString()),
            () -> {});
    now = System.nanoTime();
    subscription.ensure(now);
    broker.nextSubscribe();
    Eventually.await("granted", subscription::isGranted);
  }

  /** Returns once the client has the broker's answer to what it subscribed by itself. */
  private void reconnect(int answer) throws Exception {
    Object before = port.connection();
    broker.grants(answer);
    broker.cut();
    broker.nextSubscribe();
    Eventually.await("connected", () -> port.connection() != null && port.connection() != before);
    awaitThatTheClientHasReadEverything();
  }

  /** More than the time that a subscription has to prove itself. */
  private void passDoubt() {
    for (int i = 0; i <= 11; i++) {
      pass(Duration.ofSeconds(1));
    }
  }

  private void pass(Duration time) {
    now += time.toNanos();
    subscription.ensure(now);
  }

  private void assertThatEachMessageComesOnce() throws Exception {
    awaitThatTheClientHasReadEverything();
    broker.publish(1, TOPIC, "first");
    broker.publish(2, TOPIC, "last");
    assertThat(messages.poll(20, TimeUnit.SECONDS)).isEqualTo("first");
    assertThat(messages.poll(20, TimeUnit.SECONDS)).isEqualTo("last");
    awaitThatTheClientHasReadEverything();
    assertThat(messages).isEmpty();
  }

  private void assertThatNobodySubscribes() throws Exception {
    awaitThatTheClientHasReadEverything();
    assertThat(broker.waitingSubscribes()).isZero();
  }

  private void drainSubscribes() throws Exception {
    while (broker.waitingSubscribes() > 0) {
      broker.nextSubscribe();
    }
  }

  /** What is acknowledged after it is read after it. */
  private void awaitThatTheClientHasReadEverything() throws Exception {
    UpdateTrigger any =
        new UpdateTrigger("u", new GroupId("0".repeat(24)), Optional.empty(), "1.0.0");
    CompletableFuture<?> trigger = host.notifier().trigger(any).toCompletableFuture();
    broker.acknowledge(broker.nextPublish());
    trigger.get(20, TimeUnit.SECONDS);
  }
}
