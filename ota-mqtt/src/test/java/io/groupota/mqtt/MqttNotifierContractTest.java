package io.groupota.mqtt;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.spi.UpdateNotifier;
import io.groupota.testkit.contract.UpdateNotifierContract;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The notifier keeps the contract in both versions of MQTT, on a real broker. */
class MqttNotifierContractTest {
  @TempDir static Path folder;
  private static EmbeddedBroker broker;

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(folder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @Nested
  class Version3 implements UpdateNotifierContract {
    @Override
    public Link link() {
      return new ProxiedLink(3);
    }
  }

  @Nested
  class Version5 implements UpdateNotifierContract {
    @Override
    public Link link() {
      return new ProxiedLink(5);
    }
  }

  /** The notifier reaches the broker through a proxy that can be cut, the receiver directly. */
  private static final class ProxiedLink implements UpdateNotifierContract.Link {
    private final CuttingProxy proxy = new CuttingProxy(broker.port());
    private final Observer receiver = Observer.on(broker.port());
    private final Clients host;
    private final MqttUpdateNotifier notifier;

    ProxiedLink(int version) {
      host = Clients.make(version, proxy.port(), true);
      host.connect();
      notifier = host.notifier();
      receiver.subscribe("#");
    }

    @Override
    public UpdateNotifier notifier() {
      return notifier;
    }

    @Override
    public Optional<UpdateNotifierContract.Delivery> next(Duration within)
        throws InterruptedException {
      return receiver.next(within).map(ProxiedLink::delivery);
    }

    @Override
    public List<UpdateNotifierContract.Delivery> retained() throws InterruptedException {
      List<UpdateNotifierContract.Delivery> kept = new ArrayList<>();
      try (Observer late = Observer.on(broker.port())) {
        late.subscribe("#");
        late.publish("that was all", "");
        Observer.Message message = late.next();
        while (!message.topic().equals("that was all")) {
          kept.add(delivery(message));
          message = late.next();
        }
      }
      return kept;
    }

    @Override
    public void cut() throws IOException {
      proxy.close();
      Eventually.await("the client sees it", () -> !host.isConnected());
    }

    @Override
    public void close() {
      host.close();
      receiver.close();
      try {
        proxy.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Reads a topic by itself: a slash, the user, the kind, the id, and what to do. */
    private static UpdateNotifierContract.Delivery delivery(Observer.Message message) {
      String[] levels = message.topic().split("/", -1);
      if (levels.length != 5 || !levels[0].isEmpty() || !levels[4].equals("update-trigger")) {
        throw new AssertionError("No device listens to " + message.topic());
      }
      return switch (levels[2]) {
        case "groups" ->
            new UpdateNotifierContract.Delivery(
                levels[1], Optional.of(new GroupId(levels[3])), Optional.empty());
        case "devices" ->
            new UpdateNotifierContract.Delivery(
                levels[1], Optional.empty(), Optional.of(new DeviceId(levels[3])));
        default -> throw new AssertionError("No device listens to " + message.topic());
      };
    }
  }
}
