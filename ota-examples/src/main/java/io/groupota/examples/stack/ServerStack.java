package io.groupota.examples.stack;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.StorageException;
import io.groupota.firmware.Esp32ImageInspector;
import io.groupota.http.OtaServlet;
import io.groupota.mqtt.MqttDeviceListener;
import io.groupota.mqtt.MqttLink;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupRegistry;
import io.groupota.storage.fs.FileSystemBlobStore;
import io.groupota.storage.jdbc.JdbcGroupRegistry;
import io.groupota.storage.jdbc.JdbcOtaRepository;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that a host needs around the library, in one process: H2, a folder for the firmware,
 * an MQTT broker, Jetty. Thread-safe.
 */
public final class ServerStack implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ServerStack.class);
  private static final Duration SUBSCRIBE_TIMEOUT = Duration.ofSeconds(15);

  private final Parts parts;
  private final Address http;
  private final Address mqtt;
  private final GroupOtaService service;

  /**
   * What to start, and how.
   *
   * @param http where the HTTP server listens
   * @param mqtt where the MQTT broker listens
   * @param data the folder that everything is kept in
   * @param retrigger the least time between two triggers of a group to devices that show up with
   *     another version
   * @param maxUpload the largest firmware in bytes
   */
  public record Settings(
      Address http, Address mqtt, Path data, Duration retrigger, long maxUpload) {}

  private ServerStack(Parts parts, Address http, Address mqtt, GroupOtaService service) {
    this.parts = parts;
    this.http = http;
    this.mqtt = mqtt;
    this.service = service;
  }

  /**
   * Starts everything and waits until it serves.
   *
   * @param settings what to start
   * @param fleet what to insert or update before
   * @return the running stack
   * @throws StartupException if a part cannot start; then none is left running
   */
  public static ServerStack start(Settings settings, Fleet fleet) {
    Parts parts = new Parts();
    boolean started = false;
    try {
      ServerStack stack = start(settings, fleet, parts);
      started = true;
      return stack;
    } catch (CompletionException e) {
      if (e.getCause() instanceof StartupException failure) {
        throw failure;
      }
      throw new StartupException("The MQTT broker failed to start: " + e.getMessage(), e);
    } catch (StorageException e) {
      throw new StartupException("--data " + settings.data() + ": " + e.getMessage(), e);
    } catch (StartupException e) {
      throw e;
    } catch (RuntimeException e) {
      LOG.error("The server failed to start", e);
      throw new StartupException("The server failed to start: " + e, e);
    } finally {
      if (!started) {
        parts.close();
      }
    }
  }

  private static ServerStack start(Settings settings, Fleet fleet, Parts parts) {
    DataFolder data = parts.opened(DataFolder.open(settings.data()));
    // Looked at first: the servers themselves would say it late, and not in one line.
    settings.http().requireFree("--http");
    settings.mqtt().requireFree("--mqtt");
    // Broker and database at the same time: each of them takes a second.
    CompletableFuture<EmbeddedBroker> starting =
        CompletableFuture.supplyAsync(() -> EmbeddedBroker.start(settings.mqtt(), data.broker()));
    HikariDataSource pool;
    try {
      pool = parts.opened(pool(data));
    } finally {
      parts.opened(() -> starting.thenAccept(EmbeddedBroker::close).join());
    }
    Owners owners = owners(pool, fleet);
    JdbcOtaRepository repository = JdbcOtaRepository.using(pool);
    GroupRegistry registry = JdbcGroupRegistry.builder(pool).migrate(false).build();
    save(fleet, owners, registry);
    Address mqtt = starting.join().address();
    MqttLink link = parts.opened(link(mqtt.fromHere()));
    GroupOtaService service =
        parts.opened(
            GroupOta.builder()
                .repository(repository)
                .blobStore(FileSystemBlobStore.in(data.blobs()))
                .groups(registry)
                .notifier(link.notifier())
                .entitlement(owners)
                .inspector(Esp32ImageInspector.strict())
                .retriggerInterval(settings.retrigger())
                .maxFirmwareSize(settings.maxUpload())
                .build());
    MqttDeviceListener listener = parts.opened(link.listener(service));
    link.start();
    service.start();
    listener.start();
    awaitSubscribed(listener);
    OtaServlet servlet =
        OtaServlet.builder()
            .service(service)
            .authenticator(owners)
            .maxUpload(settings.maxUpload())
            .spool(data.spool())
            .build();
    HttpServer server = parts.opened(new HttpServer(settings.http(), servlet));
    server.start();
    return new ServerStack(parts, server.address(), mqtt, service);
  }

  /**
   * Where the HTTP server listens.
   *
   * @return the address with the port that it has bound
   */
  public Address http() {
    return http;
  }

  /**
   * Where the MQTT broker listens.
   *
   * @return the address with the port that it has bound
   */
  public Address mqtt() {
    return mqtt;
  }

  /**
   * The service that the server adapts.
   *
   * @return the service, closed by this stack
   */
  public GroupOtaService service() {
    return service;
  }

  /** Stops everything, in an order in which nobody misses what it needs. */
  @Override
  public void close() {
    parts.close();
  }

  private static HikariDataSource pool(DataFolder data) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("ota-database");
    config.setJdbcUrl(data.jdbcUrl());
    config.setMaximumPoolSize(16);
    config.setMinimumIdle(2);
    // H2 closes itself when its disk is full, and calls connections valid nevertheless; asked like
    // this it tells, and the pool's next connection opens the database again.
    config.setConnectionTestQuery("SELECT 1");
    try {
      return new HikariDataSource(config);
    } catch (RuntimeException e) {
      throw new StartupException(
          "The database in the data folder cannot be opened: " + e.getMessage(), e);
    }
  }

  private static Owners owners(HikariDataSource pool, Fleet fleet) {
    try {
      return Owners.save(pool, fleet.owners());
    } catch (SQLException e) {
      throw new StartupException("The owners cannot be saved: " + e.getMessage(), e);
    }
  }

  private static void save(Fleet fleet, Owners owners, GroupRegistry registry) {
    registry.saveGroups(fleet.groups());
    registry.saveDevices(fleet.devices());
    fleet.groups().stream()
        .filter(group -> !owners.has(group.owner()))
        .forEach(
            group -> LOG.warn("Nobody can deploy to group {}: no such owner", group.id().value()));
    Set<GroupId> here = fleet.groups().stream().map(Group::id).collect(Collectors.toSet());
    fleet.devices().stream()
        .map(Device::group)
        .flatMap(Optional::stream)
        .distinct()
        .filter(group -> !here.contains(group) && registry.group(group).isEmpty())
        .forEach(group -> LOG.warn("Devices name the group {}, which does not exist", group));
  }

  private static MqttLink link(InetSocketAddress broker) {
    return MqttLink.builder()
        .host(broker.getAddress().getHostAddress())
        .port(broker.getPort())
        .user("ota-server")
        .build();
  }

  private static void awaitSubscribed(MqttDeviceListener listener) {
    long deadline = System.nanoTime() + SUBSCRIBE_TIMEOUT.toNanos();
    while (!listener.isSubscribed()) {
      if (System.nanoTime() > deadline) {
        throw new StartupException("The MQTT broker does not take the server's subscriptions");
      }
      try {
        TimeUnit.MILLISECONDS.sleep(10);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new StartupException("Interrupted while starting", e);
      }
    }
  }
}
