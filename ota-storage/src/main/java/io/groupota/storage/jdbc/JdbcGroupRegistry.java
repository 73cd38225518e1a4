package io.groupota.storage.jdbc;

import static java.util.Objects.requireNonNull;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupMembers;
import io.groupota.spi.GroupRegistry;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jspecify.annotations.Nullable;

/**
 * The built-in directory of groups and devices, for hosts without tables of their own: {@code
 * ota_group} and {@code ota_device}, next to the tables of {@link JdbcOtaRepository} and with the
 * same rules for connections, transactions and failures. Tokens are kept as they are, since paths
 * and downloads need them. Thread-safe. The data source stays the host's and is never closed.
 */
public final class JdbcGroupRegistry implements GroupRegistry {
  private static final String GROUPS =
      "SELECT id, owner, token, name FROM ota_group WHERE id = ANY(:groups)";

  private static final String UPDATE_GROUP =
      "UPDATE ota_group SET owner = :owner, token = :token, name = :name WHERE id = :id";

  private static final String INSERT_GROUP =
      "INSERT INTO ota_group (id, owner, token, name) VALUES (:id, :owner, :token, :name)";

  private static final String REMOVE_GROUP = "DELETE FROM ota_group WHERE id = :group";

  private static final String LEAVE_GROUP =
      "UPDATE ota_device SET group_id = NULL WHERE group_id = :group";

  private static final String DEVICE =
      "SELECT id, token, group_id, mqtt_user, addressing, attributes FROM ota_device WHERE ";

  private static final String DEVICES = DEVICE + "id = ANY(:devices)";

  private static final String UPDATE_DEVICE =
      "UPDATE ota_device SET token = :token, group_id = :group, mqtt_user = :user,"
          + " addressing = :addressing, attributes = :attributes WHERE id = :id";

  private static final String INSERT_DEVICE =
      "INSERT INTO ota_device (id, token, group_id, mqtt_user, addressing, attributes)"
          + " VALUES (:id, :token, :group, :user, :addressing, :attributes)";

  private static final String REMOVE_DEVICES = "DELETE FROM ota_device WHERE id = ANY(:devices)";

  /** Devices may name a group that is not there (yet). */
  private static final String GROUP_EXISTS =
      "EXISTS (SELECT 1 FROM ota_group g WHERE g.id = :group)";

  private static final String MEMBERS =
      "SELECT d.group_id, d.addressing, d.mqtt_user, COUNT(*) AS devices FROM ota_device d"
          + " JOIN ota_group g ON g.id = d.group_id WHERE d.group_id = ANY(:groups) AND g.id = ANY(:groups)"
          + " GROUP BY d.group_id, d.addressing, d.mqtt_user";

  /**
   * The same where triggers keep the counts: {@link Dialect#keepsCounts}. The groups first, since
   * PostgreSQL joins and sorts both sides otherwise, which takes a fifth longer.
   */
  private static final String KEPT_MEMBERS =
      "SELECT group_id, addressing, mqtt_user, CAST(SUM(devices) AS BIGINT) AS devices"
          + " FROM ota_member_count"
          + " WHERE group_id = ANY(ARRAY(SELECT id FROM ota_group WHERE id = ANY(:groups)))"
          + " GROUP BY group_id, addressing, mqtt_user HAVING SUM(devices) > 0";

  private static final GroupMembers NOBODY = new GroupMembers(Map.of(), 0);

  private static final String GROUP_PAGE = page(Addressing.GROUP);
  private static final String DEVICE_PAGE = page(Addressing.DEVICE);

  // A range of the index each, instead of sorting the whole group.
  private static final String BOTH_PAGES =
      GROUP_PAGE + " UNION ALL " + DEVICE_PAGE + " ORDER BY id LIMIT :limit";

  private final Database database;

  private JdbcGroupRegistry(Database database) {
    this.database = database;
  }

