package io.groupota.examples.simulator;

import io.groupota.InvalidRequestException;
import io.groupota.VersionChange;
import io.groupota.examples.cli.CommandLine;
import io.groupota.examples.cli.Values;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The options of the simulator. Immutable.
 *
 * @param scenario what to simulate
 * @param chart where to write the chart, empty for nowhere
 */
record SimulatorOptions(Scenario scenario, Optional<Path> chart) {
  private static final String DEVICES = "--devices";
  private static final String PLAN = "--plan";
  private static final String VERSIONS = "--versions";
  private static final String TO = "--to";
  private static final String ONLINE = "--online";
  private static final String DOWNLOAD = "--download";
  private static final String FAIL = "--fail";
  private static final String FALL_BACK = "--fall-back";
  private static final String GROUP_ADDRESSED = "--group-addressed";
  private static final String SEED = "--seed";
  private static final String START = "--start";
  private static final String TICK = "--tick";
  private static final String DAYS = "--days";
  private static final String APPROVE_AFTER = "--approve-after";
  private static final String CHART = "--chart";
  private static final Set<String> ALL =
      Set.of(
          DEVICES,
          PLAN,
          VERSIONS,
          TO,
          ONLINE,
          DOWNLOAD,
          FAIL,
          FALL_BACK,
          GROUP_ADDRESSED,
          SEED,
          START,
          TICK,
          DAYS,
          APPROVE_AFTER,
          CHART);

  private static final int MOST_VERSIONS = 20;
  private static final Duration LONGEST_TICK = Duration.ofHours(1);

  static final String HELP =
      """
      Group OTA rollout simulator: takes a fleet through a staged rollout on a virtual clock. The engine is
      the real one; the devices behave as IoTaaP OS does. The same options give the same timeline.

      java -jar ota-simulator.jar [options]

        --devices N           how many devices, 1 to 10000000 (default 10000)
        --plan FILE           the plan as JSON (default: stages of 1, 5, 20, 50 and 100 %)
        --versions LIST       what they run before, with weights (default 1.0.0=70,1.1.0=30); the devices
                              of a version are a group, 000000000000000000000001 and so on
        --to VERSION          the version to deploy (default 2.0.0)
        --online SHARE|RANGE  how long each device is online per day: 0.9 of it, or 8h..24h (default 0.9)
        --download RANGE      from the start of a download to the report after the reboot (default 30s..5m)
        --fail SHARE          devices on which the new firmware always fails (default 0.02)
        --fall-back SHARE     devices that fall back to the old one within half an hour (default 0.005)
        --group-addressed SHARE
                              devices of each group that can be told of an update only together (default 0)
        --seed N              another fleet of the same kind (default 1)
        --start TIME          when the rollout is made, in UTC (default 2026-01-05T08:00:00Z)
        --tick DURATION       how often the service looks for what is due (default 5s, at most 1h)
        --days N              the simulation ends after so many virtual days (default 30, at most 366)
        --approve-after DURATION
                              how long somebody takes to approve a stage (default 1h)
        --chart FILE          writes an SVG chart of the devices per state
        --help                this text

      A million devices: java -Xmx1600m -XX:+UseParallelGC -jar ota-simulator.jar --devices 1000000
      Exit code: 0 the rollout is completed, 1 it ended in another way, 2 malformed options.
      """;

  /** Reads the options, empty if the user asks for help. */
  static Optional<SimulatorOptions> parse(String[] args) {
    CommandLine line = CommandLine.parse(args, ALL);
    if (line.help()) {
      return Optional.empty();
    }
    Scenario scenario =
        new Scenario(
            fleet(line),
            line.optional(TO, SimulatorOptions::semantic).orElse("2.0.0"),
            line.optional(PLAN, PlanFile::read).orElseGet(PlanFile::standard),
            line.optional(START, SimulatorOptions::instant)
                .orElse(Instant.parse("2026-01-05T08:00:00Z")),
            steps(line));
    return Optional.of(
        new SimulatorOptions(scenario, line.optional(CHART, SimulatorOptions::writable)));
  }

