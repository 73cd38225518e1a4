package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.Token;
import io.groupota.firmware.FirmwareSource;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.testkit.SettableClock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a check asks the database when nobody of the group has checked lately. */
class StatementsOfChecksTest {
  private static final GroupId GROUP = new GroupId(Samples.id(1));
  private static final DeviceId DEVICE = new DeviceId(Samples.id(2));

  @Test
  void aDeviceThatChecksAgainCostsFew() {
    SettableClock clock = SettableClock.at(Samples.NOON);
    try (HikariDataSource pool = TestDatabase.Kind.POSTGRESQL.pool(2)) {
      Spy spy = new Spy(pool);
      JdbcGroupRegistry registry = JdbcGroupRegistry.using(spy.dataSource());
      registry.saveGroups(List.of(new Group(GROUP, Samples.OWNER, Token.of(Samples.TOKEN), "")));
      registry.saveDevices(
          List.of(
              new Device(
                  DEVICE, Token.of("t"), Optional.of(GROUP), "Hcixd1Fx", Addressing.DEVICE)));
      try (GroupOtaService service =
          GroupOta.builder()
              .repository(JdbcOtaRepository.builder(spy.dataSource()).clock(clock).build())
              .blobStore(new InMemoryBlobStore())
              .groups(registry)
              .notifier(trigger -> CompletableFuture.completedFuture(null))
              .clock(clock)
              .build()) {
        service.deploy(
            DeployRequest.of(
                Samples.OWNER,
                GROUP.value(),
                Samples.TOKEN,
                "1.0.0",
                FirmwareSource.bytes(new byte[] {1})));
        // At first a node hears where the log stands, from then on what has changed.
        for (int i = 0; i < 3; i++) {
          clock.advance(Duration.ofSeconds(1));
          spy.prepared.clear();
          assertThat(service.served(DEVICE)).isPresent();
        }
        assertThat(spy.prepared)
            .as("the device, who has a say in its group, and what has changed")
            .hasSize(3);
      }
    }
  }
}
