package io.groupota.examples.faults;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.firmware.Esp32ImageInspector;
import io.groupota.http.OtaServlet;
import io.groupota.mqtt.MqttLink;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.storage.fs.FileSystemBlobStore;
import io.groupota.storage.jdbc.JdbcGroupRegistry;
import io.groupota.storage.jdbc.JdbcOtaRepository;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/**
 * A server that exists to be killed: a database, a folder, the broker of the test, Jetty.
 * Arguments: JDBC URL, user, password, folder, port of the broker, number of groups, {@code true}
 * for the first start, and when to begin with forgetting old updates all the time, in epoch
 * milliseconds, 0 for never. Prints its port when it serves, and dies with the process that started
 * it.
 */
public final class KilledServer {
  static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");
  static final Token TOKEN = Token.of("AATluvfLURijoH9d");
  static final String BEARER = "secret";
  static final String USER = "alice";

  private KilledServer() {}

  /** Runs until it is killed. */
  public static void main(String[] args) throws Exception {
    dieWithTheTest();
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(args[0]);
    config.setUsername(args[1]);
    config.setPassword(args[2]);
    config.setMaximumPoolSize(8);
    config.setMinimumIdle(1);
    HikariDataSource pool = new HikariDataSource(config);
    Path folder = Path.of(args[3]);
    boolean first = Boolean.parseBoolean(args[6]);
    JdbcOtaRepository repository = JdbcOtaRepository.builder(pool).migrate(first).build();
    JdbcGroupRegistry registry = JdbcGroupRegistry.builder(pool).migrate(false).build();
    if (first) {
      saveFleet(registry, Integer.parseInt(args[5]));
    }
    MqttLink link =
        MqttLink.builder().host("127.0.0.1").port(Integer.parseInt(args[4])).user("ota").build();
    link.start();
    GroupOta.Builder node =
        GroupOta.builder()
            .repository(repository)
            .blobStore(FileSystemBlobStore.in(folder.resolve("blobs")))
            .groups(registry)
            .notifier(link.notifier())
            .inspector(Esp32ImageInspector.strict())
            .triggerTimeout(Duration.ofSeconds(2))
            .triggerLease(Duration.ofSeconds(3));
    GroupOtaService service = node.build();
    service.start();
    Instant forgetsSince = Instant.ofEpochMilli(Long.parseLong(args[7]));
    if (forgetsSince.isAfter(Instant.EPOCH)) {
      Forgetting forgetting = new Forgetting(forgetsSince);
      node.repository(forgetting.repository(pool)).retention(Forgetting.RETENTION);
      forgetAllTheTime(forgetting, node.build());
    }
    OtaServlet servlet =
        OtaServlet.builder()
            .service(service)
            .authenticator(
                bearer -> bearer.equals(BEARER) ? Optional.of(OWNER) : Optional.<OwnerId>empty())
            .spool(folder.resolve("spool"))
            .build();
    System.out.println("port " + serve(servlet));
  }

  /** Another node in the same process, which looks every few milliseconds. */
  private static void forgetAllTheTime(Forgetting forgetting, GroupOtaService service) {
    Thread thread =
        new Thread(
            () -> {
              while (true) {
                forgetting.advance();
                service.runOnce();
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
              }
            },
            "forgetting");
    thread.setDaemon(true);
    thread.start();
  }

  static GroupId group(int index) {
    return new GroupId(String.format("%024x", index + 1));
  }

  private static void saveFleet(JdbcGroupRegistry registry, int count) {
    List<Group> groups = new ArrayList<>();
    List<Device> devices = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      groups.add(new Group(group(i), OWNER, TOKEN, "group " + i));
      devices.add(
          new Device(
              new DeviceId(group(i).value()),
              Token.of("device-" + i),
              Optional.of(group(i)),
              USER,
              Addressing.GROUP));
    }
    registry.saveGroups(groups);
    registry.saveDevices(devices);
  }

  private static int serve(OtaServlet servlet) throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    ServletContextHandler context = new ServletContextHandler("/");
    context.addServletContainerInitializer(
        (classes, servletContext) -> servlet.register(servletContext));
    server.setHandler(context);
    server.start();
    return connector.getLocalPort();
  }

  /** The end of standard input is the end of the test. */
  private static void dieWithTheTest() {
    Thread watch =
        new Thread(
            () -> {
              try {
                while (System.in.read() >= 0) {
                  // Nobody writes.
                }
              } catch (IOException e) {
                // The same.
              }
              Runtime.getRuntime().halt(1);
            },
            "watch");
    watch.setDaemon(true);
    watch.start();
  }
}
