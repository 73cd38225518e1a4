package io.groupota.mqtt;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.hivemq.client.mqtt.MqttClientSslConfig;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The configuration of a link. */
@Timeout(60)
class MqttLinkTest {
  @Test
  void theBrokerIsToldWhoConnectsAndNobodyElseIs() throws Exception {
    try (FakeBroker broker = new FakeBroker()) {
      MqttLink.Builder builder =
          MqttLink.builder()
              .host("127.0.0.1")
              .port(broker.port())
              .clientId("node-7")
              .user("ota-user")
              .password("dont-show-me")
              .keepAlive(Duration.ofSeconds(77));
      try (MqttLink link = builder.build()) {
        link.start();
        byte[] packet = broker.nextConnect();

        assertThat(new String(packet, ISO_8859_1))
            .contains("MQTT", "node-7", "ota-user", "dont-show-me");
        assertThat(packet[9]).as("user, password, clean session").isEqualTo((byte) 0xc2);
        assertThat(packet[11]).as("keep-alive in seconds").isEqualTo((byte) 77);
        assertThat(link.toString()).isEqualTo("MqttLink[mqtt://127.0.0.1:" + broker.port() + "]");
      }
    }
  }

  @Test
  void everyClientHasAnIdentifierOfItsOwn() throws Exception {
    try (FakeBroker broker = new FakeBroker();
        MqttLink one = MqttLink.builder().host("127.0.0.1").port(broker.port()).build();
        MqttLink other = MqttLink.builder().host("127.0.0.1").port(broker.port()).build()) {
      one.start();
      byte[] first = broker.nextConnect();
      other.start();
      assertThat(broker.nextConnect()).isNotEqualTo(first);
    }
  }

  @Test
  void anAcceptedConnectionThatIsDroppedAtOnceIsNotAskedForInAHurry() throws Exception {
    try (FakeBroker broker = new FakeBroker();
        MqttLink link = MqttLink.builder().host("127.0.0.1").port(broker.port()).build()) {
      link.start();
      broker.nextConnect();
      long begin = System.nanoTime();
      for (int i = 0; i < 3; i++) {
        Eventually.await("connected", link::isConnected);
        broker.cut();
        broker.nextConnect();
      }

      // Pauses of at least 250, 500 and 1000 ms.
      assertThat(Duration.ofNanos(System.nanoTime() - begin))
          .isGreaterThan(Duration.ofMillis(1750));
    }
  }

  @Test
  void withTlsNothingIsSaidInTheClear() throws Exception {
    assertThat(firstBytes(MqttLink.builder().tls(MqttClientSslConfig.builder().build()), 2))
        .as("a TLS handshake record")
        .isEqualTo(new byte[] {0x16, 0x03});
  }

  @Test
  void aWebSocketIsAskedForUnderMqtt() throws Exception {
    assertThat(firstBytes(MqttLink.builder().webSocket(true), 18))
        .isEqualTo("GET /mqtt HTTP/1.1".getBytes(ISO_8859_1));
  }

  private static byte[] firstBytes(MqttLink.Builder builder, int count) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        MqttLink link = builder.host("127.0.0.1").port(server.getLocalPort()).build()) {
      server.setSoTimeout(20_000);
      link.start();
      try (Socket socket = server.accept()) {
        return socket.getInputStream().readNBytes(count);
      }
    }
  }

  @Test
  void thePortFollowsTheTransport() {
    MqttClientSslConfig tls = MqttClientSslConfig.builder().build();
    assertThat(MqttLink.builder().host("h").build()).hasToString("MqttLink[mqtt://h:1883]");
    assertThat(MqttLink.builder().host("h").tls(tls).build())
        .hasToString("MqttLink[mqtts://h:8883]");
    assertThat(MqttLink.builder().host("h").webSocket(true).build())
        .hasToString("MqttLink[ws://h:80]");
    assertThat(MqttLink.builder().host("h").webSocket(true).tls(tls).build())
        .hasToString("MqttLink[wss://h:443]");
    assertThat(MqttLink.builder().host("h").tls(tls).port(1).build())
        .hasToString("MqttLink[mqtts://h:1]");
  }

  @Test
  void whatIsMissingIsSaid() {
    assertThatIllegalStateException()
        .isThrownBy(() -> MqttLink.builder().build())
        .withMessageContaining("host(...)");
    assertThatIllegalStateException()
        .isThrownBy(() -> MqttLink.builder().host("h").password("dont-show-me").build())
        .withMessageContaining("user(...)")
        .withMessageNotContaining("dont-show-me");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 65_536})
  void aPortOutOfRangeIsRefused(int port) {
    assertThatIllegalArgumentException().isThrownBy(() -> MqttLink.builder().port(port));
  }

  @Test
  void otherValuesOutOfRangeAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> MqttLink.builder().host(" "));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MqttLink.builder().keepAlive(Duration.ofMillis(999)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MqttLink.builder().keepAlive(Duration.ofHours(19)));
  }
}
