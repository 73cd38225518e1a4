package io.groupota.examples.embedding;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OwnerId;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.GroupMembers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A host with its own device tables: {@code site(id, customer, secret, label)} and {@code
 * thing(serial, secret, site_id, login, standalone)}. Four queries make them the group directory;
 * nothing is copied. Thread-safe.
 */
public final class OwnDeviceTables implements GroupDirectory {
  private static final String THING =
      "SELECT serial, secret, site_id, login, standalone FROM thing";

  private final DataSource dataSource;

  /**
   * Reads the host's tables.
   *
   * @param dataSource the host's database, which stays open
   */
  public OwnDeviceTables(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  @Override
  public Optional<Group> group(GroupId id) {
    return query(
            "SELECT id, customer, secret, label FROM site WHERE id = ?",
            statement -> statement.setString(1, id.value()),
            row ->
                new Group(
                    new GroupId(row.getString("id")),
                    new OwnerId(row.getString("customer")),
                    Token.of(row.getString("secret")),
                    row.getString("label")))
        .stream()
        .findFirst();
  }

  @Override
  public Map<DeviceId, Device> devices(Collection<DeviceId> ids) {
    Object[] serials = ids.stream().map(DeviceId::value).toArray();
    Map<DeviceId, Device> found = new HashMap<>();
    query(
            THING + " WHERE serial = ANY(?)",
            statement ->
                statement.setArray(1, statement.getConnection().createArrayOf("VARCHAR", serials)),
            OwnDeviceTables::device)
        .forEach(device -> found.put(device.id(), device));
    return found;
  }

  @Override
  public GroupMembers members(GroupId group) {
    Map<String, Long> logins = new HashMap<>();
    long[] standalone = {0};
    query(
        "SELECT standalone, login, COUNT(*) AS things FROM thing WHERE site_id = ?"
            + " GROUP BY standalone, login",
        statement -> statement.setString(1, group.value()),
        row -> {
          if (row.getBoolean("standalone")) {
            standalone[0] += row.getLong("things");
          } else {
            logins.put(row.getString("login"), row.getLong("things"));
          }
          return group;
        });
    return new GroupMembers(logins, standalone[0]);
  }

  @Override
  public List<Device> devices(
      GroupId group, @Nullable Addressing addressing, @Nullable DeviceId after, int limit) {
    String only =
        addressing == null ? "" : " AND standalone = " + (addressing == Addressing.DEVICE);
    return query(
        THING + " WHERE site_id = ? AND serial > ?" + only + " ORDER BY serial LIMIT ?",
        statement -> {
          statement.setString(1, group.value());
          statement.setString(2, after == null ? "" : after.value());
          statement.setInt(3, limit);
        },
        OwnDeviceTables::device);
  }

  private static Device device(ResultSet row) throws SQLException {
    return new Device(
        new DeviceId(row.getString("serial")),
        Token.of(row.getString("secret")),
        Optional.ofNullable(row.getString("site_id")).map(GroupId::new),
        row.getString("login"),
        row.getBoolean("standalone") ? Addressing.DEVICE : Addressing.GROUP);
  }

  /** Sets the parameters of a statement. */
  @FunctionalInterface
  private interface Parameters {
    void set(PreparedStatement statement) throws SQLException;
  }

  /** Turns a row into a value. */
  @FunctionalInterface
  private interface RowMapper<T> {
    T map(ResultSet row) throws SQLException;
  }

  private <T> List<T> query(String sql, Parameters parameters, RowMapper<T> mapper) {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      parameters.set(statement);
      List<T> rows = new ArrayList<>();
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          rows.add(mapper.map(result));
        }
      }
      return rows;
    } catch (SQLException e) {
      throw new StorageException("The device tables could not be read", e);
    }
  }
}
