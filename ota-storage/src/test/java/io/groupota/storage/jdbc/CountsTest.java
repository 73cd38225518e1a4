package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.Token;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates.Heard;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.testkit.Race;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The counts that triggers of PostgreSQL keep are those that counting the rows gives. */
class CountsTest {
  private static final int GROUPS = 3;
  private static final int DEVICES = 60;

  private HikariDataSource pool;

  @BeforeEach
  void open() {
    pool = TestDatabase.Kind.POSTGRESQL.pool(10);
  }

  @AfterEach
  void close() {
    pool.close();
  }

  @Test
  void theyStayExactWhileManyWriteTheSameDevices() throws Exception {
    JdbcOtaRepository repository = JdbcOtaRepository.using(pool);
    JdbcGroupRegistry registry = JdbcGroupRegistry.using(pool);
    List<Callable<Void>> writers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Random random = new Random(i);
      int writer = i;
      writers.add(
          () -> {
            for (int round = 0; round < 60; round++) {
              List<Device> some = devices(random);
              switch (random.nextInt(8)) {
                case 0 -> registry.saveDevices(some);
                case 1 -> registry.removeDevices(ids(some.subList(0, 1)));
                case 2 -> repository.forgetDevices(ids(some.subList(0, 1)));
                case 3 -> Samples.deploy(repository, 1 + writer * 1_000L + round, "1.0." + round);
                default -> repository.save(sightings(some, random));
              }
            }
            return null;
          });
    }
    Race.of(Duration.ofMinutes(5), writers);
    assertExact();
    // Every row was written by one of some 500 statements, and about one in fifty adds up.
    assertThat(number("SELECT COUNT(*) FROM ota_version_count")).isLessThan(3_000);
    execute("UPDATE ota_latest SET owner = 'another'");
    assertExact();
    registry.removeGroup(group(0));
    assertExact();
    execute("TRUNCATE ota_device, ota_device_state, ota_latest");
    assertExact();
    assertThat(number("SELECT COUNT(*) FROM ota_version_count")).isZero();
  }

  @Test
  void rowsAreAddedUpNowAndThen() throws Exception {
    JdbcOtaRepository repository = JdbcOtaRepository.using(pool);
    for (int i = 0; i < 1_000; i++) {
      repository.save(List.of(sighting(device(1, 0), i % 2 == 0 ? "1.0.0" : "1.0.1")));
    }
    assertExact();
    // 2,000 rows were added; that they are never added up has the odds of 0.98 to the 1,000th.
    assertThat(number("SELECT COUNT(*) FROM ota_version_count")).isLessThan(1_500);
  }

  @Test
  void whatAnOlderReleaseLeftIsCounted() throws Exception {
    JdbcOtaRepository.Builder builder = JdbcOtaRepository.builder(pool).migrate(false);
    String sql = TestDatabase.schema(builder);
    int counts = sql.indexOf("-- V7__");
    execute(sql.substring(0, counts));
    execute(
        "INSERT INTO ota_device SELECT LPAD(n::text, 24, '0'), 'token',"
            + " CASE WHEN n % 5 > 0 THEN LPAD((n % 5)::text, 24, '0') END, 'user-' || n % 2, 'GROUP'"
            + " FROM generate_series(1, 1000) n");
    execute(
        "INSERT INTO ota_device_state (device_id, group_id, mqtt_user, addressing,"
            + " reported_version, last_seen) SELECT id, group_id, mqtt_user, addressing,"
            + " CASE WHEN id < LPAD('500', 24, '0') THEN '1.0.0' END, NOW() FROM ota_device"
            + " WHERE group_id IS NOT NULL");
    execute(sql.substring(counts));
    assertThat(number("SELECT SUM(devices) FROM ota_member_count")).isEqualTo(800);
    assertExact();
  }

  private void assertExact() throws SQLException {
    assertSame(
        "SELECT group_id, addressing, mqtt_user, reported_version, COUNT(*) FROM ota_device_state"
            + " GROUP BY 1, 2, 3, 4",
        "SELECT group_id, addressing, mqtt_user, reported_version, SUM(devices)::bigint"
            + " FROM ota_version_count GROUP BY 1, 2, 3, 4 HAVING SUM(devices) <> 0");
    assertSame(
        "SELECT group_id, addressing, mqtt_user, COUNT(*) FROM ota_device"
            + " WHERE group_id IS NOT NULL GROUP BY 1, 2, 3",
        "SELECT group_id, addressing, mqtt_user, SUM(devices)::bigint FROM ota_member_count"
            + " GROUP BY 1, 2, 3 HAVING SUM(devices) <> 0");
    assertSame(
        "SELECT owner, COUNT(*) FROM ota_latest GROUP BY 1",
        "SELECT owner, SUM(updates)::bigint FROM ota_owner_count GROUP BY 1"
            + " HAVING SUM(updates) <> 0");
  }

  private void assertSame(String counted, String kept) throws SQLException {
    String difference = "(SELECT COUNT(*) FROM (%s EXCEPT %s) d)";
    assertThat(number("SELECT " + difference.formatted(counted, kept))).as(counted).isZero();
    assertThat(number("SELECT " + difference.formatted(kept, counted))).as(kept).isZero();
  }

  private static List<Device> devices(Random random) {
    List<Device> some = new ArrayList<>();
    for (int i = 0; i < DEVICES; i++) {
      if (random.nextInt(10) == 0) {
        some.add(device(i, random.nextInt(GROUPS)));
      }
    }
    return some.isEmpty() ? List.of(device(0, 0)) : some;
  }

  private static Device device(int number, int group) {
    return new Device(
        new DeviceId(Samples.id(number)),
        Token.of("token"),
        Optional.of(group(group)),
        "user-" + group % 2,
        number % 2 == 0 ? Addressing.GROUP : Addressing.DEVICE);
  }

  private static GroupId group(int number) {
    return new GroupId(Samples.id(100 + number));
  }

  private static List<DeviceId> ids(List<Device> devices) {
    return devices.stream().map(Device::id).toList();
  }

  private static List<Sighting> sightings(List<Device> devices, Random random) {
    return devices.stream().map(device -> sighting(device, "1.0." + random.nextInt(3))).toList();
  }

  private static Sighting sighting(Device device, String version) {
    return new Sighting(
        device,
        Optional.of(new Heard(version, Duration.ZERO)),
        Optional.of(Duration.ZERO),
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        Duration.ZERO);
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private long number(String sql) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }
}
