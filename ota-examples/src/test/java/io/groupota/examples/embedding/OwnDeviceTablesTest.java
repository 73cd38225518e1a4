package io.groupota.examples.embedding;

import io.groupota.GroupId;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupDirectory;
import io.groupota.testkit.contract.GroupDirectoryContract;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.UUID;
import org.h2.jdbcx.JdbcDataSource;

/** A host proves its directory with the contract of the testkit. */
class OwnDeviceTablesTest implements GroupDirectoryContract {
  @Override
  public GroupDirectory directory(Collection<Group> groups, Collection<Device> devices) {
    JdbcDataSource dataSource = new JdbcDataSource();
    dataSource.setURL("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1");
    try (Connection connection = dataSource.getConnection()) {
      createTables(connection);
      for (Group group : groups) {
        insert(connection, group);
      }
      for (Device device : devices) {
        insert(connection, device);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return new OwnDeviceTables(dataSource);
  }

  private static void createTables(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE site (id VARCHAR PRIMARY KEY, customer VARCHAR, secret VARCHAR,"
              + " label VARCHAR)");
      statement.execute(
          "CREATE TABLE thing (serial VARCHAR PRIMARY KEY, secret VARCHAR, site_id VARCHAR,"
              + " login VARCHAR, standalone BOOLEAN)");
    }
  }

  private static void insert(Connection connection, Group group) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO site VALUES (?, ?, ?, ?)")) {
      insert.setString(1, group.id().value());
      insert.setString(2, group.owner().value());
      insert.setString(3, group.token().value());
      insert.setString(4, group.name());
      insert.execute();
    }
  }

  private static void insert(Connection connection, Device device) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO thing VALUES (?, ?, ?, ?, ?)")) {
      insert.setString(1, device.id().value());
      insert.setString(2, device.token().value());
      insert.setString(3, device.group().map(GroupId::value).orElse(null));
      insert.setString(4, device.mqttUser());
      insert.setBoolean(5, device.addressing() == Addressing.DEVICE);
      insert.execute();
    }
  }
}
