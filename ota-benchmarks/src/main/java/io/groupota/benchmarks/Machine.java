package io.groupota.benchmarks;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the figures were measured on. */
final class Machine {
  private static final String LOAD = "load";

  private Machine() {}

  static Map<String, String> describe(Postgres postgres, Options options) throws SQLException {
    Map<String, String> about = new LinkedHashMap<>();
    about.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
    about.put("processor", processor());
    about.put(LOAD, load() + " before");
    about.put(
        "memory",
        ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                    .getTotalMemorySize()
                / (1 << 30)
            + " GiB");
    about.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    about.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
    about.put("database", postgres.version());
    about.put(
        "nginx",
        options
            .nginx()
            .or(() -> Programs.find("nginx"))
            .map(program -> Programs.output(List.of(program.toString(), "-v")).strip())
            .orElse("none"));
    about.put(
        "broker",
        Programs.find("mosquitto")
            .flatMap(
                program -> Programs.output(List.of(program.toString(), "-h")).lines().findFirst())
            .orElse("HiveMQ CE (embedded)"));
    about.put("files", files());
    about.put("seed", Long.toString(options.seed()));
    about.put("quick", Boolean.toString(options.quick()));
    return about;
  }

  /** Adds what is known at the end only: what kept the machine busy last, this run included. */
  static void finish(Map<String, String> about) {
    about.merge(LOAD, load() + " after", (before, after) -> before + ", " + after);
  }

  /** The file system of the folders that everything is written to, as the system names it. */
  private static String files() {
    try {
      return Files.getFileStore(Path.of(System.getProperty("java.io.tmpdir"))).type();
    } catch (IOException e) {
      return "unknown";
    }
  }

  /** How many cores were busy in the last minute; negative if the system does not say. */
  private static double load() {
    return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
  }

  private static String processor() {
    Path info = Path.of("/proc/cpuinfo");
    Optional<String> model = Optional.empty();
    if (Files.isReadable(info)) {
      try {
        model =
            Files.readAllLines(info).stream()
                .filter(line -> line.startsWith("model name"))
                .findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip());
      } catch (IOException e) {
        model = Optional.empty();
      }
    }
    return model.orElse(System.getProperty("os.arch"));
  }
}
