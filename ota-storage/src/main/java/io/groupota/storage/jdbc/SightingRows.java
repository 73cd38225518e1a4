package io.groupota.storage.jdbc;

import io.groupota.GroupId;
import io.groupota.UpdateCode;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates.Sighting;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/** Saves sightings in batches of rows: the portable way. */
final class SightingRows {
  private static final String UPDATE =
      "UPDATE ota_device_state SET group_id = :group, mqtt_user = :user, addressing = :addressing,"
          + " version_since = CASE WHEN CAST(:version AS VARCHAR) IS NULL"
          + " OR reported_version = CAST(:version AS VARCHAR) THEN version_since"
          + " ELSE CAST(:seenAt AS TIMESTAMP WITH TIME ZONE) END,"
          + " reported_version = COALESCE(CAST(:version AS VARCHAR), reported_version),"
          + " core_version = COALESCE(CAST(:core AS VARCHAR), core_version),"
          + (" " + latest("seenAt", "last_seen"))
          + (", " + latest("received", "trigger_received_at"))
          + (", " + latest("started", "download_started_at"))
          + (", " + latest("upToDate", "up_to_date_at"))
          + (", " + latest("failed", "failed_at"))
          + " WHERE device_id = :device";

  private static final String INSERT =
      "INSERT INTO ota_device_state (device_id, group_id, mqtt_user, addressing, reported_version,"
          + " version_since, core_version, last_seen, trigger_received_at, download_started_at,"
          + " up_to_date_at, failed_at) VALUES (:device, :group, :user, :addressing, :version,"
          + " CASE WHEN CAST(:version AS VARCHAR) IS NOT NULL"
          + " THEN CAST(:seenAt AS TIMESTAMP WITH TIME ZONE) END,"
          + " :core, CAST(:seenAt AS TIMESTAMP WITH TIME ZONE), :received, :started, :upToDate,"
          + " :failed)";

  private SightingRows() {}

  /** Batches of several nodes may arrive out of order: the latest time counts. */
  private static String latest(String parameter, String column) {
    String time = "CAST(:" + parameter + " AS TIMESTAMP WITH TIME ZONE)";
    return column
        + (" = CASE WHEN " + column + " IS NULL OR " + time + " > " + column)
        + (" THEN " + time + " ELSE " + column + " END");
  }

  static int save(Handle handle, List<Sighting> sightings) {
    return Upsert.run(handle, UPDATE, INSERT, sightings, SightingRows::bind);
  }

  private static void bind(PreparedBatch batch, Sighting sighting) {
    Map<UpdateCode, Instant> codes = sighting.codes();
    batch
        .bind("device", sighting.device().id().value())
        .bind("group", groupOf(sighting.device()).value())
        .bind("user", sighting.device().mqttUser())
        .bind("addressing", sighting.device().addressing().name())
        .bind("version", sighting.version().orElse(null))
        .bind("core", sighting.coreVersion().orElse(null))
        .bind("seenAt", Columns.instant(sighting.seenAt()))
        .bind("received", Columns.instant(codes.get(UpdateCode.TRIGGER_RECEIVED)))
        .bind("started", Columns.instant(codes.get(UpdateCode.DOWNLOAD_STARTED)))
        .bind("upToDate", Columns.instant(codes.get(UpdateCode.UP_TO_DATE)))
        .bind("failed", Columns.instant(codes.get(UpdateCode.FAILED)));
  }

  static GroupId groupOf(Device device) {
    return device
        .group()
        .orElseThrow(
            () -> new IllegalArgumentException("Device " + device.id() + " is in no group"));
  }
}
