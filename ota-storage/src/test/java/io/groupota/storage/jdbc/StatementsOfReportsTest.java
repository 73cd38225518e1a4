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
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.Schedule;
import io.groupota.rollout.Stage;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.testkit.SettableClock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A batch of reports is asked for as a whole, whether devices share a group or have one each. */
class StatementsOfReportsTest {
  private static final int DEVICES = 300;

  /** Twice what there are, and far from one for each device or group. */
  private static final int MANY = 50;

  @ParameterizedTest
  @EnumSource
  void areFewWhateverTheGroups(TestDatabase.Kind kind) {
    assertThat(ofNewVersions(kind, 1)).isLessThan(MANY);
    assertThat(ofNewVersions(kind, DEVICES)).isLessThan(MANY);
  }

  @ParameterizedTest
  @EnumSource
  void areFewWhateverARolloutHolds(TestDatabase.Kind kind) {
    assertThat(ofARollout(kind, 1)).isLessThan(MANY);
    assertThat(ofARollout(kind, DEVICES)).isLessThan(MANY);
  }

  /** What a node prepares that knows the devices, for a version and a trigger of each. */
  private static int ofNewVersions(TestDatabase.Kind kind, int groups) {
    try (Node node = new Node(kind, groups, Addressing.GROUP)) {
      node.report("1.0.0");
      node.clock.advance(Duration.ofSeconds(30));
      node.report("1.0.1");
      node.clock.advance(Duration.ofSeconds(30));
      return node.report("2.0.0");
    }
  }

  /** What it prepares when they say what they are to stay with until a rollout begins. */
  private static int ofARollout(TestDatabase.Kind kind, int groups) {
    try (Node node = new Node(kind, groups, Addressing.DEVICE)) {
      node.hold();
      node.report("1.0.0");
      node.clock.advance(Duration.ofMinutes(2));
      node.report("1.0.0");
      node.clock.advance(Duration.ofMinutes(2));
      return node.report("1.0.0");
    }
  }

  /** A node, its database, and devices in groups that all serve a version. */
  private static final class Node implements AutoCloseable {
    final SettableClock clock = SettableClock.at(Samples.NOON);
    private final int groups;
    private final HikariDataSource pool;
    private final Spy spy;
    private final GroupOtaService service;

    Node(TestDatabase.Kind kind, int groups, Addressing addressing) {
      this.groups = groups;
      pool = kind.pool(4);
      spy = new Spy(pool);
      JdbcGroupRegistry registry = JdbcGroupRegistry.using(pool);
      service =
          GroupOta.builder()
              .repository(JdbcOtaRepository.builder(spy.dataSource()).clock(clock).build())
              .blobStore(new InMemoryBlobStore())
              .groups(registry)
              .notifier(trigger -> CompletableFuture.completedFuture(null))
              .listener(event -> {})
              .clock(clock)
              .build();
      for (int i = 0; i < DEVICES; i++) {
        register(registry, i, groups, addressing);
      }
      for (int i = 0; i < groups; i++) {
        service.deploy(request(i, "1.0.0"));
      }
    }

    /** By a rollout that nobody starts. */
    void hold() {
      RolloutPlan plan =
          RolloutPlan.builder()
              .stage(Stage.everyone())
              .schedule(new Schedule(true, Optional.empty(), Optional.empty()))
              .build();
      Map<GroupId, Token> others = new HashMap<>();
      for (int i = 1; i < groups; i++) {
        others.put(group(i), Token.of(Samples.TOKEN));
      }
      service.rollouts().deploy(request(0, "2.0.0"), others, plan);
      service.runOnce();
    }

    /** Has all devices report and be saved; returns how many statements that took. */
    int report(String version) {
      spy.prepared.clear();
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
      assertThat(service.reportCounts().waiting()).isZero();
      return spy.prepared.size();
    }

    @Override
    public void close() {
      service.close();
      pool.close();
    }
  }

  private static DeployRequest request(int group, String version) {
    return DeployRequest.of(
        Samples.OWNER,
        group(group).value(),
        Samples.TOKEN,
        version,
        FirmwareSource.bytes(new byte[] {1, 2, 3}));
  }

  private static void register(
      JdbcGroupRegistry registry, int number, int groups, Addressing addressing) {
    GroupId group = group(number % groups);
    registry.saveGroups(List.of(new Group(group, Samples.OWNER, Token.of(Samples.TOKEN), "")));
    registry.saveDevices(
        List.of(
            new Device(
                device(number), Token.of("token"), Optional.of(group), "Hcixd1Fx", addressing)));
  }

  private static GroupId group(int number) {
    return new GroupId(Samples.id(10_000 + number));
  }

  private static DeviceId device(int number) {
    return new DeviceId(Samples.id(number));
  }
}
