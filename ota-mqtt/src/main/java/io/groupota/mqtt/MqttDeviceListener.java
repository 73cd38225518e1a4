package io.groupota.mqtt;

import static java.util.Objects.requireNonNull;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import io.groupota.DeviceReport;
import io.groupota.GroupOtaService;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes in what devices say over MQTT: subscribes to {@code /+/devices/+/status} and {@code
 * /+/devices/+/update-response} and hands every well-formed message to {@link
 * GroupOtaService#report}. Whether the MQTT user name of the topic is the device's is for the
 * service to check. Thread-safe.
 *
 * <p>Anything else (strange topics, no JSON, no UTF-8, more than 1,024 bytes, wrong types,
 * duplicate keys) is counted and dropped. So are retained messages: a broker repeats them at every
 * subscription, whatever the device runs by now.
 *
 * <p>Nothing waits here: the service takes a report or, under overload, refuses it ({@link
 * GroupOtaService#reportCounts()} says which), and one that was refused is counted and dropped; a
 * device repeats its status. Messages that the client has received and not yet handed over wait in
 * the client, 65,535 of each quality of service at the most; of more it drops the oldest with QoS
 * 0, which is what a status has, and logs a warning.
 *
 * <p>Subscribes as soon as the client is connected, and again when a session or a subscription is
 * lost; a host that connects its own client anew has nothing to do for it. A client with HiveMQ's
 * automatic reconnect restores its subscriptions itself, but says nothing if the broker refuses one
 * then. So 10 seconds after such a reconnect, a subscription on which nothing has come in is made
 * once more, beside the one that may be there: a message that comes in at that moment may be
 * reported twice.
 */
public final class MqttDeviceListener implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MqttDeviceListener.class);
  private static final Duration CHECK_INTERVAL = Duration.ofMillis(250);
  private static final Duration UNSUBSCRIBE_TIMEOUT = Duration.ofSeconds(2);

  private final MqttPort port;
  private final GroupOtaService service;
  private final List<DeviceSubscription> subscriptions;
  private final DeviceMessages messages = new DeviceMessages();
  private final Ticker ticker;
  private final LogBudget log = new LogBudget();
  private final LongAdder received = new LongAdder();
  private final LongAdder reported = new LongAdder();
  private final LongAdder malformed = new LongAdder();
  private final LongAdder retainedOnes = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private volatile boolean closing;
  private volatile boolean closed;

  private MqttDeviceListener(Builder builder) {
    this.port = builder.port;
    this.service = builder.service;
    this.ticker = new Ticker("ota-mqtt-listener", CHECK_INTERVAL, this::ensureSubscribed);
    this.subscriptions =
        List.of(
            // A status is repeated every 5 s; a code of an update comes once.
            subscription(builder.prefix + Topics.STATUS_FILTER, MqttQos.AT_MOST_ONCE),
            subscription(builder.prefix + Topics.RESPONSE_FILTER, MqttQos.AT_LEAST_ONCE));
  }

  private DeviceSubscription subscription(String filter, MqttQos qos) {
    return new DeviceSubscription(port, filter, qos, this::onMessage, ticker::nudge);
  }

  /**
   * A listener on the host's own client, which it never connects, disconnects or closes.
   *
   * @param client the client
   * @param service where reports go
   * @return the listener, not started
   */
  public static MqttDeviceListener using(Mqtt5AsyncClient client, GroupOtaService service) {
    return builder(MqttLink.using(client), service).build();
  }

  /**
   * A listener on the host's own client, which it never connects, disconnects or closes.
   *
   * @param client the client
   * @param service where reports go
   * @return the listener, not started
   */
  public static MqttDeviceListener using(Mqtt3AsyncClient client, GroupOtaService service) {
    return builder(MqttLink.using(client), service).build();
  }

  /**
   * Starts a listener with options.
   *
   * @param link the connection to subscribe on
   * @param service where reports go
   * @return a builder
   */
  public static Builder builder(MqttLink link, GroupOtaService service) {
    return new Builder(link.port(), service);
  }

  /**
   * Subscribes, now or as soon as the client is connected, and stays subscribed. Returns at once.
   * Calling it again does nothing.
   *
   * @throws IllegalStateException if the listener is closed
   */
  public void start() {
    ticker.start();
  }

  /**
   * Whether messages come in now: the client is connected and the broker has granted every
   * subscription. That the broker refused one to a client that reconnected by itself is known some
   * 10 seconds later.
   *
   * @return whether it listens
   */
  public boolean isSubscribed() {
    return !closing
        && port.isConnected()
        && subscriptions.stream().allMatch(DeviceSubscription::isGranted);
  }

  /**
   * What came in since this listener was made.
   *
   * @return the counts of this moment
   */
  public Counts counts() {
    return new Counts(
        received.sum(),
        reported.sum(),
        malformed.sum(),
        retainedOnes.sum(),
        refused.sum(),
        failed.sum());
  }

  /**
   * Unsubscribes (waiting 2 seconds for the broker at the most) and ends the thread. What the
   * broker sends until it has unsubscribed is still reported, since with a shared subscription
   * nobody else gets it. No report is made any more once this returns, but for one that is being
   * made. Calling it again does nothing.
   */
  @Override
  public synchronized void close() {
    if (closing) {
      return;
    }
    closing = true;
    ticker.close();
    awaitEndOfSubscriptions();
    closed = true;
    subscriptions.forEach(DeviceSubscription::cancel);
  }

  private void awaitEndOfSubscriptions() {
    CompletableFuture<?> unsubscribed =
        CompletableFuture.allOf(
            subscriptions.stream()
                .map(DeviceSubscription::unsubscribe)
                .toArray(CompletableFuture[]::new));
    try {
      unsubscribed.get(UNSUBSCRIBE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("The MQTT broker did not confirm that it ended the subscriptions", e);
    }
  }

  private void ensureSubscribed() {
    long now = System.nanoTime();
    for (DeviceSubscription subscription : subscriptions) {
      if (subscription.ensure(now)) {
        LOG.warn(
            "The MQTT broker has not granted {}: trying again. May the client subscribe to it?",
            subscription.filter());
      }
    }
  }

  private void onMessage(String topic, Optional<ByteBuffer> payload, boolean retained) {
    if (closed) {
      return;
    }
    received.increment();
    if (retained) {
      retainedOnes.increment();
      return;
    }
    try {
      DeviceReport report = messages.read(topic, payload);
      if (report == null) {
        malformed.increment();
        log.debug(LOG, "Dropped a malformed device message", this::counts);
      } else if (service.report(report)) {
        reported.increment();
      } else {
        refused.increment();
      }
    } catch (RuntimeException e) {
      // A failure that leaves this method would end the subscription.
      failed.increment();
      log.debug(LOG, "The service failed to take a report", () -> e);
    }
  }

  /**
   * How many messages came in, and what became of them.
   *
   * @param received all of them
   * @param reported taken by the service
   * @param malformed dropped: not what the protocol has
   * @param retained dropped: old ones that the broker had kept
   * @param refused not taken by the service, which was overloaded or closed
   * @param failed not taken because the service threw
   */
  public record Counts(
      long received, long reported, long malformed, long retained, long refused, long failed) {}

  /** Collects the options of a listener. Not thread-safe. */
  public static final class Builder {
    private final MqttPort port;
    private final GroupOtaService service;
    private String prefix = "";

    private Builder(MqttPort port, GroupOtaService service) {
      this.port = port;
      this.service = requireNonNull(service, "service");
    }

    /**
     * Shares the messages with the listeners of other nodes ({@code $share/{name}/…}): the broker
     * gives each message to one of those that use the same name. Default: every listener gets every
     * message. The broker must know shared subscriptions, which are part of MQTT 5 and an extension
     * of 3.1.1.
     *
     * @param name the name of the share: letters, digits, dashes, dots and underscores
     * @return this builder
     * @throws IllegalArgumentException if the name has other characters or is empty
     */
    public Builder sharedAs(String name) {
      if (!name.matches("[A-Za-z0-9._-]{1,64}")) {
        throw new IllegalArgumentException(
            "The name of a share must be 1 to 64 letters, digits, dashes, dots and underscores");
      }
      this.prefix = "$share/" + name + "/";
      return this;
    }

    /**
     * Makes the listener; it does nothing before {@link MqttDeviceListener#start()}.
     *
     * @return the listener
     */
    public MqttDeviceListener build() {
      return new MqttDeviceListener(this);
    }
  }
}
