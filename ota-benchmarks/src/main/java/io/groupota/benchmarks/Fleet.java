package io.groupota.benchmarks;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.benchmarks.Seed.Kind;
import io.groupota.spi.Addressing;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Instant;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;

/**
 * Groups and devices in the tables of the library, made up from a seed. All groups have one owner
 * and serve one version.
 */
final class Fleet {
  static final String VERSION = "1.2.7";

  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

  /** Retention looks at a group once a day; not while something else is measured. */
  private static final String NOT_TODAY = "2100-01-01T00:00:00Z";

  private final Database database;
  private final Seed seed;

  Fleet(Database database, Seed seed) {
    this.database = database;
    this.seed = seed;
  }

  OwnerId owner() {
    return new OwnerId(seed.id(Kind.OWNER, 0));
  }

  GroupId group(int number) {
    return new GroupId(seed.id(Kind.GROUP, number));
  }

  Token token(int group) {
    return Token.of(seed.token(Kind.GROUP, group));
  }

  DeviceId device(int number) {
    return new DeviceId(seed.id(Kind.DEVICE, number));
  }

  static String user(int number) {
    return "u" + number;
  }

  /** Groups that have no firmware yet. */
  void bareGroups(int from, int to) throws SQLException, IOException {
    database.copy("ota_group", "id, owner, token, name", from, to, this::groupLine);
  }

  private String groupLine(int number) {
    String group = seed.id(Kind.GROUP, number);
    return String.join("\t", group, owner().value(), token(number).value(), "group " + number);
  }

  /** Groups, each of which serves its first update. */
  void groups(int from, int to) throws SQLException, IOException {
    bareGroups(from, to);
    String owner = owner().value();
    database.copy(
        "ota_blob", "blob_key, state, since", from, to, n -> blob(n) + "\tRECORDED\t" + BEGIN);
    database.copy(
        "ota_update",
        "id, group_id, owner, version, size, md5, sha256, blob_key, created_at",
        from,
        to,
        n ->
            String.join(
                "\t",
                seed.id(Kind.UPDATE, n),
                seed.id(Kind.GROUP, n),
                owner,
                VERSION,
                "1200000",
                seed.token(Kind.UPDATE, n).repeat(2),
                seed.token(Kind.UPDATE, n).repeat(4),
                blob(n),
                time(n)));
    database.copy(
        "ota_latest",
        "group_id, record_id, update_id, owner, version, path, last_updated, prune_due",
        from,
        to,
        n ->
            String.join(
                "\t",
                seed.id(Kind.GROUP, n),
                seed.id(Kind.RECORD, n),
                seed.id(Kind.UPDATE, n),
                owner,
                VERSION,
                "ota/group/" + seed.id(Kind.GROUP, n) + token(n).value() + "/firmware.bin",
                time(n),
                NOT_TODAY));
    database.copy("ota_trigger", "group_id", from, to, n -> seed.id(Kind.GROUP, n));
  }

  private String blob(int number) {
    return seed.id(Kind.GROUP, number) + "/" + seed.id(Kind.UPDATE, number);
  }

  private static String time(int number) {
    return BEGIN.plusSeconds(number).toString();
  }

  /** Older updates of every group, until the history has so many. */
  void history(int perGroup) throws SQLException {
    // An id begins with its time; the served update of each group stays its last one.
    String older =
        "INSERT INTO ota_update (id, group_id, owner, version, size, md5, sha256, blob_key,"
            + " created_at, seq) SELECT '5' || lpad(to_hex(k), 7, '0')"
            + (" || substr(md5('" + seed.value() + "' || k || l.group_id), 1, 16)")
            + ", l.group_id, l.owner, '1.0.' || k, 1200000, md5(l.group_id || k),"
            + " repeat(md5(l.group_id || k), 2), l.group_id || '/' || k, "
            + ("TIMESTAMPTZ '" + BEGIN + "' - (" + perGroup + " - k) * INTERVAL '1 hour'")
            + (", -row_number() OVER () FROM generate_series(1, " + (perGroup - 1) + ") k")
            + " CROSS JOIN ota_latest l";
    database.withoutIndexes("ota_update", older);
  }

  /** Devices that are addressed by their group. */
  void devices(
      int count, IntUnaryOperator group, IntFunction<String> user, IntFunction<String> version)
      throws SQLException, IOException {
    devices(count, Addressing.GROUP, group, user, version);
  }

  /** Devices that are in the directory, and whose reports are saved. */
  void devices(
      int count,
      Addressing addressing,
      IntUnaryOperator group,
      IntFunction<String> user,
      IntFunction<String> version)
      throws SQLException, IOException {
    database.copy(
        "ota_device",
        "id, token, group_id, mqtt_user, addressing",
        0,
        count,
        n ->
            String.join(
                "\t",
                seed.id(Kind.DEVICE, n),
                seed.token(Kind.DEVICE, n),
                seed.id(Kind.GROUP, group.applyAsInt(n)),
                user.apply(n),
                addressing.name()));
    database.copy(
        "ota_device_state",
        "device_id, group_id, mqtt_user, addressing, reported_version, version_since, last_seen",
        0,
        count,
        n ->
            String.join(
                "\t",
                seed.id(Kind.DEVICE, n),
                seed.id(Kind.GROUP, group.applyAsInt(n)),
                user.apply(n),
                addressing.name(),
                version.apply(n),
                BEGIN.toString(),
                BEGIN.toString()));
  }
}