  private static FleetModel fleet(CommandLine line) {
    return new FleetModel(
        line.optional(DEVICES, text -> Values.count(text, 10_000_000)).orElse(10_000),
        line.optional(VERSIONS, SimulatorOptions::weights)
            .orElseGet(() -> weights("1.0.0=70,1.1.0=30")),
        line.optional(ONLINE, SimulatorOptions::online).orElseGet(() -> online("0.9")),
        line.optional(DOWNLOAD, Range::of).orElseGet(() -> Range.of("30s..5m")),
        new FleetModel.Shares(
            line.optional(FAIL, SimulatorOptions::share).orElse(0.02),
            line.optional(FALL_BACK, SimulatorOptions::share).orElse(0.005),
            line.optional(GROUP_ADDRESSED, SimulatorOptions::share).orElse(0.0)),
        line.optional(SEED, text -> (long) Values.count(text, 999_999_999)).orElse(1L));
  }

  private static Scenario.Steps steps(CommandLine line) {
    return new Scenario.Steps(
        line.optional(TICK, SimulatorOptions::tick).orElse(Duration.ofSeconds(5)),
        Duration.ofDays(line.optional(DAYS, text -> Values.count(text, 366)).orElse(30)),
        line.optional(APPROVE_AFTER, Values::duration).orElse(Duration.ofHours(1)));
  }

  private static List<FleetModel.Weight> weights(String text) {
    List<FleetModel.Weight> weights = new ArrayList<>();
    Set<String> versions = new HashSet<>();
    for (String entry : text.split(",", -1)) {
      int at = entry.lastIndexOf('=');
      if (at < 0) {
        throw new IllegalArgumentException("not a list of versions, write 1.0.0=70,1.1.0=30");
      }
      String version = semantic(entry.substring(0, at));
      if (!versions.add(version)) {
        throw new IllegalArgumentException("version " + version + " is given twice");
      }
      weights.add(new FleetModel.Weight(version, weight(entry.substring(at + 1))));
    }
    if (weights.size() > MOST_VERSIONS) {
      throw new IllegalArgumentException("more than " + MOST_VERSIONS + " versions");
    }
    return weights;
  }

  private static int weight(String text) {
    try {
      return Values.count(text, 1_000_000);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the weight of a version is " + e.getMessage(), e);
    }
  }

  private static Range online(String text) {
    if (text.matches("[0-9.]+")) {
      long millis = Math.round(share(text) * FleetModel.DAY);
      if (millis == 0) {
        throw new IllegalArgumentException("nobody would ever be online");
      }
      return new Range(millis, millis);
    }
    Range hours = Range.of(text);
    if (hours.max() > FleetModel.DAY) {
      throw new IllegalArgumentException("a day has 24 hours");
    }
    return hours;
  }

  private static double share(String text) {
    if (!text.matches("0|1|[01]?\\.[0-9]{1,9}") || Double.parseDouble(text) > 1) {
      throw new IllegalArgumentException("not a share from 0 to 1, write 0.02");
    }
    return Double.parseDouble(text);
  }

  private static Duration tick(String text) {
    Duration tick = Values.duration(text);
    if (tick.compareTo(LONGEST_TICK) > 0) {
      throw new IllegalArgumentException("longer than 1h");
    }
    return tick;
  }

  private static Instant instant(String text) {
    try {
      Instant time = Instant.parse(text);
      if (time.isBefore(Instant.EPOCH) || time.isAfter(Instant.parse("2100-01-01T00:00:00Z"))) {
        throw new IllegalArgumentException("not between 1970 and 2100");
      }
      return time;
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("not a time, write 2026-01-05T08:00:00Z", e);
    }
  }

  private static Path writable(String text) {
    Path file = Values.path(text);
    Path folder = file.toAbsolutePath().getParent();
    if (Files.isDirectory(file) || folder == null || !Files.isDirectory(folder)) {
      throw new IllegalArgumentException("not a file in a folder that exists");
    }
    return file;
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
