package io.groupota.benchmarks;

import io.groupota.GroupOtaService;
import io.groupota.VersionDiff;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Random;

/** The version diff of one large group. */
final class DiffSuite implements Suite {
  private static final int VERSIONS = 20;
  private static final int USERS = 3;

  @Override
  public String name() {
    return "diff";
  }

  @Override
  public String about() {
    return "version diff of a group of 1,000,000 devices, beside reading a row by key";
  }

  @Override
  public void run(Run run) throws Exception {
    int devices = run.count(1_000_000, 5_000);
    try (Database database = run.database(this, 4)) {
      Fleet fleet = new Fleet(database, run.seed());
      run.progress("diff: loading " + devices + " devices");
      fleet.groups(0, 1);
      Random random = run.seed().random("diff");
      fleet.devices(
          devices, n -> 0, n -> Fleet.user(n % USERS), n -> "1." + random.nextInt(VERSIONS) + ".0");
      database.settle();
      try (GroupOtaService service = Host.on(database, run.folder()).build()) {
        Timing.Call diff =
            () -> require(service.diff(fleet.owner(), fleet.group(0), "1.10.0"), devices);
        run.add(Row.of("diff.cold", 1e3 * Timing.seconds(diff), "ms"));
        Duration time = run.time(1);
        Duel.Outcome outcome =
            run.duel(5)
                .run(
                    run.progress("diff: comparing"),
                    () -> Timing.medianMicros(time, diff) / 1e3,
                    () -> Timing.medianMicros(time, () -> readRow(database, fleet)) / 1e3);
        run.add(Row.of("diff.devices-" + devices, outcome, "ms").should(Target.atMost(10)));
      }
    }
  }

  private static void require(VersionDiff diff, int devices) {
    long counted = diff.lines().stream().mapToLong(VersionDiff.Line::devices).sum();
    if (counted != devices) {
      throw new IllegalStateException("The diff counts " + counted + " devices");
    }
  }

  private static void readRow(Database database, Fleet fleet) throws SQLException {
    try (Connection connection = database.pool().getConnection();
        PreparedStatement statement =
            connection.prepareStatement(
                "SELECT version, path FROM ota_latest WHERE group_id = ?")) {
      statement.setString(1, fleet.group(0).value());
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next() || row.getString(1).isEmpty() || row.getString(2).isEmpty()) {
          throw new IllegalStateException("The group has no row");
        }
      }
    }
  }
}
