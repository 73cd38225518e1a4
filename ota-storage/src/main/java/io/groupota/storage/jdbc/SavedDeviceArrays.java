package io.groupota.storage.jdbc;

import io.groupota.UpdateCode;
import io.groupota.spi.SavedDevice;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;

/**
 * Writes devices in one statement, an array per column: PostgreSQL takes them two to three times as
 * fast as rows.
 */
final class SavedDeviceArrays {
  private static final String TIMES =
      String.join(", ", texts("devices"), times("seen"), times("versionsSeen"), times("coresSeen"));

  private static final String ROWS =
      " FROM unnest("
          + String.join(
              ", ",
              TIMES,
              texts("groups"),
              texts("users"),
              texts("addressings"),
              texts("versions"),
              times("versionsSince"),
              texts("cores"),
              times("received"),
              times("started"),
              times("current"),
              times("failed"),
              "CAST(:spaces AS BIGINT[])",
              times("spacesSeen"))
          + ") AS n (device, seen, version_seen, core_seen, grp, usr, addressing, version, since,"
          + " core, received, started, current, failed, space, space_seen)";

  private static final String REFRESH =
      "UPDATE ota_device_state t SET last_seen = n.seen, version_seen = n.version_seen,"
          + " core_version_seen = n.core_seen FROM unnest("
          + TIMES
          + ") AS n (device, seen, version_seen, core_seen) WHERE t.device_id = n.device";

  private static final String UPDATE =
      "UPDATE ota_device_state t SET last_seen = n.seen, version_seen = n.version_seen,"
          + " core_version_seen = n.core_seen, group_id = n.grp, mqtt_user = n.usr,"
          + " addressing = n.addressing, reported_version = n.version, version_since = n.since,"
          + " core_version = n.core, trigger_received_at = n.received,"
          + " download_started_at = n.started, up_to_date_at = n.current, failed_at = n.failed,"
          + " free_space = n.space, free_space_seen = n.space_seen"
          + ROWS
          + " WHERE t.device_id = n.device";

  private static final String INSERT =
      "INSERT INTO ota_device_state (device_id, last_seen, version_seen, core_version_seen,"
          + " group_id, mqtt_user, addressing, reported_version, version_since, core_version,"
          + " trigger_received_at, download_started_at, up_to_date_at, failed_at, free_space,"
          + " free_space_seen) SELECT n.*"
          + ROWS;

  private SavedDeviceArrays() {}

  private static String texts(String parameter) {
    return "CAST(:" + parameter + " AS VARCHAR[])";
  }

  private static String times(String parameter) {
    return "CAST(:" + parameter + " AS TIMESTAMP WITH TIME ZONE[])";
  }

  /** Writes devices of which nothing but times has changed. */
  static void refresh(Handle handle, List<SavedDevice> devices) {
    execute(handle, REFRESH, devices, update -> bindTimes(update, devices));
  }

  static void update(Handle handle, List<SavedDevice> devices) {
    execute(handle, UPDATE, devices, update -> bindAll(update, devices));
  }

  static void insert(Handle handle, List<SavedDevice> devices) {
    execute(handle, INSERT, devices, update -> bindAll(update, devices));
  }

  private static void execute(
      Handle handle, String sql, List<SavedDevice> devices, Consumer<Update> bind) {
    if (!devices.isEmpty()) {
      try (Update update = handle.createUpdate(sql)) {
        bind.accept(update);
        update.execute();
      }
    }
  }

  private static void bindTimes(Update update, List<SavedDevice> devices) {
    update
        .bind("devices", texts(devices, d -> d.state().device().value()))
        .bind("seen", times(devices, d -> d.state().lastSeen()))
        .bind("versionsSeen", times(devices, d -> d.versionSeen().orElse(null)))
        .bind("coresSeen", times(devices, d -> d.coreVersionSeen().orElse(null)));
  }

  private static void bindAll(Update update, List<SavedDevice> devices) {
    bindTimes(update, devices);
    update
        .bind("groups", texts(devices, d -> d.state().group().value()))
        .bind("users", texts(devices, SavedDevice::mqttUser))
        .bind("addressings", texts(devices, d -> d.addressing().name()))
        .bind("versions", texts(devices, d -> d.state().reportedVersion().orElse(null)))
        .bind("versionsSince", times(devices, d -> d.state().versionSince().orElse(null)))
        .bind("cores", texts(devices, d -> d.state().coreVersion().orElse(null)))
        .bind("received", codes(devices, UpdateCode.TRIGGER_RECEIVED))
        .bind("started", codes(devices, UpdateCode.DOWNLOAD_STARTED))
        .bind("current", codes(devices, UpdateCode.UP_TO_DATE))
        .bind("failed", codes(devices, UpdateCode.FAILED))
        .bind("spaces", Columns.array("int8", devices, d -> Columns.number(d.state().freeSpace())))
        .bind("spacesSeen", times(devices, d -> d.freeSpaceSeen().orElse(null)));
  }

  private static Argument codes(List<SavedDevice> devices, UpdateCode code) {
    return times(devices, device -> device.state().codes().get(code));
  }

  private static Argument texts(
      List<SavedDevice> devices, Function<SavedDevice, @Nullable String> column) {
    return array("varchar", devices, column);
  }

  private static Argument times(
      List<SavedDevice> devices, Function<SavedDevice, @Nullable Instant> column) {
    return array(
        "timestamptz",
        devices,
        device -> {
          Instant time = column.apply(device);
          return time == null ? null : time.toString();
        });
  }

  private static Argument array(
      String type, List<SavedDevice> devices, Function<SavedDevice, @Nullable String> column) {
    @Nullable String[] values = new @Nullable String[devices.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = column.apply(devices.get(i));
    }
    return (position, statement, context) ->
        statement.setArray(position, statement.getConnection().createArrayOf(type, values));
  }
}
