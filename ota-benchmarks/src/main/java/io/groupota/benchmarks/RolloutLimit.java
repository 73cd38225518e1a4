package io.groupota.benchmarks;

import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import java.sql.SQLException;

/**
 * What the machine needs for the rows and messages of a rollout: one statement each, on a table
 * with the same indexes, and a bare MQTT client. One thread.
 */
final class RolloutLimit {
  private static final String KEEP = "CREATE TABLE kept AS SELECT * FROM ota_rollout_device";
  private static final String TABLE = "CREATE TABLE plain (LIKE ota_rollout_device INCLUDING ALL)";

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
    database.execute(KEEP, TABLE);
  }

  double insert() throws Exception {
    return Timing.seconds(() -> database.execute(INSERT));
  }

  double update() throws Exception {
    return Timing.seconds(() -> database.execute(UPDATE));
  }

  double publish(int devices) throws Exception {
    return BareClient.publish(
        client,
        i -> "/" + Fleet.user(0) + "/devices/" + fleet.device(i) + "/update-trigger",
        devices,
        RolloutRound.VERSION);
  }
}
