package io.groupota.benchmarks;

import io.groupota.DeployRequest;
import io.groupota.GroupOtaService;
import io.groupota.firmware.FirmwareSource;
import io.groupota.testkit.Esp32Image;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Downloads of a firmware of the usual size. */
final class DownloadSuite implements Suite {
  private static final int CONNECTIONS = 32;
  private static final double COLD_SECONDS = 10;
  private static final String FILE = "firmware.bin";

  @Override
  public String name() {
    return "download";
  }

  @Override
  public String about() {
    return "a 1.2 MB image on 32 connections, beside nginx and Jetty serving the same file";
  }

  @Override
  public void run(Run run) throws Exception {
    Path files = Files.createDirectories(run.folder().resolve("files"));
    byte[] image = Esp32Image.builder().size(1_200_000).seed(run.seed().value()).build().bytes();
    Files.write(files.resolve(FILE), image);
    try (Database database = run.database(this, 4)) {
      Fleet fleet = new Fleet(database, run.seed());
      fleet.bareGroups(0, 1);
      try (GroupOtaService service = Host.on(database, run.folder()).build();
          WebServer web = WebServer.start(service, fleet.owner(), files)) {
        service.start();
        service.deploy(
            DeployRequest.of(
                fleet.owner(),
                fleet.group(0).value(),
                fleet.token(0).value(),
                Fleet.VERSION,
                FirmwareSource.bytes(image)));
        String path = "/v1/ota/group/download/" + fleet.group(0) + fleet.token(0).value();
        Optional<Path> program = run.nginx();
        try (Nginx nginx =
            program.isPresent() ? Nginx.start(program.get(), run.folder(), files) : null) {
          Duration first = run.time(COLD_SECONDS);
          run.progress("download: the first seconds");
          run.add(
              Row.of("download.cold", new Download(web.address(), path, "1.1").run(first), "MB/s"));
          for (String version : new String[] {"1.0", "1.1"}) {
            Download ours = new Download(web.address(), path, version);
            against(
                run,
                ours,
                "jetty",
                new Download(web.address(), WebServer.FILES + FILE, version),
                0.9);
            if (nginx != null) {
              against(run, ours, "nginx", new Download(nginx.address(), "/" + FILE, version), 0.6);
            }
          }
        }
      }
    }
  }

  private static void against(Run run, Download ours, String name, Download limit, double target)
      throws Exception {
    Duration time = run.time(2);
    ours.run(time);
    limit.run(time);
    String row = "download.http-" + ours.version() + "-" + name;
    Duel.Outcome outcome =
        run.duel(3)
            .run(
                run.progress("download: HTTP/" + ours.version() + " and " + name),
                () -> ours.run(time),
                () -> limit.run(time));
    run.add(Row.of(row, outcome, "MB/s").should(Target.ratioAtLeast(target)));
  }

  private record Download(InetSocketAddress server, String path, String version) {
    double run(Duration time) throws Exception {
      byte[] request = HttpLoad.get(path, version);
      return new HttpLoad(server, CONNECTIONS, version.equals("1.1"))
          .run(() -> request, time)
          .megabytesPerSecond();
    }

    /** Hides the path, which may hold a token. */
    @Override
    public String toString() {
      return "Download[server=" + server + ", version=" + version + "]";
    }
  }
}
