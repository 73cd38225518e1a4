package io.groupota.benchmarks;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.suback.Mqtt5SubAck;
import com.hivemq.client.rx.reactivestreams.WithSingleSubscriber;
import io.groupota.GroupOtaService;
import io.groupota.mqtt.MqttDeviceListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Status messages of devices in one thread, from the call of an MQTT client to the coalescing
 * buffer, which is saved to PostgreSQL by the service's own thread; and parsing their JSON alone.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@NullUnmarked
public class ReportBenchmark {
  static final String DATABASE = "ota.bench.database";
  static final String DEVICES = "ota.bench.devices";
  static final String SEED = "ota.bench.seed";
  private static final int GROUPS = 100;

  /** The messages of the fleet, as the MQTT client hands them over. Made once per process. */
  @State(Scope.Benchmark)
  public static class Fleets {
    private final int devices = Integer.getInteger(DEVICES, 1_000);
    private final Seed seed = new Seed(Long.getLong(SEED, 1));
    private final JsonFactory json = new JsonFactory();
    private final byte[] status = StatusStream.payload(StatusStream.SERVED);
    private Database database;
    private Path folder;
    private GroupOtaService service;
    private MqttDeviceListener listener;
    private InProcessClient client;
    private WithSingleSubscriber<? super Mqtt5Publish, ? super Mqtt5SubAck> subscriber;
    private StatusStream stream;
    private Mqtt5Publish[] served;
    private Mqtt5Publish[] other;

    /**
     * Loads the devices, and lets each report once, so that the service knows them.
     *
     * @throws Exception if the database fails
     */
    @Setup
    public void start() throws Exception {
      database = Database.open(System.getProperty(DATABASE), "ota_bench_report_jmh", 4);
      folder = Files.createTempDirectory("ota-bench-report-");
      Fleet fleet = new Fleet(database, seed);
      fleet.groups(0, GROUPS);
      fleet.devices(devices, n -> n % GROUPS, n -> Fleet.user(0), n -> StatusStream.SERVED);
      database.settle();
      service = Host.on(database, folder).reportCapacity(2 * devices).build();
      client = new InProcessClient();
      listener = MqttDeviceListener.using(client.client(), service);
      listener.start();
      subscriber = client.subscriber();
      stream = new StatusStream(fleet, seed, devices);
      served = new Mqtt5Publish[devices];
      other = new Mqtt5Publish[devices];
      for (int i = 0; i < devices; i++) {
        served[i] = publish(StatusStream.topic(fleet, i), StatusStream.SERVED);
        other[i] = publish(StatusStream.topic(fleet, i), StatusStream.OTHER);
        subscriber.onNext(served[i]);
      }
      service.runOnce();
      service.start();
    }

    private static Mqtt5Publish publish(String topic, String version) {
      return Mqtt5Publish.builder().topic(topic).payload(StatusStream.payload(version)).build();
    }

    /**
     * Ends everything, and makes sure that it worked.
     *
     * @throws Exception if the database fails
     */
    @TearDown
    public void stop() throws Exception {
      client.disconnect();
      listener.close();
      service.close();
      try {
        ReportSuite.requireTaken(listener.counts(), service.reportCounts());
      } finally {
        database.close();
        Folders.delete(folder);
      }
    }
  }

  /**
   * One message, to the end of what the client's thread does with it.
   *
   * @param fleets the messages
   */
  @Benchmark
  public void report(Fleets fleets) {
    int device = fleets.stream.nextDevice();
    fleets.subscriber.onNext(
        fleets.stream.isOther(device) ? fleets.other[device] : fleets.served[device]);
  }

  /**
   * The JSON of one message and nothing else.
   *
   * @param fleets the messages
   * @return what was read
   * @throws IOException never
   */
  @Benchmark
  public int parse(Fleets fleets) throws IOException {
    int length = 0;
    try (JsonParser parser = fleets.json.createParser(fleets.status)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token.isScalarValue()) {
          length += parser.getTextLength();
        }
      }
    }
    return length;
  }
}
