package io.groupota.storage.jdbc;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.UpdateCode;
import io.groupota.spi.Addressing;
import io.groupota.spi.SavedDevice;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** The rows of {@code ota_device_state}: locks, reads and writes many at once. */
final class SavedDevices {
  /** The columns of a {@link DeviceState}. */
  static final String STATE =
      "device_id, group_id, reported_version, version_since, core_version, last_seen,"
          + " trigger_received_at, download_started_at, up_to_date_at, failed_at, free_space";

  /** In one order everywhere, so that nodes with the same devices cannot deadlock. */
  private static final String LOCK =
      "SELECT "
          + STATE
          + ", mqtt_user, addressing, version_seen, core_version_seen, free_space_seen"
          + " FROM ota_device_state"
          + " WHERE device_id = ANY(:devices) ORDER BY device_id FOR UPDATE";

  private SavedDevices() {}

  static Map<DeviceId, SavedDevice> lock(Handle handle, Collection<DeviceId> devices) {
    return handle
        .createQuery(LOCK)
        .bind("devices", Columns.texts(devices))
        .map((row, context) -> saved(row))
        .collect(Collectors.toMap(saved -> saved.state().device(), Function.identity()));
  }

  /** What is to be written of devices that are locked. */
  static final class Changes {
    private final List<SavedDevice> missing = new ArrayList<>();
    private final List<SavedDevice> changed = new ArrayList<>();
    private final List<SavedDevice> refreshed = new ArrayList<>();

    void add(@Nullable SavedDevice before, SavedDevice after) {
      (before == null ? missing : isRefreshed(before, after) ? refreshed : changed).add(after);
    }

    /**
     * Writes them. A row that somebody else inserts meanwhile makes the insert fail, and the whole
     * transaction is repeated ({@link Database#write}).
     */
    void write(Handle handle, Dialect dialect) {
      if (dialect == Dialect.POSTGRESQL) {
        SavedDeviceArrays.refresh(handle, refreshed);
        SavedDeviceArrays.update(handle, changed);
        SavedDeviceArrays.insert(handle, missing);
      } else {
        SavedDeviceRows.update(handle, refreshed);
        SavedDeviceRows.update(handle, changed);
        SavedDeviceRows.insert(handle, missing);
      }
    }

    /** Whether nothing but times of reports has changed: so it is nearly always. */
    private static boolean isRefreshed(SavedDevice before, SavedDevice after) {
      DeviceState was = before.state();
      DeviceState is = after.state();
      return is.group().equals(was.group())
          && is.reportedVersion().equals(was.reportedVersion())
          && is.versionSince().equals(was.versionSince())
          && is.coreVersion().equals(was.coreVersion())
          && is.codes().equals(was.codes())
          && is.freeSpace().equals(was.freeSpace())
          && after.freeSpaceSeen().equals(before.freeSpaceSeen())
          && after.mqttUser().equals(before.mqttUser())
          && after.addressing() == before.addressing();
    }
  }

  private static SavedDevice saved(ResultSet row) throws SQLException {
    return new SavedDevice(
        state(row),
        Addressing.valueOf(row.getString("addressing")),
        row.getString("mqtt_user"),
        versionSeen(row),
        Columns.instant(row, "core_version_seen"),
        Columns.instant(row, "free_space_seen"));
  }

  /** Nodes of a release before the column change a version without setting it. */
  private static Optional<Instant> versionSeen(ResultSet row) throws SQLException {
    return Stream.of(Columns.instant(row, "version_seen"), Columns.instant(row, "version_since"))
        .flatMap(Optional::stream)
        .max(Instant::compareTo);
  }

  static DeviceState state(ResultSet row) throws SQLException {
    Map<UpdateCode, Instant> codes = new EnumMap<>(UpdateCode.class);
    for (UpdateCode code : UpdateCode.values()) {
      Columns.instant(row, column(code)).ifPresent(at -> codes.put(code, at));
    }
    return new DeviceState(
        new DeviceId(row.getString("device_id")),
        new GroupId(row.getString("group_id")),
        Columns.text(row, "reported_version"),
        Columns.instant(row, "version_since"),
        Columns.text(row, "core_version"),
        Columns.presentInstant(row, "last_seen"),
        codes,
        Columns.number(row, "free_space"));
  }

  private static String column(UpdateCode code) {
    return switch (code) {
      case TRIGGER_RECEIVED -> "trigger_received_at";
      case DOWNLOAD_STARTED -> "download_started_at";
      case UP_TO_DATE -> "up_to_date_at";
      case FAILED -> "failed_at";
    };
  }
}
