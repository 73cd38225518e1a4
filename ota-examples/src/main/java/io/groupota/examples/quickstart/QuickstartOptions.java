package io.groupota.examples.quickstart;

import io.groupota.InvalidRequestException;
import io.groupota.VersionChange;
import io.groupota.examples.cli.CommandLine;
import io.groupota.examples.cli.Values;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * The options of the quickstart. Immutable.
 *
 * @param firmware the file to deploy, empty for a generated one
 * @param devices how many devices to simulate
 * @param from the version that they start with
 * @param to the version to deploy
 */
record QuickstartOptions(Optional<Path> firmware, int devices, String from, String to) {
  private static final String FIRMWARE = "--firmware";
  private static final String DEVICES = "--devices";
  private static final String FROM = "--from";
  private static final String TO = "--to";
  private static final int MAX_DEVICES = 5_000;

  static final String HELP =
      """
      Group OTA quickstart: deploys a firmware to a group of simulated devices. Database, broker and
      HTTP server run in this process, on loopback, in a temporary folder.

      java -jar ota-quickstart.jar [options]

        --firmware FILE  the firmware.bin to deploy, an ESP32 application image (default: generated)
        --devices N      how many devices to simulate, 1 to 5000 (default 50)
        --from VERSION   the version that they run before (default 1.2.6)
        --to VERSION     the version to deploy (default 1.2.7)
        --help           this text

      Exit code: 0 every device reports the new version, 1 not every one, 2 malformed options.
      """;

  /** Reads the options, empty if the user asks for help. */
  static Optional<QuickstartOptions> parse(String[] args) {
    CommandLine line = CommandLine.parse(args, Set.of(FIRMWARE, DEVICES, FROM, TO));
    if (line.help()) {
      return Optional.empty();
    }
    return Optional.of(
        new QuickstartOptions(
            line.optional(FIRMWARE, QuickstartOptions::readable),
            line.optional(DEVICES, text -> Values.count(text, MAX_DEVICES)).orElse(50),
            line.optional(FROM, QuickstartOptions::reported).orElse("1.2.6"),
            line.optional(TO, QuickstartOptions::semantic).orElse("1.2.7")));
  }

  private static Path readable(String text) {
    Path file = Values.path(text);
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      throw new IllegalArgumentException("no such file, or it cannot be read");
    }
    return file;
  }

  /** A device may report anything, but this one has to pass through a command line. */
  private static String reported(String text) {
    if (!text.matches("[0-9A-Za-z.+_-]{1,64}")) {
      throw new IllegalArgumentException("not a version, write 1.2.6");
    }
    return text;
  }

  private static String semantic(String text) {
    try {
      // Refuses what could not be deployed; what it would change does not matter here.
      VersionChange.Direction unused = VersionChange.between(null, text).direction();
      return text;
    } catch (InvalidRequestException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }
}
