package io.groupota.testkit.device;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt3.Mqtt3Client;
import com.hivemq.client.mqtt.mqtt3.Mqtt3ClientBuilder;
import com.hivemq.client.mqtt.mqtt3.message.publish.Mqtt3Publish;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The MQTT connection of a device: up or down as it is wanted, and up again when it was lost. All
 * methods are called, and all events arrive, in the device's serial executor.
 */
final class DeviceLink {
  private static final Logger log = LoggerFactory.getLogger(DeviceLink.class);
  private static final int KEEP_ALIVE_SECONDS = 15;

  /** The receive buffer of the device's MQTT client: it drops a packet that is larger. */
  private static final int MAX_PACKET = 1024;

  /** What a device hears of its connection. */
  interface Events {
    void up();

    void down();

    void message();
  }

  private enum State {
    DOWN,
    CONNECTING,
    UP,
    CLOSING
  }

  private final DeviceSettings settings;
  private final DeviceThreads threads;
  private final Executor serial;
  private final Events events;
  private State state = State.DOWN;
  private boolean wanted;
  private @Nullable Runnable then;

  /** A client serves one connection: nothing of a lost one can mix with the next. */
  private @Nullable Mqtt3AsyncClient client;

  /** Messages that came, retained ones perhaps, before the device was done with connecting. */
  private int early;

  /** A message that is under way is sent before the connection is closed. */
  private CompletableFuture<?> lastMessage = CompletableFuture.completedFuture(null);

  /** The number of the newest connection; what an older one says does not matter any more. */
  private int newest;

  DeviceLink(DeviceSettings settings, DeviceThreads threads, Executor serial, Events events) {
    this.settings = settings;
    this.threads = threads;
    this.serial = serial;
    this.events = events;
  }

  boolean isUp() {
    return state == State.UP;
  }

  /**
   * Wants the connection up, and does something once it is or the first attempt has failed: a
   * device goes on without its broker. Replaces what was to be done.
   */
  void connect(Runnable whenUp) {
    want(true, whenUp);
  }

  /** Wants the connection down, and does something once it is. Replaces what was to be done. */
  void disconnect(Runnable whenDown) {
    want(false, whenDown);
  }

  void publish(String topic, String payload) {
    Mqtt3AsyncClient current = client;
    if (state != State.UP || current == null) {
      return;
    }
    lastMessage =
        current
            .publishWith()
            .topic(topic)
            .qos(MqttQos.AT_MOST_ONCE)
            .payload(payload.getBytes(StandardCharsets.UTF_8))
            .send()
            .whenComplete(
                (sent, failure) -> {
                  if (failure != null) {
                    log.debug("Simulated device {} lost a message", settings.id, failure);
                  }
                });
  }

  private void want(boolean up, Runnable next) {
    wanted = up;
    then = next;
    reconcile();
  }

  private void reconcile() {
    if (wanted && state == State.DOWN) {
      open();
    } else if (!wanted && state == State.UP) {
      close();
    } else if (state == (wanted ? State.UP : State.DOWN)) {
      runNext();
    }
  }

  private void runNext() {
    Runnable next = then;
    then = null;
    if (next != null) {
      next.run();
    }
  }

  private void open() {
    state = State.CONNECTING;
    early = 0;
    int number = ++newest;
    Mqtt3AsyncClient opening = newClient(number);
    client = opening;
    CompletableFuture<?> unused =
        opening
            .connectWith()
            .cleanSession(true)
            .keepAlive(KEEP_ALIVE_SECONDS)
            .send()
            .thenCompose(ack -> subscribe(opening, number))
            .whenComplete((ack, failure) -> serial.execute(() -> opened(number, failure)));
  }

  private CompletableFuture<?> subscribe(Mqtt3AsyncClient opening, int number) {
    return opening
        .subscribeWith()
        .topicFilter(settings.triggerTopic())
        .qos(MqttQos.AT_MOST_ONCE)
        .callback(message -> received(number, message))
        .executor(serial)
        .send()
        .whenComplete(
            (ack, failure) -> {
              if (failure != null) {
                CompletableFuture<?> unused = opening.disconnect();
              }
            });
  }

  private void opened(int number, @Nullable Throwable failure) {
    if (number != newest || state != State.CONNECTING) {
      return;
    }
    if (failure == null) {
      state = State.UP;
      if (wanted) {
        events.up();
      }
      reconcile();
      deliverEarly();
      return;
    }
    log.debug("Simulated device {} cannot connect", settings.id, failure);
    lost();
    if (wanted) {
      runNext();
    }
  }

  private void close() {
    state = State.CLOSING;
    events.down();
    Mqtt3AsyncClient closing = client;
    if (closing == null) {
      closed();
      return;
    }
    CompletableFuture<?> unused =
        lastMessage
            .handle((sent, failure) -> sent)
            .thenCompose(sent -> closing.disconnect())
            .whenComplete((done, failure) -> serial.execute(this::closed));
  }

  private void closed() {
    if (state == State.CLOSING) {
      state = State.DOWN;
      client = null;
      reconcile();
    }
  }

  private void dropped(int number) {
    if (number == newest && state == State.UP) {
      events.down();
      lost();
    }
  }

  private void lost() {
    state = State.DOWN;
    client = null;
    if (wanted) {
      Future<?> unused =
          threads
              .timer()
              .schedule(
                  () -> serial.execute(this::reconcile),
                  settings.reconnect.toNanos(),
                  TimeUnit.NANOSECONDS);
    } else {
      reconcile();
    }
  }

  private void received(int number, Mqtt3Publish message) {
    if (number != newest || packetSize(message) > MAX_PACKET) {
      return;
    }
    if (state == State.UP) {
      events.message();
    } else if (state == State.CONNECTING) {
      early++;
    }
  }

  private void deliverEarly() {
    for (; early > 0 && state == State.UP; early--) {
      events.message();
    }
  }

  /** The length of a QoS 0 PUBLISH packet on the wire. */
  private static int packetSize(Mqtt3Publish message) {
    int topic = message.getTopic().toString().getBytes(StandardCharsets.UTF_8).length;
    int remaining = 2 + topic + message.getPayload().map(payload -> payload.remaining()).orElse(0);
    return 1 + (remaining < 128 ? 1 : 2) + remaining;
  }

  private Mqtt3AsyncClient newClient(int number) {
    Mqtt3ClientBuilder builder =
        Mqtt3Client.builder()
            .identifier(settings.id.value())
            .transportConfig()
            .serverHost(settings.brokerHost)
            .serverPort(settings.brokerPort)
            .socketConnectTimeout(settings.timeout.toMillis(), TimeUnit.MILLISECONDS)
            .mqttConnectTimeout(settings.timeout.toMillis(), TimeUnit.MILLISECONDS)
            .applyTransportConfig()
            .executorConfig()
            .nettyExecutor(threads.mqtt())
            .nettyThreads(DeviceThreads.MQTT_THREADS)
            .applyExecutorConfig();
    String password = settings.mqttPassword;
    builder =
        password == null
            ? builder.simpleAuth().username(settings.mqttUser).applySimpleAuth()
            : builder
                .simpleAuth()
                .username(settings.mqttUser)
                .password(password.getBytes(StandardCharsets.UTF_8))
                .applySimpleAuth();
    return builder
        .addDisconnectedListener(context -> serial.execute(() -> dropped(number)))
        .buildAsync();
  }
}
