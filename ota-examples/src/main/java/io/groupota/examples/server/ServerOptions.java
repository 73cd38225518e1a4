package io.groupota.examples.server;

import io.groupota.examples.cli.CommandLine;
import io.groupota.examples.cli.UsageException;
import io.groupota.examples.cli.Values;
import io.groupota.examples.stack.Address;
import io.groupota.examples.stack.ServerStack;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * The options of the example server. Immutable.
 *
 * @param settings what to start
 * @param fleet the fleet file
 */
record ServerOptions(ServerStack.Settings settings, Path fleet) {
  private static final String HTTP = "--http";
  private static final String MQTT = "--mqtt";
  private static final String DATA = "--data";
  private static final String FLEET = "--fleet";
  private static final String RETRIGGER = "--retrigger";
  private static final String MAX_UPLOAD = "--max-upload";
  private static final Set<String> ALL = Set.of(HTTP, MQTT, DATA, FLEET, RETRIGGER, MAX_UPLOAD);

  static final String HELP =
      """
      Group OTA example server: H2, firmware in a folder, an MQTT broker and an HTTP server in one
      process. For trying things out: the broker lets everybody in and nothing is encrypted.

      java -jar ota-server.jar --http HOST:PORT --mqtt HOST:PORT --data DIR --fleet FILE

        --http HOST:PORT      where the HTTP server listens, port 0 for a free one
        --mqtt HOST:PORT      where the MQTT broker listens, port 0 for a free one
        --data DIR            keeps everything; created if it is not there
        --fleet FILE          owners, groups and devices (JSON), inserted or updated at every start
        --retrigger DURATION  the least time between two triggers of a group to devices that show up
                              with another version: 500ms, 5s, 10m, 2h (default 10m)
        --max-upload SIZE     the largest firmware: 512KB, 64MB, 1GB (default 64MB)
        --help                this text

      Prints one line that starts with "ready" on standard output when it serves; everything else is
      logged to standard error. Stop it with Ctrl-C or SIGTERM.
      Exit code: 2 malformed options or fleet file, 1 cannot start, 0 or 143 stopped.
      """;

  /** Reads the options, empty if the user asks for help. */
  static Optional<ServerOptions> parse(String[] args) {
    CommandLine line = CommandLine.parse(args, ALL);
    if (line.help()) {
      return Optional.empty();
    }
    Address http = line.required(HTTP, Address::parse);
    Address mqtt = line.required(MQTT, Address::parse);
    Path data = line.required(DATA, ServerOptions::folder);
    Path fleet = line.required(FLEET, Values::path);
    Duration retrigger = line.optional(RETRIGGER, Values::duration).orElse(Duration.ofMinutes(10));
    long maxUpload = line.optional(MAX_UPLOAD, Values::size).orElse(64L << 20);
    if (http.port() != 0 && http.equals(mqtt)) {
      throw new UsageException("--http and --mqtt need different ports");
    }
    return Optional.of(
        new ServerOptions(new ServerStack.Settings(http, mqtt, data, retrigger, maxUpload), fleet));
  }

  private static Path folder(String text) {
    Path folder = Values.path(text);
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new IllegalArgumentException("not a folder");
    }
    if (folder.toAbsolutePath().toString().contains(";")) {
      throw new IllegalArgumentException("H2 takes no path with a semicolon");
    }
    return folder;
  }
}
