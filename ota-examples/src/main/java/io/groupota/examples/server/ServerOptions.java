package io.groupota.examples.server;

import io.groupota.examples.cli.CommandLine;
import io.groupota.examples.cli.UsageException;
import io.groupota.examples.cli.Values;
import io.groupota.examples.stack.Address;
import io.groupota.examples.stack.External;
import io.groupota.examples.stack.ServerStack;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
  private static final Set<String> ALL =
      Stream.concat(
              Stream.of(HTTP, MQTT, DATA, FLEET, RETRIGGER, MAX_UPLOAD),
              ExternalOptions.ALL.stream())
          .collect(Collectors.toUnmodifiableSet());

  static final String HELP =
      """
      Group OTA example server: H2, firmware in a folder, an MQTT broker and an HTTP server in one
      process. For trying things out: the broker lets everybody in and nothing is encrypted.

      java -jar ota-server.jar --http HOST:PORT --mqtt HOST:PORT --data DIR --fleet FILE

        --http HOST:PORT      where the HTTP server listens, port 0 for a free one
        --mqtt HOST:PORT      where the MQTT broker listens, port 0 for a free one; not needed with
                              --broker
        --data DIR            keeps everything; created if it is not there
        --fleet FILE          owners, groups and devices (JSON), inserted or updated at every start
        --retrigger DURATION  the least time between two triggers of a group to devices that show up
                              with another version: 500ms, 5s, 10m, 2h (default 10m)
        --max-upload SIZE     the largest firmware: 512KB, 64MB, 1GB (default 64MB)

      Instead of what is embedded; servers that use the same are nodes of one system:

        --db JDBC_URL --db-user U --db-password P
                              PostgreSQL 14 or newer
        --s3 URL --s3-bucket B --s3-access-key K --s3-secret-key S
                              a bucket of an S3-compatible object store
        --s3-redirect DURATION
                              clients that can follow a redirect download from the object store, by
                              a URL that works for so long; devices never (default: nobody)
        --broker URL          an MQTT broker: mqtt://HOST:PORT, mqtts://, ws://, wss://
        --broker-user U --broker-password P
                              default: ota-server without a password
        A password or secret key may be given as env:NAME, the name of an environment variable,
        since other users of the machine can read a command line.

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
    External external = ExternalOptions.read(line);
    Address mqtt =
        external.broker().isPresent()
            ? line.optional(MQTT, Address::parse).orElseGet(Address::loopback)
            : line.required(MQTT, Address::parse);
    Path data = line.required(DATA, ServerOptions::folder);
    Path fleet = line.required(FLEET, Values::path);
    Duration retrigger = line.optional(RETRIGGER, Values::duration).orElse(Duration.ofMinutes(10));
    long maxUpload = line.optional(MAX_UPLOAD, Values::size).orElse(64L << 20);
    if (http.port() != 0 && http.equals(mqtt) && external.broker().isEmpty()) {
      throw new UsageException("--http and --mqtt need different ports");
    }
    return Optional.of(
        new ServerOptions(
            new ServerStack.Settings(http, mqtt, data, retrigger, maxUpload, external), fleet));
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