  private static String page(Addressing addressing) {
    return "("
        + DEVICE
        + ("group_id = :group AND addressing = '" + addressing + "'")
        + (" AND id > :after AND " + GROUP_EXISTS)
        + " ORDER BY id LIMIT :limit)";
  }

  /**
   * A registry that creates and upgrades the tables now.
   *
   * @param dataSource the host's data source, a connection pool usually
   * @return the registry
   * @throws io.groupota.StorageException if the database cannot be reached or the tables cannot be
   *     created
   * @throws IllegalArgumentException if the database is neither H2 nor PostgreSQL with the encoding
   *     UTF8
   */
  public static JdbcGroupRegistry using(DataSource dataSource) {
    return builder(dataSource).build();
  }

  /**
   * A registry with settings of its own.
   *
   * @param dataSource the host's data source, a connection pool usually
   * @return a builder
   */
  public static Builder builder(DataSource dataSource) {
    return new Builder(requireNonNull(dataSource, "dataSource"));
  }

  /** Builds a registry. Not thread-safe. */
  public static final class Builder {
    private final DataSource dataSource;
    private boolean migrate = true;

    private Builder(DataSource dataSource) {
      this.dataSource = dataSource;
    }

    /**
     * Whether {@link #build()} creates and upgrades the tables; see {@link
     * JdbcOtaRepository.Builder#migrate}. Default: true.
     *
     * @param migrate whether to
     * @return this builder
     */
    public Builder migrate(boolean migrate) {
      this.migrate = migrate;
      return this;
    }

    /**
     * Builds the registry.
     *
     * @return the registry
     * @throws io.groupota.StorageException if the database cannot be reached, the tables cannot be
     *     created, or with migration off the tables are not those that this release needs
     * @throws IllegalArgumentException if the database is neither H2 nor PostgreSQL with the
     *     encoding UTF8
     */
    public JdbcGroupRegistry build() {
      return new JdbcGroupRegistry(Database.open(dataSource, "group registry", migrate, null));
    }
  }

  @Override
  public Optional<Group> group(GroupId id) {
    return Optional.ofNullable(groups(List.of(id)).get(id));
  }

  @Override
  public Map<GroupId, Group> groups(Collection<GroupId> ids) {
    if (ids.isEmpty()) {
      return Map.of();
    }
    return database.read(
        handle ->
            Keys.query(handle, GROUPS, "groups", ids)
                .map((row, context) -> group(row))
                .collect(Collectors.toMap(Group::id, Function.identity())));
  }

  @Override
  public Map<DeviceId, Device> devices(Collection<DeviceId> ids) {
    if (ids.isEmpty()) {
      return Map.of();
    }
    return database.read(
        handle ->
            Keys.query(handle, DEVICES, "devices", ids)
                .map((row, context) -> device(row))
                .collect(Collectors.toMap(Device::id, Function.identity())));
  }

  private record MemberCount(GroupId group, Addressing addressing, String mqttUser, long devices) {}

  @Override
  public GroupMembers members(GroupId group) {
    return members(List.of(group)).getOrDefault(group, NOBODY);
  }

  @Override
  public Map<GroupId, GroupMembers> members(Collection<GroupId> groups) {
    Map<GroupId, List<MemberCount>> counts =
        database.read(
            handle ->
                handle
                    .createQuery(database.dialect().keepsCounts() ? KEPT_MEMBERS : MEMBERS)
                    .bind("groups", Columns.texts(groups))
                    .map(
                        (row, context) ->
                            new MemberCount(
                                new GroupId(row.getString("group_id")),
                                Addressing.valueOf(row.getString("addressing")),
                                row.getString("mqtt_user"),
                                row.getLong("devices")))
                    .collect(Collectors.groupingBy(MemberCount::group)));
    return groups.stream()
        .distinct()
        .collect(
            Collectors.toMap(
                group -> group, group -> members(counts.getOrDefault(group, List.of()))));
  }

