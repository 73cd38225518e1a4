package io.groupota.benchmarks;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import io.groupota.GroupOtaService;
import io.groupota.mqtt.MqttDeviceListener;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Status messages of devices, nearly all of which change nothing. */
final class ReportSuite implements Suite {
  private static final int GROUPS = 100;
  private static final String TOPICS = "/+/devices/+/status";
  private static final int PATIENCE_SECONDS = 20;

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
            new EndToEnd(
                broker, service, flood, new StatusStream(fleet, run.seed(), devices), run.time(3));
        // Both are warm, and the service knows all devices.
        both.bare();
        double cold = both.listener();
        both.listener();
        Duel.Outcome outcome =
            run.duel(5).run(run.progress("report: end to end"), both::listener, both::bare);
        run.add(Row.of("report.end-to-end-cold", cold, "1/s"));
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

  private record EndToEnd(
      MqttBroker broker,
      GroupOtaService service,
      MqttFlood flood,
      StatusStream stream,
      Duration time) {
    double bare() throws Exception {
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
        return flood.run(stream, received::sum, time);
      } finally {
        client.disconnect().join();
      }
    }

    double listener() throws Exception {
      Mqtt5AsyncClient client = broker.connect();
      try (MqttDeviceListener listener = MqttDeviceListener.using(client, service)) {
        listener.start();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!listener.isSubscribed()) {
          if (System.nanoTime() > deadline) {
            throw new IllegalStateException("The listener did not subscribe");
          }
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        double rate = flood.run(stream, () -> listener.counts().received(), time);
        if (listener.counts().malformed() > 0) {
          throw new IllegalStateException("Messages were malformed: " + listener.counts());
        }
        return rate;
      } finally {
        client.disconnect().join();
      }
    }
  }
}
