package io.groupota.examples.quickstart;

import io.groupota.VersionChange.Direction;
import io.groupota.VersionDiff;
import io.groupota.examples.stack.Address;
import io.groupota.examples.stack.External;
import io.groupota.examples.stack.ServerStack;
import io.groupota.testkit.Esp32Image;
import io.groupota.testkit.device.DeviceProgress;
import io.groupota.testkit.device.DeviceProgress.Step;
import io.groupota.testkit.device.SimulatedDevice;
import io.groupota.testkit.device.SimulatedFleet;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What the quickstart does, step by step. */
final class GuidedTour {
  private static final int IMAGE_SIZE = 1 << 20;
  private static final long MAX_UPLOAD = 64L << 20;
  private static final Duration RETRIGGER = Duration.ofSeconds(5);
  private static final Duration LOOK = Duration.ofMillis(100);
  private static final int NAMED = 10;
  private static final long CLOSING_MILLIS = 300;

  private final QuickstartOptions options;
  private final WorkFolder folder;
  private final Screen screen;
  private final Workshop workshop;

  GuidedTour(QuickstartOptions options, WorkFolder folder, Screen screen) {
    this.options = options;
    this.folder = folder;
    this.screen = screen;
    this.workshop = new Workshop(options.devices());
  }

  /** Whether every device reports the new version in the end. */
  boolean run() throws IOException, InterruptedException {
    Path firmware = firmware();
    screen.head("Starting H2, a blob folder, an MQTT broker and an HTTP server in this process");
    ServerStack stack =
        ServerStack.start(
            new ServerStack.Settings(
                Address.loopback(),
                Address.loopback(),
                folder.data(),
                RETRIGGER,
                MAX_UPLOAD,
                External.NONE),
            workshop.fleet());
    try (SimulatedFleet fleet = workshop.simulate(stack, options.from(), Files.size(firmware))) {
      screen.line("http://" + stack.http() + "  " + stack.mqtt());
      return report(stack, fleet) && deploy(stack, firmware) && update(stack, fleet);
    } finally {
      closeSoon(stack);
    }
  }

  private Path firmware() throws IOException {
    if (options.firmware().isPresent()) {
      return options.firmware().get();
    }
    Esp32Image image = Esp32Image.builder().version(options.to()).size(IMAGE_SIZE).build();
    try (InputStream bytes = image.open()) {
      Files.copy(bytes, folder.firmware());
    }
    return folder.firmware();
  }

  private boolean report(ServerStack stack, SimulatedFleet fleet) throws InterruptedException {
    screen.head(options.devices() + " IoTaaP OS devices on " + options.from() + " switch on");
    fleet.start(Duration.ofMillis(options.devices()));
    long deadline = deadline();
    VersionDiff diff = diff(stack);
    while (reporting(diff, options.from()) < options.devices()) {
      if (System.nanoTime() > deadline) {
        return late(fleet, "did not connect and report");
      }
      TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
      diff = diff(stack);
    }
    screen.line("What would happen if their group served " + options.to() + ":");
    screen.table(diff);
    return true;
  }

  private boolean deploy(ServerStack stack, Path firmware)
      throws IOException, InterruptedException {
    ManagementClient client = client(stack);
    screen.head("POST " + client.uri() + ": " + Files.size(firmware) + " bytes as " + options.to());
    HttpResponse<String> response = client.deploy(Workshop.GROUP, options.to(), firmware);
    screen.line(response.statusCode() + " " + response.body());
    if (response.statusCode() != 201) {
      screen.line("The server refused the firmware; try another file with --firmware.");
      return false;
    }
    return true;
  }

  private boolean update(ServerStack stack, SimulatedFleet fleet)
      throws IOException, InterruptedException {
    screen.head("The devices check, download over HTTP/1.0, verify the MD5, reboot and report");
    long deadline = deadline();
    VersionDiff diff = diff(stack);
    while (diff.count(Direction.CURRENT) < options.devices()) {
      show(fleet.devices(), diff.count(Direction.CURRENT));
      if (System.nanoTime() > deadline) {
        return late(fleet, "did not report " + options.to());
      }
      TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
      diff = diff(stack);
    }
    screen.progress(1, options.devices() + " of " + options.devices() + " report " + options.to());
    ManagementClient client = client(stack);
    screen.head("GET " + client.uri());
    screen.line(client.page());
    screen.head("The group after the update");
    screen.table(diff);
    return true;
  }

  private void show(List<SimulatedDevice> devices, long reporting) {
    double done = reporting;
    int downloading = 0;
    int rebooting = 0;
    int failed = 0;
    for (SimulatedDevice device : devices) {
      DeviceProgress progress = device.progress();
      switch (progress.step()) {
        case DOWNLOADING -> {
          downloading++;
          done += 0.8 * progress.received() / Math.max(1, progress.total());
        }
        case REBOOTING -> {
          rebooting++;
          done += 0.8;
        }
        case FAILED -> failed++;
        default -> {
          // Waiting, or counted by what it reports.
        }
      }
    }
    screen.progress(
        Math.min(0.99, done / devices.size()),
        reporting
            + " of "
            + devices.size()
            + " report "
            + options.to()
            + (", " + downloading + " downloading, " + rebooting + " rebooting")
            + (failed == 0 ? "" : ", " + failed + " failed"));
  }

  private boolean late(SimulatedFleet fleet, String what) {
    screen.abandon();
    List<SimulatedDevice> behind =
        fleet.devices().stream()
            .filter(device -> device.progress().step() != Step.UPDATED)
            .toList();
    screen.line(behind.size() + " of " + options.devices() + " devices " + what + " in time:");
    for (SimulatedDevice device : behind.subList(0, Math.min(NAMED, behind.size()))) {
      DeviceProgress progress = device.progress();
      screen.line(
          "  "
              + device.id()
              + " "
              + device.version()
              + " "
              + progress.step()
              + " "
              + progress.detail());
    }
    folder.keep();
    screen.line("Is this machine very busy? Try again with fewer --devices.");
    screen.line("The log of this run is " + folder.log());
    return false;
  }

  private VersionDiff diff(ServerStack stack) {
    return stack.service().diff(Workshop.OWNER, Workshop.GROUP.id(), options.to());
  }

  private static long reporting(VersionDiff diff, String version) {
    return diff.lines().stream()
        .filter(line -> line.reported().filter(version::equals).isPresent())
        .mapToLong(VersionDiff.Line::devices)
        .sum();
  }

  private static ManagementClient client(ServerStack stack) {
    return new ManagementClient(URI.create("http://" + stack.http()), Workshop.BEARER);
  }

  /** Half a minute, and as long again for every thousand devices. */
  private long deadline() {
    return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(30_000L + 30L * options.devices());
  }

  /** The broker takes seconds to stop; nobody needs to wait for it, the process ends anyway. */
  private static void closeSoon(ServerStack stack) throws InterruptedException {
    Thread closing = new Thread(stack::close, "ota-shutdown");
    closing.setDaemon(true);
    closing.start();
    closing.join(CLOSING_MILLIS);
  }
}