  private static GroupMembers members(List<MemberCount> counts) {
    Map<String, Long> groupAddressed = new HashMap<>();
    long deviceAddressed = 0;
    for (MemberCount count : counts) {
      if (count.addressing() == Addressing.GROUP) {
        groupAddressed.put(count.mqttUser(), count.devices());
      } else {
        deviceAddressed += count.devices();
      }
    }
    return new GroupMembers(groupAddressed, deviceAddressed);
  }

  @Override
  public List<Device> devices(
      GroupId group, @Nullable Addressing addressing, @Nullable DeviceId after, int limit) {
    String sql =
        addressing == null ? BOTH_PAGES : addressing == Addressing.GROUP ? GROUP_PAGE : DEVICE_PAGE;
    return database.read(
        handle ->
            handle
                .createQuery(sql)
                .bind("group", group.value())
                .bind("after", after == null ? "" : after.value())
                .bind("limit", limit)
                .map((row, context) -> device(row))
                .list());
  }

  @Override
  public void saveGroups(Collection<Group> groups) {
    Map<GroupId, Group> ordered = new TreeMap<>();
    groups.forEach(group -> ordered.put(group.id(), group));
    save(UPDATE_GROUP, INSERT_GROUP, ordered, JdbcGroupRegistry::bind);
  }

  @Override
  public void saveDevices(Collection<Device> devices) {
    Map<DeviceId, Device> ordered = new TreeMap<>();
    devices.forEach(device -> ordered.put(device.id(), device));
    save(UPDATE_DEVICE, INSERT_DEVICE, ordered, JdbcGroupRegistry::bind);
  }

  /** The last one of each id wins; in the order of the ids, so that two calls cannot deadlock. */
  private <T> void save(
      String update, String insert, Map<?, T> ordered, BiConsumer<PreparedBatch, T> bind) {
    if (!ordered.isEmpty()) {
      List<T> rows = List.copyOf(ordered.values());
      database.write(handle -> Upsert.run(handle, update, insert, rows, bind));
    }
  }

  @Override
  public void removeGroup(GroupId group) {
    database.write(handle -> removeGroup(handle, group));
  }

  private static int removeGroup(Handle handle, GroupId group) {
    int removed = handle.createUpdate(REMOVE_GROUP).bind("group", group.value()).execute();
    return removed == 0
        ? 0
        : handle.createUpdate(LEAVE_GROUP).bind("group", group.value()).execute();
  }

  @Override
  public void removeDevices(Collection<DeviceId> devices) {
    if (!devices.isEmpty()) {
      database.write(
          handle ->
              handle
                  .createUpdate(REMOVE_DEVICES)
                  .bind("devices", Columns.texts(devices))
                  .execute());
    }
  }

  private static void bind(PreparedBatch batch, Group group) {
    batch
        .bind("id", group.id().value())
        .bind("owner", group.owner().value())
        .bind("token", group.token().value())
        .bind("name", group.name());
  }

  private static void bind(PreparedBatch batch, Device device) {
    batch
        .bind("id", device.id().value())
        .bind("token", device.token().value())
        .bind("group", device.group().map(GroupId::value).orElse(null))
        .bind("user", device.mqttUser())
        .bind("addressing", device.addressing().name())
        .bind("attributes", device.attributes().isEmpty() ? null : Json.write(device.attributes()));
  }

  private static Group group(ResultSet row) throws SQLException {
    return new Group(
        new GroupId(row.getString("id")),
        new OwnerId(row.getString("owner")),
        Token.of(row.getString("token")),
        row.getString("name"));
  }

  private static Device device(ResultSet row) throws SQLException {
    return new Device(
        new DeviceId(row.getString("id")),
        Token.of(row.getString("token")),
        Columns.text(row, "group_id").map(GroupId::new),
        row.getString("mqtt_user"),
        Addressing.valueOf(row.getString("addressing")),
        attributes(row.getString("attributes")));
  }

  private static Map<String, String> attributes(@Nullable String json) {
    Map<String, String> attributes = new HashMap<>();
    if (json != null) {
      Json.read("attributes", json)
          .forEach((name, value) -> attributes.put(name, value.toString()));
    }
    return attributes;
  }
}
