package io.groupota.storage.jdbc;

import io.groupota.BlobKey;
import io.groupota.spi.BlobLedger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * {@link BlobLedger} on {@code ota_blob}. A row is RESERVED and becomes RECORDED ({@link
 * SqlUpdateLog}) or else ABANDONED, CLAIMED and deleted; every step is one conditional update, so
 * two that race exclude each other. A key that was deleted while its blob was being written comes
 * back as ABANDONED.
 */
final class SqlBlobLedger implements BlobLedger {
  private static final String RESERVE =
      "INSERT INTO ota_blob (blob_key, state, since) SELECT n.blob_key, 'RESERVED', "
          + (Database.NOW + " FROM unnest(CAST(:keys AS VARCHAR ARRAY)) AS n (blob_key)");

  private static final String LATE =
      "SELECT blob_key FROM ota_blob WHERE state = 'RESERVED' AND since <= "
          + (Database.NOW + " - " + Database.SECONDS)
          + " ORDER BY since LIMIT :limit FOR UPDATE SKIP LOCKED";

  /** Those that were not returned for the longest time first, so that none holds up the others. */
  private static final String LEFT =
      "SELECT blob_key FROM ota_blob WHERE state IN ('ABANDONED', 'CLAIMED')"
          + " ORDER BY since LIMIT :limit FOR UPDATE SKIP LOCKED";

  private static final String CLAIM =
      "UPDATE ota_blob SET state = 'CLAIMED', since = "
          + Database.NOW
          + " WHERE blob_key = ANY(:keys)";

  private static final String ABANDON =
      "UPDATE ota_blob SET state = 'ABANDONED' WHERE blob_key = :key AND state = 'RESERVED'";

  /** Another row of the key stays as it is: it is served, or due to be deleted anyway. */
  private static final String ABANDON_SWEPT =
      "INSERT INTO ota_blob (blob_key, state, since) SELECT CAST(:key AS VARCHAR), 'ABANDONED', "
          + Database.NOW
          + " WHERE NOT EXISTS (SELECT 1 FROM ota_blob WHERE blob_key = :key)";

  private static final String FORGET =
      "DELETE FROM ota_blob WHERE blob_key = ANY(:keys) AND state = 'CLAIMED'";

  private final Database database;

  SqlBlobLedger(Database database) {
    this.database = database;
  }

  @Override
  public void reserve(Collection<BlobKey> keys) {
    database.writeSingle(
        handle ->
            handle
                .createUpdate(RESERVE)
                .bind("keys", Columns.texts(keys))
                .bind("now", Columns.instant(database.now()))
                .execute());
  }

  @Override
  public List<BlobKey> claimAbandoned(Duration grace, int limit) {
    return database.write(handle -> claim(handle, grace, limit));
  }

  private List<BlobKey> claim(Handle handle, Duration grace, int limit) {
    List<BlobKey> keys =
        new ArrayList<>(
            handle
                .createQuery(LATE)
                .bind("now", Columns.instant(database.now()))
                .bind("seconds", Database.seconds(grace))
                .bind("limit", limit)
                .map((row, context) -> new BlobKey(row.getString(1)))
                .list());
    if (keys.size() < limit) {
      keys.addAll(
          handle
              .createQuery(LEFT)
              .bind("limit", limit - keys.size())
              .map((row, context) -> new BlobKey(row.getString(1)))
              .list());
    }
    if (!keys.isEmpty()) {
      handle
          .createUpdate(CLAIM)
          .bind("now", Columns.instant(database.now()))
          .bind("keys", Columns.texts(keys))
          .execute();
    }
    return keys;
  }

  @Override
  public void abandon(BlobKey key) {
    database.write(handle -> abandon(handle, key));
  }

  /** If somebody else inserts it meanwhile, the insert fails and the transaction is repeated. */
  private int abandon(Handle handle, BlobKey key) {
    int reserved = handle.createUpdate(ABANDON).bind("key", key.value()).execute();
    return reserved > 0
        ? reserved
        : handle
            .createUpdate(ABANDON_SWEPT)
            .bind("key", key.value())
            .bind("now", Columns.instant(database.now()))
            .execute();
  }

  @Override
  public void forget(Collection<BlobKey> keys) {
    if (!keys.isEmpty()) {
      database.write(
          handle -> handle.createUpdate(FORGET).bind("keys", Columns.texts(keys)).execute());
    }
  }
}
