package io.groupota.examples.stack;

import com.zaxxer.hikari.HikariDataSource;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.StorageException;
import io.groupota.firmware.Esp32ImageInspector;
import io.groupota.http.OtaServlet;
import io.groupota.mqtt.MqttDeviceListener;
import io.groupota.mqtt.MqttLink;
import io.groupota.spi.BlobStore;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupRegistry;
import io.groupota.storage.jdbc.JdbcGroupRegistry;
import io.groupota.storage.jdbc.JdbcOtaRepository;
import java.net.URI;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that a host needs around the library, in one process: H2, a folder for the firmware,
 * an MQTT broker, Jetty; or a database, an object store and a broker from outside. Thread-safe.
 */
public final class ServerStack implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ServerStack.class);

  private final Parts parts;
  private final Address http;
  private final URI mqtt;
  private final GroupOtaService service;

  /**
   * What to start, and how.
   *
   * @param http where the HTTP server listens
   * @param mqtt where the MQTT broker listens, of no meaning with one from outside
   * @param data the folder that everything is kept in
   * @param retrigger the least time between two triggers of a group to devices that show up with
   *     another version
   * @param maxUpload the largest firmware in bytes
   * @param external what is used from outside
   */
  public record Settings(
      Address http,
      Address mqtt,
      Path data,
      Duration retrigger,
      long maxUpload,
      External external) {}

  private ServerStack(Parts parts, Address http, URI mqtt, GroupOtaService service) {
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
      throw new StartupException("A part of the server failed to start: " + e.getMessage(), e);
    } catch (StorageException e) {
      throw new StartupException("A storage cannot be used: " + e.getMessage(), e);
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
    External external = settings.external();
    DataFolder data = parts.opened(DataFolder.open(settings.data()));
    // Looked at first: the servers themselves would say it late, and not in one line.
    settings.http().requireFree("--http");
    Broker broker =
        external.broker().<Broker>map(ExternalBroker::new).orElseGet(() -> embed(settings, data));
    // What needs no database starts while it opens: each of them takes a good part of a second.
    CompletableFuture<MqttLink> connecting = CompletableFuture.supplyAsync(() -> connect(broker));
    CompletableFuture<HttpServer> preparing =
        CompletableFuture.supplyAsync(() -> HttpServer.prepare(settings.http()));
    Storages storages = new Storages(parts, data, external);
    HikariDataSource pool;
    try {
      pool = storages.database();
    } finally {
      parts.opened(broker);
      parts.opened(() -> connecting.join().close());
      parts.opened(() -> preparing.join().close());
    }
    JdbcOtaRepository repository = JdbcOtaRepository.using(pool);
    GroupRegistry registry = JdbcGroupRegistry.builder(pool).migrate(false).build();
    Owners owners = owners(pool, fleet);
    save(fleet, owners, registry);
    BlobStore blobs = storages.blobs();
    MqttLink link = connecting.join();
    GroupOtaService service =
        parts.opened(
            GroupOta.builder()
                .repository(repository)
                .blobStore(blobs)
                .groups(registry)
                .notifier(link.notifier())
                .entitlement(owners)
                .inspector(Esp32ImageInspector.strict())
                .retriggerInterval(settings.retrigger())
                .maxFirmwareSize(settings.maxUpload())
                .build());
    // One subscription for all nodes, so that each message is read by one of them.
    MqttDeviceListener listener =
        parts.opened(MqttDeviceListener.builder(link, service).sharedAs("ota").build());
    listener.start();
    // Closed before the service, unlike a server that nobody can reach yet.
    HttpServer server = parts.opened(preparing.join());
    server.serve(servlet(settings, data, service, owners));
    // It subscribes meanwhile.
    broker.awaitSubscribed(listener);
    // Nobody waits for what it does in the background.
    service.start();
    return new ServerStack(parts, server.address(), broker.address(), service);
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
   * Where the MQTT broker is.
   *
   * @return its URL, with the port that it has bound
   */
  public URI mqtt() {
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

  private static Broker embed(Settings settings, DataFolder data) {
    settings.mqtt().requireFree("--mqtt");
    return new StartingBroker(
        CompletableFuture.supplyAsync(() -> EmbeddedBroker.start(settings.mqtt(), data.broker())));
  }

  private static MqttLink connect(Broker broker) {
    MqttLink link = broker.link();
    link.start();
    return link;
  }

  private static OtaServlet servlet(
      Settings settings, DataFolder data, GroupOtaService service, Owners owners) {
    OtaServlet.Builder servlet =
        OtaServlet.builder()
            .service(service)
            .authenticator(owners)
            .maxUpload(settings.maxUpload())
            .spool(data.spool());
    settings
        .external()
        .objectStore()
        .flatMap(External.ObjectStore::redirect)
        .ifPresent(servlet::redirectDownloads);
    return servlet.build();
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
}
