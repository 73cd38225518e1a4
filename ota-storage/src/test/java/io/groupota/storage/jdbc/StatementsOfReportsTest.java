package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
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
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A batch of reports asks hardly more if its devices have a group each than if they share one. */
class StatementsOfReportsTest {
  private static final int DEVICES = 300;

  @ParameterizedTest
  @EnumSource
  void doNotDependOnTheNumberOfGroups(TestDatabase.Kind kind) {
    // More that are due are claimed in more than one step.
    assertThat(statements(kind, DEVICES)).isLessThan(statements(kind, 1) + 10);
  }

  /** How many a node prepares that knows the devices, for a version and a trigger of each. */
  private static int statements(TestDatabase.Kind kind, int groups) {
    SettableClock clock = SettableClock.at(Samples.NOON);
    try (HikariDataSource pool = kind.pool(4)) {
      Spy spy = new Spy(pool);
      JdbcGroupRegistry registry = JdbcGroupRegistry.using(pool);
      try (GroupOtaService service =
          GroupOta.builder()
              .repository(JdbcOtaRepository.builder(spy.dataSource()).clock(clock).build())
              .blobStore(new InMemoryBlobStore())
              .groups(registry)
              .notifier(trigger -> CompletableFuture.completedFuture(null))
              .listener(event -> {})
              .clock(clock)
              .build()) {
        for (int i = 0; i < DEVICES; i++) {
          register(registry, i, groups);
        }
        for (int i = 0; i < groups; i++) {
          FirmwareSource firmware = FirmwareSource.bytes(new byte[] {1, 2, 3});
          service.deploy(
              DeployRequest.of(Samples.OWNER, group(i).value(), Samples.TOKEN, "1.0.0", firmware));
        }
        report(service, "1.0.0");
        clock.advance(Duration.ofSeconds(30));
        report(service, "1.0.1");
        clock.advance(Duration.ofSeconds(30));
        spy.prepared.clear();
        report(service, "2.0.0");
        return spy.prepared.size();
      }
    }
  }

  private static void report(GroupOtaService service, String version) {
    for (int i = 0; i < DEVICES; i++) {
      DeviceReport report =
          new DeviceReport(
              device(i),
              Optional.of("Hcixd1Fx"),
              Optional.of(version),
              Optional.empty(),
              Optional.empty(),
              OptionalLong.empty());
      assertThat(service.report(report)).isTrue();
    }
    service.runOnce();
  }

  private static void register(JdbcGroupRegistry registry, int number, int groups) {
    GroupId group = group(number % groups);
    registry.saveGroups(List.of(new Group(group, Samples.OWNER, Token.of(Samples.TOKEN), "")));
    registry.saveDevices(
        List.of(
            new Device(
                device(number),
                Token.of("token"),
                Optional.of(group),
                "Hcixd1Fx",
                Addressing.GROUP)));
  }

  private static GroupId group(int number) {
    return new GroupId(Samples.id(10_000 + number));
  }

  private static DeviceId device(int number) {
    return new DeviceId(Samples.id(number));
  }
}
