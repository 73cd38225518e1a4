package io.groupota.storage.jdbc;

import io.groupota.DeviceId;
import io.groupota.UpdateId;
import io.groupota.spi.OfferLog;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** {@link OfferLog} on {@code ota_offer} and {@code ota_rollout_hold}. */
final class SqlOfferLog implements OfferLog {
  private static final String OFFER =
      "SELECT update_id, offered_at, "
          + Database.NOW
          + " AS present FROM ota_offer WHERE device_id = :device";

  private static final String UPDATE =
      "UPDATE ota_offer SET update_id = :update, offered_at = "
          + Database.NOW
          + " WHERE device_id = :device";

  private static final String INSERT =
      "INSERT INTO ota_offer (device_id, update_id, offered_at) VALUES (:device, :update, "
          + Database.NOW
          + ")";

  private static final String WITHDRAW = "DELETE FROM ota_offer WHERE device_id = :device";

  private final Database database;

  SqlOfferLog(Database database) {
    this.database = database;
  }

  @Override
  public Optional<Offer> offer(DeviceId device) {
    return database.read(
        handle ->
            handle
                .createQuery(OFFER)
                .bind("now", Columns.instant(database.now()))
                .bind("device", device.value())
                .map((row, context) -> offer(row))
                .findOne());
  }

  private static Offer offer(ResultSet row) throws SQLException {
    return new Offer(
        new UpdateId(row.getString("update_id")),
        Duration.between(
            Columns.presentInstant(row, "offered_at"), Columns.presentInstant(row, "present")));
  }

  @Override
  public void offer(DeviceId device, UpdateId update) {
    database.write(handle -> put(handle, device, update));
  }

  /** If somebody else inserts it meanwhile, the insert fails and the transaction is repeated. */
  private int put(Handle handle, DeviceId device, UpdateId update) {
    int updated = put(handle, UPDATE, device, update);
    return updated > 0 ? updated : put(handle, INSERT, device, update);
  }

  private int put(Handle handle, String sql, DeviceId device, UpdateId update) {
    return handle
        .createUpdate(sql)
        .bind("device", device.value())
        .bind("update", update.value())
        .bind("now", Columns.instant(database.now()))
        .execute();
  }

  @Override
  public void withdrawOffer(DeviceId device) {
    database.write(
        handle -> handle.createUpdate(WITHDRAW).bind("device", device.value()).execute());
  }
}
