package io.groupota.storage.jdbc;

import io.groupota.UpdateCode;
import io.groupota.spi.DeviceStates.Sighting;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.argument.Argument;
import org.jspecify.annotations.Nullable;

/**
 * Saves sightings in one statement, an array per column: PostgreSQL takes them two to three times
 * as fast as rows, and {@code ON CONFLICT} needs no second attempt.
 */
final class SightingArrays {
  private static final String SAVE =
      "INSERT INTO ota_device_state AS t (device_id, group_id, mqtt_user, addressing,"
          + " reported_version, version_since, core_version, last_seen, trigger_received_at,"
          + " download_started_at, up_to_date_at, failed_at)"
          + " SELECT device, grp, usr, addressing, version,"
          + " CASE WHEN version IS NOT NULL THEN seen END, core, seen, received, started, current,"
          + " failed FROM unnest("
          + String.join(
              ", ",
              texts("devices"),
              texts("groups"),
              texts("users"),
              texts("addressings"),
              texts("versions"),
              texts("cores"),
              times("seen"),
              times("received"),
              times("started"),
              times("current"),
              times("failed"))
          + ") AS n (device, grp, usr, addressing, version, core, seen, received, started, current,"
          + " failed) ON CONFLICT (device_id) DO UPDATE SET group_id = excluded.group_id,"
          + " mqtt_user = excluded.mqtt_user, addressing = excluded.addressing,"
          + " version_since = CASE WHEN excluded.reported_version IS NULL"
          + " OR excluded.reported_version = t.reported_version THEN t.version_since"
          + " ELSE excluded.last_seen END,"
          + " reported_version = COALESCE(excluded.reported_version, t.reported_version),"
          + " core_version = COALESCE(excluded.core_version, t.core_version)"
          + latest("last_seen")
          + latest("trigger_received_at")
          + latest("download_started_at")
          + latest("up_to_date_at")
          + latest("failed_at");

  private SightingArrays() {}

  private static String texts(String parameter) {
    return "CAST(:" + parameter + " AS VARCHAR[])";
  }

  private static String times(String parameter) {
    return "CAST(:" + parameter + " AS TIMESTAMP WITH TIME ZONE[])";
  }

  /** Batches of several nodes may arrive out of order: the latest time counts. */
  private static String latest(String column) {
    return ", " + column + " = GREATEST(t." + column + ", excluded." + column + ")";
  }

  static int save(Handle handle, List<Sighting> sightings) {
    return handle
        .createUpdate(SAVE)
        .bind("devices", texts(sightings, s -> s.device().id().value()))
        .bind("groups", texts(sightings, s -> SightingRows.groupOf(s.device()).value()))
        .bind("users", texts(sightings, s -> s.device().mqttUser()))
        .bind("addressings", texts(sightings, s -> s.device().addressing().name()))
        .bind("versions", texts(sightings, s -> s.version().orElse(null)))
        .bind("cores", texts(sightings, s -> s.coreVersion().orElse(null)))
        .bind("seen", times(sightings, Sighting::seenAt))
        .bind("received", times(sightings, s -> s.codes().get(UpdateCode.TRIGGER_RECEIVED)))
        .bind("started", times(sightings, s -> s.codes().get(UpdateCode.DOWNLOAD_STARTED)))
        .bind("current", times(sightings, s -> s.codes().get(UpdateCode.UP_TO_DATE)))
        .bind("failed", times(sightings, s -> s.codes().get(UpdateCode.FAILED)))
        .execute();
  }

  private static Argument texts(
      List<Sighting> sightings, Function<Sighting, @Nullable String> column) {
    return array("varchar", sightings, column);
  }

  private static Argument times(
      List<Sighting> sightings, Function<Sighting, @Nullable Instant> column) {
    return array(
        "timestamptz",
        sightings,
        sighting -> {
          Instant time = column.apply(sighting);
          return time == null ? null : time.truncatedTo(ChronoUnit.MICROS).toString();
        });
  }

  private static Argument array(
      String type, List<Sighting> sightings, Function<Sighting, @Nullable String> column) {
    @Nullable String[] values = new @Nullable String[sightings.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = column.apply(sightings.get(i));
    }
    return (position, statement, context) ->
        statement.setArray(position, statement.getConnection().createArrayOf(type, values));
  }
}
