package io.groupota.examples.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.firmware.FirmwareSource;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.testkit.SettableClock;
import java.io.IOException;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An audit log and a webhook on the events of one service. */
class AuditLogTest {
  private static final OwnerId OWNER = new OwnerId("acme");
  private static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  private static final DeviceId DEVICE = new DeviceId("5e1b5774afd4e404d68aebd6");
  private static final String TIME = "2026-01-01T00:00:00Z ";

  private final SettableClock clock = SettableClock.at(Instant.parse("2026-01-01T00:00:00Z"));
  private final BlockingQueue<String> posted = new LinkedBlockingQueue<>();
  private final StringWriter audit = new StringWriter();
  private HttpServer receiver;

  @BeforeEach
  void startReceiver() throws IOException {
    receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext(
        "/",
        exchange -> {
          posted.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          exchange.sendResponseHeaders(204, -1);
          exchange.close();
        });
    receiver.start();
  }

  @AfterEach
  void stopReceiver() {
    receiver.stop(0);
  }

  @Test
  void eachEventIsALineAndAFallBackIsPosted() throws Exception {
    URI address = URI.create("http://127.0.0.1:" + receiver.getAddress().getPort() + "/");
    OtaUpdate update;
    try (GroupOtaService ota =
        GroupOta.builder()
            .repository(new InMemoryOtaRepository(clock))
            .blobStore(new InMemoryBlobStore())
            .groups(groups())
            .clock(clock)
            .listener(new AuditLog(audit))
            .queuedListener(new Webhook(HttpClient.newHttpClient(), address), 10_000)
            .build()) {
      update =
          ota.deploy(
              DeployRequest.of(
                  OWNER, GROUP.value(), "secret", "2.0.0", FirmwareSource.bytes(new byte[] {1})));
      assertThat(audit.toString())
          .isEqualTo(
              TIME
                  + "acme "
                  + GROUP
                  + " Deployed nothing -> 2.0.0 update "
                  + update.id()
                  + System.lineSeparator());
      for (String version : List.of("1.0.0", "2.0.0", "1.0.0")) {
        clock.advance(Duration.ofSeconds(1));
        ota.report(DeviceReport.version(DEVICE, version));
        ota.runOnce();
      }
    }
    assertThat(audit.toString().lines().skip(1))
        .contains(
            "2026-01-01T00:00:01Z - " + GROUP + " DeviceChanged " + DEVICE + " unknown -> 1.0.0",
            "2026-01-01T00:00:02Z - " + GROUP + " DeviceUpdated " + DEVICE + " 1.0.0 -> 2.0.0",
            "2026-01-01T00:00:03Z - " + GROUP + " DeviceFellBack " + DEVICE + " 2.0.0 -> 1.0.0")
        .anyMatch(line -> line.contains(" Triggered ") && line.contains(update.id().value()))
        .noneMatch(line -> line.contains("secret"));
    String post = posted.poll(60, TimeUnit.SECONDS);
    assertThat(post)
        .contains("\"kind\":\"DeviceFellBack\"")
        .contains("\"device\":\"" + DEVICE + "\"")
        .contains("\"update\":\"" + update.id() + "\"")
        .doesNotContain("secret");
    assertThat(posted).isEmpty();
  }

  private static InMemoryGroupRegistry groups() {
    InMemoryGroupRegistry groups = new InMemoryGroupRegistry();
    groups.saveGroups(List.of(new Group(GROUP, OWNER, Token.of("secret"), "")));
    groups.saveDevices(
        List.of(new Device(DEVICE, Token.of("t"), Optional.of(GROUP), "u", Addressing.GROUP)));
    return groups;
  }
}
