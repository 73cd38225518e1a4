package io.groupota.storage.jdbc;

import io.groupota.DeviceState;
import io.groupota.UpdateCode;
import io.groupota.spi.SavedDevice;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/** Writes devices in batches of rows: the portable way. */
final class SavedDeviceRows {
  private static final String UPDATE =
      "UPDATE ota_device_state SET group_id = :group, mqtt_user = :user, addressing = :addressing,"
          + " reported_version = :version, version_since = :since, version_seen = :versionSeen,"
          + " core_version = :core, core_version_seen = :coreSeen, last_seen = :seen,"
          + " trigger_received_at = :received, download_started_at = :started,"
          + " up_to_date_at = :current, failed_at = :failed, free_space = :space,"
          + " free_space_seen = :spaceSeen WHERE device_id = :device";

  private static final String INSERT =
      "INSERT INTO ota_device_state (device_id, group_id, mqtt_user, addressing, reported_version,"
          + " version_since, version_seen, core_version, core_version_seen, last_seen,"
          + " trigger_received_at, download_started_at, up_to_date_at, failed_at, free_space, free_space_seen)"
          + " VALUES (:device, :group, :user, :addressing, :version, :since, :versionSeen, :core,"
          + " :coreSeen, :seen, :received, :started, :current, :failed, :space, :spaceSeen)";

  private SavedDeviceRows() {}

  static void update(Handle handle, List<SavedDevice> devices) {
    execute(handle, UPDATE, devices);
  }

  static void insert(Handle handle, List<SavedDevice> devices) {
    execute(handle, INSERT, devices);
  }

  private static void execute(Handle handle, String sql, List<SavedDevice> devices) {
    if (devices.isEmpty()) {
      return;
    }
    try (PreparedBatch batch = handle.prepareBatch(sql)) {
      for (SavedDevice device : devices) {
        bind(batch, device);
        batch.add();
      }
      batch.execute();
    }
  }

  private static void bind(PreparedBatch batch, SavedDevice device) {
    DeviceState state = device.state();
    Map<UpdateCode, Instant> codes = state.codes();
    batch
        .bind("device", state.device().value())
        .bind("group", state.group().value())
        .bind("user", device.mqttUser())
        .bind("addressing", device.addressing().name())
        .bind("version", state.reportedVersion().orElse(null))
        .bind("since", Columns.instant(state.versionSince().orElse(null)))
        .bind("versionSeen", Columns.instant(device.versionSeen().orElse(null)))
        .bind("core", state.coreVersion().orElse(null))
        .bind("coreSeen", Columns.instant(device.coreVersionSeen().orElse(null)))
        .bind("seen", Columns.instant(state.lastSeen()))
        .bind("received", Columns.instant(codes.get(UpdateCode.TRIGGER_RECEIVED)))
        .bind("started", Columns.instant(codes.get(UpdateCode.DOWNLOAD_STARTED)))
        .bind("current", Columns.instant(codes.get(UpdateCode.UP_TO_DATE)))
        .bind("failed", Columns.instant(codes.get(UpdateCode.FAILED)))
        .bind("space", Columns.number(state.freeSpace()))
        .bind("spaceSeen", Columns.instant(device.freeSpaceSeen().orElse(null)));
  }
}
