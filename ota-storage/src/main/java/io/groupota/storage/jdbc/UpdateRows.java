package io.groupota.storage.jdbc;

import io.groupota.BlobKey;
import io.groupota.GroupId;
import io.groupota.LatestUpdate;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.UpdateId;
import io.groupota.firmware.Firmware;
import io.groupota.firmware.ImageInfo;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/** Reads the rows of {@code ota_update} and {@code ota_latest}. */
final class UpdateRows {
  /** What {@link #update(ResultSet)} reads, of {@code ota_update u}. */
  static final String COLUMNS =
      "u.id, u.group_id, u.owner, u.version, u.size, u.md5, u.sha256, u.image_chip,"
          + " u.image_project, u.image_version, u.image_idf, u.image_sha256, u.blob_key,"
          + " u.redeploy_of, u.must_pass_through, u.created_at";

  private UpdateRows() {}

  /** A row of a page: the counts of the whole, and an element unless the page is empty. */
  record PageRow<T>(long total, long filtered, Optional<T> element) {}

  static OtaUpdate update(ResultSet row) throws SQLException {
    return new OtaUpdate(
        new UpdateId(row.getString("id")),
        new GroupId(row.getString("group_id")),
        new OwnerId(row.getString("owner")),
        row.getString("version"),
        new Firmware(
            row.getLong("size"), row.getString("md5"), row.getString("sha256"), image(row)),
        new BlobKey(row.getString("blob_key")),
        Columns.text(row, "redeploy_of").map(UpdateId::new),
        row.getBoolean("must_pass_through"),
        Columns.presentInstant(row, "created_at"));
  }

  private static Optional<ImageInfo> image(ResultSet row) throws SQLException {
    String sha256 = row.getString("image_sha256");
    return sha256 == null
        ? Optional.empty()
        : Optional.of(
            new ImageInfo(
                row.getString("image_chip"),
                row.getString("image_project"),
                row.getString("image_version"),
                row.getString("image_idf"),
                sha256));
  }

  static LatestUpdate latest(ResultSet row) throws SQLException {
    return new LatestUpdate(
        row.getString("record_id"),
        new UpdateId(row.getString("update_id")),
        new GroupId(row.getString("group_id")),
        new OwnerId(row.getString("owner")),
        row.getString("version"),
        row.getString("path"),
        Columns.presentInstant(row, "last_updated"));
  }

  static PageRow<OtaUpdate> updateOfPage(ResultSet row) throws SQLException {
    boolean empty = row.getString("id") == null;
    return pageRow(row, empty ? Optional.empty() : Optional.of(update(row)));
  }

  static PageRow<LatestUpdate> latestOfPage(ResultSet row) throws SQLException {
    boolean empty = row.getString("record_id") == null;
    return pageRow(row, empty ? Optional.empty() : Optional.of(latest(row)));
  }

  private static <T> PageRow<T> pageRow(ResultSet row, Optional<T> element) throws SQLException {
    return new PageRow<>(row.getLong("total"), row.getLong("filtered"), element);
  }
}
