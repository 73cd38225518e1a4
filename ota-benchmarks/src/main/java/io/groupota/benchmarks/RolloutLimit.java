package io.groupota.benchmarks;

import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import java.sql.SQLException;

/**
 * What the machine needs for the rows and messages of a rollout: one statement each, on a table
 * with the same indexes, and a bare MQTT client. One thread.
 */
final class RolloutLimit {
  // Nobody cleans up after the limit while the library is measured: it does so itself.
  private static final String OURS_TO_CLEAN = " WITH (autovacuum_enabled = false)";

  private static final String KEEP =
      "CREATE TABLE kept" + OURS_TO_CLEAN + " AS SELECT * FROM ota_rollout_device";

  private static final String TABLE =
      "CREATE TABLE plain (LIKE ota_rollout_device INCLUDING ALL)" + OURS_TO_CLEAN;

  private static final String INSERT =
      "INSERT INTO plain SELECT * FROM kept ORDER BY rollout_id, device_id";

  private static final String UPDATE =
      "UPDATE plain SET state = 'ADMITTED', attempts = 1, attempt_at = now(), since = now(),"
          + " due = now() + INTERVAL '1 day', revision = revision + 1 WHERE stage = 0";

  private final Database database;
  private final Mqtt5AsyncClient client;
  private final Fleet fleet;

  RolloutLimit(Database database, Mqtt5AsyncClient client, Fleet fleet) {
    this.database = database;
    this.client = client;
    this.fleet = fleet;
  }

  /** Copies the rows of the rollout as they are now, for what follows. */
  void keep() throws SQLException {
    database.execute(KEEP);
  }

  /** Measures everything once; of that nothing is left. */
  RolloutRound.Seconds run(int stage) throws Exception {
    database.execute(TABLE);
    try {
      return new RolloutRound.Seconds(statement(INSERT), statement(UPDATE), publish(stage));
    } finally {
      database.execute("DROP TABLE plain");
    }
  }

  private double statement(String sql) throws Exception {
    database.settle();
    return Timing.seconds(() -> database.execute(sql));
  }

  private double publish(int devices) throws Exception {
    return BareClient.publish(
        client,
        i -> "/" + Fleet.user(0) + "/devices/" + fleet.device(i) + "/update-trigger",
        devices,
        RolloutRound.VERSION);
  }
}
