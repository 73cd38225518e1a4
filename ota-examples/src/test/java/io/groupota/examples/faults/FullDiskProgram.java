package io.groupota.examples.faults;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.DeployRequest;
import io.groupota.FirmwareDownload;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OtaUpdate;
import io.groupota.StorageException;
import io.groupota.examples.stack.ClosedDatabase;
import io.groupota.firmware.FirmwareSource;
import io.groupota.spi.Group;
import io.groupota.storage.fs.FileSystemBlobStore;
import io.groupota.storage.jdbc.JdbcGroupRegistry;
import io.groupota.storage.jdbc.JdbcOtaRepository;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Deploys into a folder and a database that cannot hold everything, and prints what happens, a word
 * and its value per line. Arguments: the folder, the JDBC URL, the most small deploys.
 */
public final class FullDiskProgram {
  private static final int SMALL = 1_000;
  private static final int LARGE = 8 << 20;

  private static final int RECOVERY_SECONDS = 10;

  private FullDiskProgram() {}

  /** Runs once. */
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(args[1]);
    config.setMaximumPoolSize(2);
    config.setExceptionOverride(new ClosedDatabase());
    try (HikariDataSource pool = new HikariDataSource(config)) {
      JdbcOtaRepository repository = JdbcOtaRepository.using(pool);
      JdbcGroupRegistry registry = JdbcGroupRegistry.builder(pool).migrate(false).build();
      registry.saveGroups(
          List.of(new Group(KilledServer.group(0), KilledServer.OWNER, KilledServer.TOKEN, "")));
      try (GroupOtaService service =
          GroupOta.builder()
              .repository(repository)
              .blobStore(FileSystemBlobStore.in(folder))
              .groups(registry)
              .build()) {
        run(service, folder, Integer.parseInt(args[2]));
      }
    }
  }

  private static void run(GroupOtaService service, Path folder, int most) throws IOException {
    deploy(service, "1.0.0", SMALL);
    say("large", deploy(service, "2.0.0", LARGE));
    look(service, folder);
    String result = "done";
    int count = 0;
    while (result.equals("done") && count < most) {
      count++;
      result = deploy(service, "1.1." + count, SMALL);
    }
    say("small", result);
    say("expected", result.equals("done") ? "1.1." + count : "1.1." + (count - 1));
    look(service, folder);
  }

  private static void look(GroupOtaService service, Path folder) throws IOException {
    OtaUpdate served = served(service);
    say("served", served.version());
    FirmwareDownload download =
        service.download(KilledServer.group(0), KilledServer.TOKEN).orElseThrow();
    try (InputStream bytes = download.open(0, served.firmware().size())) {
      say("bytes", String.valueOf(bytes.readAllBytes().length));
    }
    try (Stream<Path> files = Files.list(folder.resolve(".uploads"))) {
      say("uploads", String.valueOf(files.count()));
    }
  }

  /** H2 closes a database that it cannot write; the pool notices and opens it again. */
  private static OtaUpdate served(GroupOtaService service) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(RECOVERY_SECONDS);
    while (true) {
      try {
        return service.served(KilledServer.group(0)).orElseThrow();
      } catch (StorageException e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      }
    }
  }

  private static String deploy(GroupOtaService service, String version, int size) {
    try {
      service.deploy(
          DeployRequest.of(
              KilledServer.OWNER,
              KilledServer.group(0).value(),
              KilledServer.TOKEN.value(),
              version,
              FirmwareSource.bytes(new byte[size])));
      return "done";
    } catch (StorageException e) {
      return e.getMessage();
    }
  }

  private static void say(String word, String value) {
    System.out.println(word + ": " + value);
  }
}
