package io.groupota.examples.rollouts;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.UpdateCode;
import io.groupota.storage.fs.FileSystemBlobStore;
import io.groupota.storage.jdbc.JdbcGroupRegistry;
import io.groupota.storage.jdbc.JdbcOtaRepository;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A node that exists to be killed. Arguments: JDBC URL, folder. Prints {@code trigger} and the
 * device for each trigger; reads {@code code} or {@code version}, a device and a text, for each
 * report; dies with the process that started it.
 */
public final class RolloutNode {
  private RolloutNode() {}

  /** Runs until it is killed. */
  public static void main(String[] args) throws IOException {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(args[0]);
    config.setMaximumPoolSize(6);
    HikariDataSource pool = new HikariDataSource(config);
    GroupOtaService service =
        GroupOta.builder()
            .repository(JdbcOtaRepository.builder(pool).migrate(false).build())
            .blobStore(FileSystemBlobStore.in(Path.of(args[1])))
            .groups(JdbcGroupRegistry.builder(pool).migrate(false).build())
            .notifier(
                trigger -> {
                  trigger.device().ifPresent(device -> say("trigger " + device));
                  return CompletableFuture.completedFuture(null);
                })
            .pollInterval(Duration.ofMillis(200))
            .flushInterval(Duration.ofMillis(100))
            .triggerTimeout(Duration.ofSeconds(2))
            .triggerLease(Duration.ofSeconds(3))
            .retriggerInterval(Duration.ofSeconds(5))
            .build();
    service.start();
    say("ready");
    listen(service);
    Runtime.getRuntime().halt(1);
  }

  private static synchronized void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private static void listen(GroupOtaService service) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      List<String> words = List.of(line.split(" ", 3));
      DeviceId device = new DeviceId(words.get(1));
      service.report(
          words.get(0).equals("code")
              ? DeviceReport.code(
                  device, UpdateCode.of(Integer.parseInt(words.get(2))).orElseThrow())
              : DeviceReport.version(device, words.get(2)));
    }
  }
}
