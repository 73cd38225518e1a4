package io.groupota.benchmarks;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import io.groupota.GroupOtaService;
import io.groupota.ReportCounts;
import io.groupota.mqtt.MqttDeviceListener;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Status messages of devices, nearly all of which change nothing. */
final class ReportSuite implements Suite {
  private static final int GROUPS = 100;
  private static final String TOPICS = "/+/devices/+/status";
  private static final int PATIENCE_SECONDS = 60;
  private static final double COLD_SECONDS = 10;

  /**
   * After this much of a round the service saves as much as comes in: it does so twice a second.
   */
  private static final double LEAD_SECONDS = 0.5;

  @Override
  public String name() {
    return "report";
  }

  @Override
  public String about() {
    return "status of 100,000 devices, beside parsing the JSON and beside a bare MQTT client";
  }

  @Override
  public void run(Run run) throws Exception {
    int devices = run.count(100_000, 1_000);
    Duel.Outcome inProcess =
        run.duel(3)
            .run(
                run.progress("report: in one thread"),
                () -> jmh(run, "report", devices),
                () -> jmh(run, "parse", devices));
    run.add(Row.of("report.in-process", inProcess, "1/s").should(Target.atLeast(300_000)));
    endToEnd(run, devices);
  }

  /** A process of its own for each measurement, as JMH has it. */
  private static double jmh(Run run, String method, int devices) throws Exception {
    TimeValue time = TimeValue.milliseconds(run.time(2).toMillis());
    OptionsBuilder options = new OptionsBuilder();
    options
        .include(ReportBenchmark.class.getName() + "." + method + "$")
        .forks(1)
        .threads(1)
        .warmupIterations(run.count(2, 1))
        .warmupTime(time)
        .measurementIterations(run.count(2, 1))
        .measurementTime(time)
        .shouldFailOnError(true)
        .verbosity(VerboseMode.SILENT)
        .jvmArgs(
            "-Xmx1g",
            "-Djava.io.tmpdir=" + run.folder(),
            "-Dlogback.configurationFile=" + Benchmarks.LOGBACK,
            "-D" + ReportBenchmark.DATABASE + "=" + run.databaseUrl(),
            "-D" + ReportBenchmark.DEVICES + "=" + devices,
            "-D" + ReportBenchmark.SEED + "=" + run.seed().value());
    RunResult result = new Runner(options.build()).runSingle();
    return result.getPrimaryResult().getScore();
  }

  private void endToEnd(Run run, int devices) throws Exception {
    try (Database database = run.database(this, 4);
        MqttBroker broker = MqttBroker.start(run.folder())) {
      Fleet fleet = new Fleet(database, run.seed());
      run.progress("report: loading " + devices + " devices");
      fleet.groups(0, GROUPS);
      fleet.devices(devices, n -> n % GROUPS, n -> Fleet.user(0), n -> StatusStream.SERVED);
      database.settle();
      try (GroupOtaService service =
              Host.on(database, run.folder()).reportCapacity(2 * devices).build();
          MqttFlood flood = MqttFlood.connect(broker.address())) {
        service.start();
        EndToEnd both =
            new EndToEnd(broker, service, flood, new StatusStream(fleet, run.seed(), devices));
        run.progress("report: the first seconds");
        double cold = both.listener(Duration.ZERO, run.time(COLD_SECONDS));
        run.add(Row.of("report.end-to-end-cold", cold, "1/s"));
        Duration lead = run.time(LEAD_SECONDS);
        Duration time = run.time(1);
        // Then both are warm, and the service knows all devices.
        both.bare(lead, time);
        both.listener(lead, time);
        Duel.Outcome outcome =
            run.duel(11)
                .run(
                    run.progress("report: end to end"),
                    () -> both.listener(lead, time),
                    () -> both.bare(lead, time));
        run.add(Row.of("report.end-to-end", outcome, "1/s").should(Target.ratioAtLeast(0.8)));
      }
      requireSaved(database, devices);
    }
  }

  private static void requireSaved(Database database, int devices) throws SQLException {
    long other =
        database.count(
            "SELECT COUNT(*) FROM ota_device_state WHERE reported_version = '"
                + StatusStream.OTHER
                + "'");
    if (other == 0 || other > devices) {
      throw new IllegalStateException("Of the changed versions " + other + " were saved");
    }
  }

  /** What was not taken costs less than what was. */
  static void requireTaken(MqttDeviceListener.Counts messages, ReportCounts reports) {
    if (messages.reported() != messages.received()
        || reports.droppedRefreshes() > 0
        || reports.refusedChanges() > 0) {
      throw new IllegalStateException("Not all reports were taken: " + messages + ", " + reports);
    }
  }

  private record EndToEnd(
      MqttBroker broker, GroupOtaService service, MqttFlood flood, StatusStream stream) {
    double bare(Duration lead, Duration time) throws Exception {
      // The service has its own thread, which must not go on saving beside the limit.
      await("The reports were not saved", () -> service.reportCounts().waiting() == 0);
      LongAdder received = new LongAdder();
      Mqtt5AsyncClient client = broker.connect();
      try {
        client
            .subscribeWith()
            .topicFilter(TOPICS)
            .qos(MqttQos.AT_MOST_ONCE)
            .callback(message -> received.increment())
            .send()
            .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
            .join();
        flood.run(stream, received::sum, lead);
        return flood.run(stream, received::sum, time);
      } finally {
        client.disconnect().join();
      }
    }

    double listener(Duration lead, Duration time) throws Exception {
      Mqtt5AsyncClient client = broker.connect();
      try (MqttDeviceListener listener = MqttDeviceListener.using(client, service)) {
        listener.start();
        await("The listener did not subscribe", listener::isSubscribed);
        LongSupplier received = () -> listener.counts().received();
        if (!lead.isZero()) {
          flood.run(stream, received, lead);
        }
        double rate = flood.run(stream, received, time);
        await("A message was not dealt with", () -> isIdle(listener.counts()));
        requireTaken(listener.counts(), service.reportCounts());
        return rate;
      } finally {
        client.disconnect().join();
      }
    }

    /** A message is counted when it comes, and again when it is known what became of it. */
    private static boolean isIdle(MqttDeviceListener.Counts counts) {
      return counts.received()
          == counts.reported()
              + counts.malformed()
              + counts.retained()
              + counts.refused()
              + counts.failed();
    }

    private static void await(String otherwise, BooleanSupplier condition) {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      while (!condition.getAsBoolean()) {
        if (System.nanoTime() > deadline) {
          throw new IllegalStateException(otherwise);
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
    }
  }
}
