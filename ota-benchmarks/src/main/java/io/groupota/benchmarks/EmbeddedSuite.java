package io.groupota.benchmarks;

import io.groupota.benchmarks.Modules.Module;
import io.groupota.examples.server.OtaServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** What embedding costs before anything is done: the start, the memory, the jars. */
final class EmbeddedSuite implements Suite {
  private static final String FLEET =
      """
      {"owners": [], "groups": [], "devices": []}
      """;

  @Override
  public String name() {
    return "embedded";
  }

  @Override
  public String about() {
    return "start and memory of the example server, beside an empty Jetty and H2; sizes of the jars";
  }

  @Override
  public void run(Run run) throws Exception {
    Path fleet = run.folder().resolve("fleet.json");
    Files.writeString(fleet, FLEET);
    start(run, fleet);
    startAgain(run, fleet);
    jars(run);
  }

  private static void start(Run run, Path fleet) throws Exception {
    Samples resident = new Samples();
    Samples heap = new Samples();
    Samples withBroker = new Samples();
    Duel.Outcome outcome;
    try (MqttBroker broker = MqttBroker.start(run.folder())) {
      String url = "mqtt://127.0.0.1:" + broker.address().getPort();
      outcome =
          run.duel(5)
              .run(
                  run.progress("embedded: starting"),
                  () -> {
                    try (Server all = Server.start(server(fleet, folder(run)))) {
                      withBroker.add(all.millis());
                      all.residentMegabytes().ifPresent(resident::add);
                      all.heapMegabytes().ifPresent(heap::add);
                    }
                    return millis(server(fleet, folder(run), "--broker", url));
                  },
                  () ->
                      millis(
                          Programs.java(
                              EmptyServer.class, List.of(), List.of(folder(run).toString()))));
    }
    run.add(Row.of("embedded.ready", outcome, "ms").should(Target.ratioAtMost(1.5)));
    double all = withBroker.median();
    run.add(
        Row.of(
                "embedded.ready-with-broker",
                new Duel.Outcome(all, outcome.limit(), all / outcome.limit()),
                "ms")
            .should(Target.ratioAtMost(1.5)));
    if (heap.count() > 0) {
      run.add(Row.of("embedded.idle-heap", heap.median(), "MB"));
    }
    if (resident.count() > 0) {
      run.add(Row.of("embedded.resident", resident.median(), "MB").should(Target.atMost(514)));
    }
  }

  /** On what a first start left behind. */
  private static void startAgain(Run run, Path fleet) throws Exception {
    Path data = folder(run);
    Path empty = folder(run);
    try (MqttBroker broker = MqttBroker.start(run.folder())) {
      String url = "mqtt://127.0.0.1:" + broker.address().getPort();
      List<String> ours = server(fleet, data, "--broker", url);
      List<String> limit = Programs.java(EmptyServer.class, List.of(), List.of(empty.toString()));
      millis(ours);
      millis(limit);
      Duel.Outcome outcome =
          run.duel(5)
              .run(
                  run.progress("embedded: starting again"),
                  () -> millis(ours),
                  () -> millis(limit));
      run.add(Row.of("embedded.ready-again", outcome, "ms").should(Target.ratioAtMost(1.5)));
    }
  }

  private static double millis(List<String> command) throws IOException {
    try (Server server = Server.start(command)) {
      return server.millis();
    }
  }

  private static Path folder(Run run) throws IOException {
    return Files.createTempDirectory(run.folder(), "data");
  }

  private static List<String> server(Path fleet, Path data, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "--http",
                "127.0.0.1:0",
                "--mqtt",
                "127.0.0.1:0",
                "--data",
                data.toString(),
                "--fleet",
                fleet.toString()));
    args.addAll(List.of(more));
    return Programs.java(OtaServer.class, List.of(), args);
  }

  private static void jars(Run run) throws IOException {
    for (Module module : Modules.all()) {
      String name = "embedded." + module.name();
      run.add(Row.of(name + "-jar", module.kilobytes(), "KB"));
      Row dependencies = Row.of(name + "-brings", module.dependencies(), "jars");
      run.add(
          module.name().equals("ota-core") ? dependencies.should(Target.atMost(3)) : dependencies);
    }
  }

  /** A process that says when it is ready. */
  private static final class Server implements AutoCloseable {
    private final Process process;
    private final double millis;

    private Server(Process process, double millis) {
      this.process = process;
      this.millis = millis;
    }

    static Server start(List<String> command) throws IOException {
      Path log = Files.createTempFile("ota-bench-server-", ".log");
      try {
        return start(command, log);
      } finally {
        Files.delete(log);
      }
    }

    private static Server start(List<String> command, Path log) throws IOException {
      long begin = System.nanoTime();
      Process process = Programs.start(new ProcessBuilder(command).redirectError(log.toFile()));
      BufferedReader out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.startsWith("ready")) {
          return new Server(process, (System.nanoTime() - begin) / 1e6);
        }
      }
      Programs.stop(process);
      throw new IOException(
          "A server ended instead of being ready, it said: " + Files.readString(log));
    }

    double millis() {
      return millis;
    }

    /** What is left after a collection, as the JDK's own tool says it; empty without the tool. */
    Optional<Double> heapMegabytes() {
      Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
      if (!Files.isExecutable(jcmd)) {
        return Optional.empty();
      }
      String pid = Long.toString(process.pid());
      Programs.output(List.of(jcmd.toString(), pid, "GC.run"));
      return Programs.output(List.of(jcmd.toString(), pid, "GC.heap_info"))
          .lines()
          .filter(line -> line.contains(" used "))
          .findFirst()
          .map(line -> line.replaceAll(".* used (\\d+)K.*", "$1"))
          .map(kilobytes -> Long.parseLong(kilobytes) * 1_024 / 1e6);
    }

    /** As Linux has it. */
    Optional<Double> residentMegabytes() throws IOException {
      Path status = Path.of("/proc", Long.toString(process.pid()), "status");
      if (!Files.isReadable(status)) {
        return Optional.empty();
      }
      return Files.readAllLines(status).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .findFirst()
          .map(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1_024 / 1e6);
    }

    @Override
    public void close() {
      Programs.stop(process);
      process.onExit().orTimeout(20, TimeUnit.SECONDS).join();
    }
  }
}
