package io.groupota.examples.simulator;

import io.groupota.InvalidRequestException;
import io.groupota.examples.cli.ProgressBar;
import io.groupota.examples.cli.UsageException;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutState;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The simulator of rollouts, a program. */
public final class RolloutSimulator {
  private static final int NOT_COMPLETED = 1;
  private static final int MISUSED = 2;

  private RolloutSimulator() {}

  /**
   * Simulates a rollout and prints its course.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    // Before the first logger.
    System.setProperty("logback.configurationFile", "io/groupota/examples/simulator/logback.xml");
    System.exit(run(args, System.out, System.err));
  }

  private static int run(String[] args, PrintStream out, PrintStream err) {
    try {
      Optional<SimulatorOptions> options = SimulatorOptions.parse(args);
      if (options.isEmpty()) {
        out.print(SimulatorOptions.HELP);
        return 0;
      }
      return simulate(options.get(), out, ProgressBar.on(err)) ? 0 : NOT_COMPLETED;
    } catch (UsageException e) {
      err.println("ota-simulator: " + e.getMessage());
      return MISUSED;
    } catch (InvalidRequestException e) {
      err.println("ota-simulator: the plan does not fit the fleet: " + e.getMessage());
      return MISUSED;
    } catch (IOException e) {
      err.println("ota-simulator: the chart cannot be written: " + e.getMessage());
      return NOT_COMPLETED;
    }
  }

  private static boolean simulate(SimulatorOptions options, PrintStream out, ProgressBar bar)
      throws IOException {
    long began = System.nanoTime();
    History history = new History();
    HeapMeter heap = new HeapMeter();
    Rollout rollout;
    try (Simulation simulation = new Simulation(options.scenario())) {
      rollout =
          simulation.run(
              sample -> {
                history.add(sample);
                heap.read();
                bar.show(progress(sample), Timeline.time(sample.at()) + " of virtual time");
              });
    } finally {
      bar.end();
    }
    List<Sample> samples = history.samples();
    new Timeline(out).print(samples, rollout.plan().stages().size());
    out.println();
    out.println(summary(rollout, samples, Duration.ofNanos(System.nanoTime() - began), heap));
    if (options.chart().isPresent()) {
      write(options.chart().get(), title(options.scenario(), rollout), samples, out);
    }
    return rollout.state() == RolloutState.COMPLETED;
  }

  /** The share of the devices that had their chance. */
  private static double progress(Sample sample) {
    long open = 0;
    for (var count : sample.counts().entrySet()) {
      open += count.getKey().isOpen() ? count.getValue() : 0;
    }
    return 1 - (double) open / Math.max(1, sample.devices());
  }

  private static String summary(
      Rollout rollout, List<Sample> samples, Duration real, HeapMeter heap) {
    String end =
        words(rollout.state()) + rollout.reason().map(r -> " (" + words(r) + ")").orElse("");
    return String.format(
        Locale.ROOT,
        "%,d devices: %s after %s, followed for %s. Simulated in %s with up to %,d MB of heap in use.",
        rollout.counts().devices(),
        end,
        Timeline.time(turn(samples)),
        Timeline.time(samples.get(samples.size() - 1).at()),
        Timeline.time(real),
        heap.megabytes());
  }

  /** When the rollout came into its last state. */
  private static Duration turn(List<Sample> samples) {
    int at = samples.size() - 1;
    while (at > 0 && !samples.get(at).isTurn(samples.get(at - 1))) {
      at--;
    }
    return samples.get(at).at();
  }

  private static String title(Scenario scenario, Rollout rollout) {
    return String.format(
        Locale.ROOT,
        "Simulated rollout of %s to %,d devices: %s",
        scenario.target(),
        scenario.fleet().devices(),
        words(rollout.state()));
  }

  private static void write(Path file, String title, List<Sample> samples, PrintStream out)
      throws IOException {
    Files.writeString(file, RolloutChart.draw(title, samples));
    out.println("Chart: " + file);
  }

  private static String words(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
