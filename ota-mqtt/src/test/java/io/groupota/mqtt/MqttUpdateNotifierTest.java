package io.groupota.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.hivemq.client.mqtt.MqttVersion;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.TriggerRefusedException;
import io.groupota.spi.UpdateTrigger;
import java.net.ConnectException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What devices get to see of a trigger, on a real broker. */
class MqttUpdateNotifierTest {
  private static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  private static final DeviceId DEVICE = new DeviceId("5e1b5774afd4e404d68aebd6");

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

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void aGroupIsTriggeredOnItsTopicUnderItsUser(int version) throws Exception {
    try (Observer observer = Observer.on(broker.port());
        Clients host = Clients.connected(version, broker.port())) {
      observer.subscribe("#");

      await(host.notifier().trigger(ofGroup("Hcixd1Fx", "2.3.6")));

      assertThat(observer.next())
          .isEqualTo(
              new Observer.Message(
                  "/Hcixd1Fx/groups/5e1b76bc4315b70eb242567a/update-trigger",
                  "{\"ver\":\"2.3.6\"}",
                  false));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void aDeviceThatIsAddressedByItselfIsTriggeredOnItsOwnTopic(int version) throws Exception {
    try (Observer observer = Observer.on(broker.port());
        Clients host = Clients.connected(version, broker.port())) {
      observer.subscribe("#");

      await(
          host.notifier()
              .trigger(new UpdateTrigger("Hcixd1Fx", GROUP, Optional.of(DEVICE), "2.3.6-rc.1+7")));

      assertThat(observer.next())
          .isEqualTo(
              new Observer.Message(
                  "/Hcixd1Fx/devices/5e1b5774afd4e404d68aebd6/update-trigger",
                  "{\"ver\":\"2.3.6-rc.1+7\"}",
                  false));
    }
  }

  @ParameterizedTest
  @EnumSource(MqttVersion.class)
  void aClientOfTheLibrarysOwnTriggersToo(MqttVersion version) throws Exception {
    try (Observer observer = Observer.on(broker.port());
        MqttLink link =
            MqttLink.builder()
                .host("127.0.0.1")
                .port(broker.port())
                .version(version)
                .user("ota")
                .password("secret")
                .build()) {
      observer.subscribe("#");
      link.start();
      Eventually.await("connected", link::isConnected);

      await(link.notifier().trigger(ofGroup("u", "1.0.0")));

      assertThat(observer.next().topic())
          .isEqualTo("/u/groups/5e1b76bc4315b70eb242567a/update-trigger");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void whoSubscribesAfterTheTriggerGetsNothing(int version) throws Exception {
    try (Observer late = Observer.on(broker.port());
        Clients host = Clients.connected(version, broker.port())) {
      await(host.notifier().trigger(ofGroup("late" + version, "1.0.0")));

      late.subscribe("/late" + version + "/#");
      late.publish("/late" + version + "/marker", "now");

      assertThat(late.next())
          .isEqualTo(new Observer.Message("/late" + version + "/marker", "now", false));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void aHundredTriggersAtOnceAllArrive(int version) throws Exception {
    try (Observer observer = Observer.on(broker.port());
        Clients host = Clients.connected(version, broker.port())) {
      observer.subscribe("/many" + version + "/#");
      MqttUpdateNotifier notifier = host.notifier();
      CompletableFuture<?>[] all = new CompletableFuture<?>[100];
      for (int i = 0; i < all.length; i++) {
        all[i] = notifier.trigger(ofGroup("many" + version, "1.0." + i)).toCompletableFuture();
      }

      CompletableFuture.allOf(all).get(20, TimeUnit.SECONDS);

      for (int i = 0; i < all.length; i++) {
        assertThat(observer.next().payload()).isEqualTo("{\"ver\":\"1.0." + i + "\"}");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void aClientThatIsNotConnectedFailsTheTriggerAtOnce(int version) {
    try (Clients host = Clients.make(version, broker.port(), true)) {
      CompletableFuture<?> trigger =
          host.notifier().trigger(ofGroup("u", "1.0.0")).toCompletableFuture();

      assertThat(trigger).isCompletedExceptionally();
      assertThat(failure(trigger)).isInstanceOf(ConnectException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a/b",
        "+",
        "a#",
        "nul\0",
        "tab\t",
        "$share",
        "\u007f",
        "a\u0085",
        "\ufdd0",
        "\uffff",
        "\ud83f\udfff",
        "\ud83d"
      })
  void aUserNameThatIsNoTopicLevelIsRefusedAndNotPublished(String user) throws Exception {
    try (Observer observer = Observer.on(broker.port());
        Clients host = Clients.connected(3, broker.port())) {
      observer.subscribe("#");

      CompletableFuture<?> trigger =
          host.notifier().trigger(ofGroup(user, "1.0.0")).toCompletableFuture();

      assertThat(failure(trigger)).isInstanceOf(TriggerRefusedException.class);
      observer.publish("marker", "now");
      assertThat(observer.next().topic()).isEqualTo("marker");
    }
  }

  @Test
  void aUserOf64CharactersIsTriggeredWhateverTheyAre() throws Exception {
    String user = "🚀".repeat(64);
    try (Observer observer = Observer.on(broker.port());
        Clients host = Clients.connected(3, broker.port())) {
      observer.subscribe("#");

      await(host.notifier().trigger(ofGroup(user, "1.0.0")));

      assertThat(observer.next().topic())
          .isEqualTo("/" + user + "/groups/" + GROUP + "/update-trigger");
    }
  }

  @Test
  void aTopicThatTheBrokerGrantsNoRightToIsRefusedForGood() throws Exception {
    try (FakeBroker fake = new FakeBroker();
        Clients host = Clients.connected(5, fake.port())) {
      MqttUpdateNotifier notifier = host.notifier();
      CompletableFuture<?> refused = notifier.trigger(ofGroup("u", "1.0.0")).toCompletableFuture();
      fake.refuse(fake.nextPublish(), 0x87);
      assertThat(failure(refused))
          .isInstanceOf(TriggerRefusedException.class)
          .hasMessageContaining("NOT_AUTHORIZED");

      CompletableFuture<?> later = notifier.trigger(ofGroup("u", "1.0.0")).toCompletableFuture();
      fake.refuse(fake.nextPublish(), 0x97);
      assertThat(failure(later)).as("a quota").isNotInstanceOf(TriggerRefusedException.class);
    }
  }

  @Test
  void aVersionThatNeedsItIsEscaped() throws Exception {
    try (Observer observer = Observer.on(broker.port());
        Clients host = Clients.connected(3, broker.port())) {
      observer.subscribe("/esc/#");

      await(host.notifier().trigger(ofGroup("esc", "1\"\\\n")));

      assertThat(observer.next().payload()).isEqualTo("{\"ver\":\"1\\\"\\\\\\n\"}");
    }
  }

  @Test
  void limitsOutOfRangeAreRefused() {
    try (Clients host = Clients.make(3, 1, false)) {
      MqttUpdateNotifier.Builder builder = MqttUpdateNotifier.builder(host.link());
      assertThatIllegalArgumentException().isThrownBy(() -> builder.maxInFlight(0));
      assertThatIllegalArgumentException().isThrownBy(() -> builder.maxInFlight(100_001));
      assertThatIllegalArgumentException().isThrownBy(() -> builder.timeout(Duration.ZERO));
      assertThatIllegalArgumentException().isThrownBy(() -> builder.timeout(Duration.ofDays(2)));
    }
  }

  private static UpdateTrigger ofGroup(String user, String version) {
    return new UpdateTrigger(user, GROUP, Optional.empty(), version);
  }

  private static void await(CompletionStage<?> stage) throws Exception {
    stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private static Throwable failure(CompletableFuture<?> trigger) {
    Throwable thrown = catchThrowable(trigger::join);
    return thrown instanceof CompletionException ? thrown.getCause() : thrown;
  }
}
