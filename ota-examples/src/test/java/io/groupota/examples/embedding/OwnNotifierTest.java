package io.groupota.examples.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.firmware.FirmwareSource;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OwnNotifierTest {
  private static final OwnerId OWNER = new OwnerId("acme");
  private static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  private static final DeviceId ALONE = new DeviceId("5e1b5774afd4e404d68aebd6");

  private final BlockingQueue<String> received = new LinkedBlockingQueue<>();
  private final AtomicInteger failures = new AtomicInteger();
  private HttpServer gateway;

  @BeforeEach
  void startGateway() throws IOException {
    gateway = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    gateway.createContext(
        "/",
        exchange -> {
          String version =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          boolean fails = failures.getAndDecrement() > 0;
          exchange.sendResponseHeaders(fails ? 503 : 204, -1);
          exchange.close();
          if (!fails) {
            received.add(exchange.getRequestURI().getPath() + " " + version);
          }
        });
    gateway.start();
  }

  @AfterEach
  void stopGateway() {
    gateway.stop(0);
  }

  @Test
  void theGatewayGetsEachTriggerEvenIfItFailsAtFirst() throws Exception {
    failures.set(1);
    InMemoryGroupRegistry groups = new InMemoryGroupRegistry();
    groups.saveGroups(List.of(new Group(GROUP, OWNER, Token.of("t"), "")));
    groups.saveDevices(
        List.of(
            new Device(ALONE, Token.of("t"), Optional.of(GROUP), "vhost:u 2?", Addressing.DEVICE)));
    URI address = URI.create("http://127.0.0.1:" + gateway.getAddress().getPort() + "/");
    try (GroupOtaService ota =
        GroupOta.builder()
            .repository(new InMemoryOtaRepository(Clock.systemUTC()))
            .blobStore(new InMemoryBlobStore())
            .groups(groups)
            .notifier(new OwnNotifier(HttpClient.newHttpClient(), address))
            .build()) {
      ota.start();
      ota.deploy(
          DeployRequest.of(
              OWNER, GROUP.value(), "t", "2.0.0", FirmwareSource.bytes(new byte[] {1})));
      assertThat(received.poll(20, TimeUnit.SECONDS))
          .isEqualTo("/vhost:u 2?/device/" + ALONE + " 2.0.0");
    }
  }
}
