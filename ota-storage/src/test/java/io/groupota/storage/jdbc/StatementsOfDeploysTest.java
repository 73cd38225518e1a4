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
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How often a deploy, and the triggers that follow, go to the database and back. */
class StatementsOfDeploysTest {
  private static final Token TOKEN = Token.of(Samples.TOKEN);

  @Test
  void aDeployInABurstGoesTwice() {
    try (Node node = new Node(1)) {
      // Keys of blobs are reserved with the 1st, 2nd, 4th and 8th one.
      IntStream.range(0, 8).forEach(i -> node.deploy("1.0." + i));
      node.spy.prepared.clear();
      node.spy.calls.clear();
      IntStream.range(8, 15).forEach(i -> node.deploy("1.0." + i));
      assertThat(node.spy.prepared).as("the group, and all that is written").hasSize(7 * 2);
      assertThat(node.spy.calls).as("of transactions").containsOnly("close");
    }
  }

  @Test
  void triggersOfManyGroupsGoAsOftenAsThoseOfFew() {
    assertThat(triggering(2)).isEqualTo(triggering(200)).isPositive();
  }

  private static int triggering(int groups) {
    try (Node node = new Node(groups)) {
      node.deploy("1.0.0");
      node.service.runOnce();
      node.deploy("2.0.0");
      node.sent.set(0);
      node.spy.prepared.clear();
      node.service.runOnce();
      assertThat(node.sent).hasValue(groups);
      return node.spy.prepared.size();
    }
  }

  /** A node and groups of one device each, on PostgreSQL, which takes statements together. */
  private static final class Node implements AutoCloseable {
    final AtomicInteger sent = new AtomicInteger();
    private final HikariDataSource pool = TestDatabase.Kind.POSTGRESQL.pool(2);
    final Spy spy = new Spy(pool);
    private final List<GroupId> groups;
    final GroupOtaService service;

    Node(int count) {
      groups = IntStream.range(0, count).mapToObj(i -> new GroupId(Samples.id(i))).toList();
      JdbcGroupRegistry registry = JdbcGroupRegistry.using(spy.dataSource());
      registry.saveGroups(
          groups.stream().map(group -> new Group(group, Samples.OWNER, TOKEN, "")).toList());
      registry.saveDevices(groups.stream().map(Node::device).toList());
      SettableClock clock = SettableClock.at(Samples.NOON);
      service =
          GroupOta.builder()
              .repository(JdbcOtaRepository.builder(spy.dataSource()).clock(clock).build())
              .blobStore(new InMemoryBlobStore())
              .groups(registry)
              .notifier(
                  trigger -> {
                    sent.incrementAndGet();
                    return CompletableFuture.completedFuture(null);
                  })
              .clock(clock)
              .build();
    }

    private static Device device(GroupId group) {
      return new Device(
          new DeviceId(group.value()),
          Token.of("t"),
          Optional.of(group),
          "Hcixd1Fx",
          Addressing.GROUP);
    }

    void deploy(String version) {
      groups.forEach(
          group ->
              service.deploy(
                  DeployRequest.of(
                      Samples.OWNER,
                      group.value(),
                      Samples.TOKEN,
                      version,
                      FirmwareSource.bytes(new byte[] {1}))));
    }

    @Override
    public void close() {
      service.close();
      pool.close();
    }
  }
}
