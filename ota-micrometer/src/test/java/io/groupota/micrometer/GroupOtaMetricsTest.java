package io.groupota.micrometer;

import static java.lang.Double.NaN;
import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.Retention;
import io.groupota.Token;
import io.groupota.UpdateCode;
import io.groupota.UpdateId;
import io.groupota.event.OtaEvent;
import io.groupota.event.UpdatesRemoved;
import io.groupota.event.Work;
import io.groupota.event.WorkFailed;
import io.groupota.event.WorkRecovered;
import io.groupota.firmware.FirmwareSource;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.Stage;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.UpdateNotifier;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class GroupOtaMetricsTest {
  private static final OwnerId OWNER = new OwnerId("acme");
  private static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  private static final DeviceId DEVICE = new DeviceId("5e1b5774afd4e404d68aebd6");
  private static final Token TOKEN = Token.of("AATluvfLURijoH9d");

  /** Two more than a buffer of eight takes of devices that it does not know. */
  private static final List<DeviceId> DEVICES =
      IntStream.range(0, 9)
          .mapToObj(i -> new DeviceId("" + i + DEVICE.value().substring(1)))
          .toList();

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @Test
  void whatAServiceDoesIsCounted() {
    GroupOtaMetrics metrics = new GroupOtaMetrics();
    AtomicInteger failures = new AtomicInteger(1);
    UpdateNotifier flaky =
        trigger ->
            failures.getAndDecrement() > 0
                ? CompletableFuture.failedFuture(new IllegalStateException("no broker"))
                : CompletableFuture.completedFuture(null);
    try (GroupOtaService ota =
        builder().listener(metrics).notifier(flaky).queuedListener(event -> {}, 1).build()) {
      metrics.observing(ota).bindTo(registry);
      report(ota, DeviceReport.version(DEVICE, "1.0.0"));
      OtaUpdate first = deploy(ota, "2.0.0");
      ota.runOnce();
      assertThat(count("ota.retries", "work", "triggers")).isEqualTo(1);
      deploy(ota, "2.1.0");
      ota.runOnce();
      report(ota, DeviceReport.code(DEVICE, UpdateCode.DOWNLOAD_STARTED));
      report(ota, DeviceReport.version(DEVICE, "2.1.0"));
      report(ota, DeviceReport.version(DEVICE, "2.1.0"));
      report(ota, DeviceReport.version(DEVICE, "2.0.0"));
      report(ota, DeviceReport.version(DEVICE, "2.1.0"));
      ota.redeploy(OWNER, GROUP, first.id());
      deploy(ota, "2.1.0");
      ota.redeploy(OWNER, GROUP, first.id());
      report(ota, DeviceReport.version(DEVICE, "2.0.0"));

      assertThat(count("ota.deploys", "kind", "upload")).isEqualTo(3);
      assertThat(count("ota.deploys", "kind", "redeploy")).isEqualTo(2);
      assertThat(count("ota.triggers", "reason", "deployed")).isEqualTo(2);
      assertThat(count("ota.trigger.messages", "reason", "deployed"))
          .as("the device was current when the second one came")
          .isEqualTo(1);
      assertThat(count("ota.device.changes")).isEqualTo(1);
      assertThat(count("ota.device.updates", "direction", "upgrade")).isEqualTo(2);
      assertThat(count("ota.device.updates", "direction", "downgrade")).isEqualTo(1);
      assertThat(count("ota.device.updates", "direction", "unknown")).isZero();
      assertThat(count("ota.device.fallbacks")).isEqualTo(1);
      assertThat(count("ota.device.codes", "code", "201")).isEqualTo(1);
      assertThat(count("ota.device.codes", "code", "203")).isZero();
      assertThat(count("ota.events.dropped")).isPositive().isEqualTo((double) ota.droppedEvents());
    }
  }

  @Test
  void retentionAndFailuresAreCounted() {
    GroupOtaMetrics metrics = new GroupOtaMetrics();
    metrics.onEvent(removed("1", "2", "3"));
    metrics.onEvent(new WorkFailed(Instant.EPOCH, Work.REPORTS, 1, "away"));
    metrics.onEvent(new WorkFailed(Instant.EPOCH, Work.REPORTS, 2, "away"));
    metrics.onEvent(new WorkRecovered(Instant.EPOCH, Work.REPORTS, 2));
    metrics.bindTo(registry);
    assertThat(count("ota.updates.removed")).as("counted before it was bound").isEqualTo(3);
    assertThat(count("ota.failures", "work", "reports")).isEqualTo(2);
    assertThat(count("ota.failures", "work", "triggers")).isZero();
    assertThat(count("ota.events.dropped")).as("of a service that is not observed").isZero();
  }

  @Test
  void whatHappensToRolloutsIsCounted() {
    GroupOtaMetrics metrics = new GroupOtaMetrics();
    metrics.bindTo(registry);
    try (GroupOtaService ota = builder().listener(metrics).build()) {
      report(ota, DeviceReport.version(DEVICE, "1.0.0"));
      ota.rollouts()
          .deploy(
              DeployRequest.of(
                  OWNER,
                  GROUP.value(),
                  TOKEN.value(),
                  "2.0.0",
                  FirmwareSource.bytes(new byte[] {1})),
              Map.of(),
              RolloutPlan.builder().stage(Stage.everyone()).build());
      ota.runOnce();
      report(ota, DeviceReport.version(DEVICE, "2.0.0"));
      ota.runOnce();
    }
    assertThat(count("ota.rollout.changes", "change", "opened")).isEqualTo(1);
    assertThat(count("ota.rollout.changes", "change", "completed")).isEqualTo(1);
    assertThat(count("ota.rollout.changes", "change", "canceled")).isZero();
    assertThat(count("ota.rollout.devices", "state", "updated")).isEqualTo(1);
    assertThat(count("ota.rollout.devices", "state", "failed")).isZero();
    assertThat(count("ota.device.updates", "direction", "unknown")).isEqualTo(1);
  }

  @Test
  void anEventThatIsNotKnownIsPassedOver() {
    GroupOtaMetrics metrics = new GroupOtaMetrics();
    metrics.bindTo(registry);
    metrics.onEvent(() -> Instant.EPOCH);
    assertThat(registry.getMeters()).allSatisfy(meter -> assertThat(value(meter)).isIn(0.0, NaN));
  }

  @Test
  void downloadsAreReadFromTheServer() {
    AtomicInteger active = new AtomicInteger(3);
    GroupOtaMetrics metrics = new GroupOtaMetrics();
    metrics.bindTo(registry);
    assertThat(registry.get("ota.downloads.active").gauge().value()).isNaN();
    metrics.downloads(active::get, () -> 7);
    assertThat(registry.get("ota.downloads.active").gauge().value()).isEqualTo(3);
    active.set(1);
    assertThat(registry.get("ota.downloads.active").gauge().value()).isEqualTo(1);
    assertThat(count("ota.downloads.refused")).isEqualTo(7);
  }

  @Test
  void reportsThatWaitOrDoNotFitAreReadFromTheService() {
    GroupOtaMetrics metrics = new GroupOtaMetrics();
    metrics.bindTo(registry);
    assertThat(gauge("ota.reports.waiting")).isNaN();
    try (GroupOtaService ota =
        builder()
            .groups(groups(DEVICES))
            .reportCapacity(8)
            .lastSeenInterval(Duration.ofNanos(1))
            .build()) {
      metrics.observing(ota);
      assertThat(gauge("ota.reports.waiting")).isZero();
      DEVICES.forEach(device -> ota.report(DeviceReport.version(device, "1.0.0")));
      assertThat(gauge("ota.reports.waiting")).isEqualTo(7);
      assertThat(count("ota.reports.refused")).as("what the last two said was new").isEqualTo(2);
      ota.runOnce();
      assertThat(gauge("ota.reports.waiting")).isZero();
      DEVICES.stream()
          .limit(7)
          .forEach(device -> ota.report(DeviceReport.version(device, "1.0.0")));
      assertThat(count("ota.reports.dropped")).as("the last one said nothing new").isEqualTo(1);
      assertThat(count("ota.reports.refused")).isEqualTo(2);
      assertThat(gauge("ota.reports.waiting")).isEqualTo(6);
    }
  }

  @Test
  void whetherTheBrokerIsConnectedIsReadFromTheLink() {
    AtomicBoolean connected = new AtomicBoolean();
    GroupOtaMetrics metrics = new GroupOtaMetrics();
    metrics.bindTo(registry);
    assertThat(gauge("ota.mqtt.connected")).isNaN();
    metrics.mqtt(connected::get);
    assertThat(gauge("ota.mqtt.connected")).isZero();
    connected.set(true);
    assertThat(gauge("ota.mqtt.connected")).isEqualTo(1);
  }

  @Test
  void severalRegistriesReadTheSameSums() {
    GroupOtaMetrics metrics = new GroupOtaMetrics(Tags.of("region", "eu"));
    SimpleMeterRegistry other = new SimpleMeterRegistry();
    metrics.bindTo(registry);
    metrics.bindTo(other);
    metrics.onEvent(removed("1"));
    for (MeterRegistry each : List.of(registry, other)) {
      assertThat(each.get("ota.updates.removed").tags("region", "eu").functionCounter().count())
          .isEqualTo(1);
    }
  }

  @Test
  void everyMeterStandsInTheJavadocWithEachValueOfItsTag() throws IOException {
    new GroupOtaMetrics().bindTo(registry);
    String source =
        Files.readString(Path.of("src/main/java/io/groupota/micrometer/GroupOtaMetrics.java"));
    String table =
        source
            .substring(source.indexOf("<table>"), source.indexOf("</table>"))
            .replaceAll("\\s+\\* +", " ");
    assertThat(registry.getMeters()).hasSize(57);
    for (Meter meter : registry.getMeters()) {
      assertThat(table).contains("<td>{@code " + meter.getId().getName() + "}</td>");
      assertThat(meter.getId().getDescription()).isNotBlank();
      for (Tag tag : meter.getId().getTags()) {
        assertThat(table).contains("{@code " + tag.getKey() + "}");
        if (!tag.getValue().matches("20[12]")) {
          assertThat(table).contains("{@code " + tag.getValue() + "}");
        }
      }
    }
    assertThat(table.split("<tr><td>", -1))
        .as("rows of the table")
        .hasSize(1 + (int) names().count());
  }

  @Test
  void prometheusGetsTheUsualNames() {
    PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    GroupOtaMetrics metrics = new GroupOtaMetrics();
    metrics.bindTo(prometheus);
    metrics.onEvent(removed("1", "2"));
    assertThat(prometheus.scrape())
        .contains("ota_updates_removed_total 2.0")
        .contains("ota_deploys_total{kind=\"upload\"} 0.0")
        .contains("ota_trigger_messages_total{reason=\"behind\"} 0.0")
        .contains("ota_device_codes_total{code=\"203\"} 0.0")
        .contains("ota_failures_total{work=\"sweep\"} 0.0");
  }

  private static GroupOta.Builder builder() {
    return GroupOta.builder()
        .repository(new InMemoryOtaRepository(Clock.systemUTC()))
        .blobStore(new InMemoryBlobStore())
        .groups(groups(List.of(DEVICE)))
        .retention(Retention.EVERYTHING)
        .retriggerInterval(Duration.ofHours(1));
  }

  private static InMemoryGroupRegistry groups(List<DeviceId> devices) {
    InMemoryGroupRegistry groups = new InMemoryGroupRegistry();
    groups.saveGroups(List.of(new Group(GROUP, OWNER, TOKEN, "")));
    groups.saveDevices(
        devices.stream()
            .map(id -> new Device(id, TOKEN, Optional.of(GROUP), "user", Addressing.GROUP))
            .toList());
    return groups;
  }

  private static OtaUpdate deploy(GroupOtaService ota, String version) {
    return ota.deploy(
        DeployRequest.of(
            OWNER,
            GROUP.value(),
            TOKEN.value(),
            version,
            FirmwareSource.bytes(new byte[] {1, 2, 3})));
  }

  private static void report(GroupOtaService ota, DeviceReport report) {
    assertThat(ota.report(report)).isTrue();
    ota.runOnce();
  }

  private static OtaEvent removed(String... digits) {
    return new UpdatesRemoved(
        Instant.EPOCH,
        GROUP,
        Arrays.stream(digits).map(digit -> new UpdateId(digit.repeat(24))).toList());
  }

  private double count(String name, String... tags) {
    return registry.get(name).tags(tags).functionCounter().count();
  }

  private double gauge(String name) {
    return registry.get(name).gauge().value();
  }

  private Stream<String> names() {
    return registry.getMeters().stream().map(meter -> meter.getId().getName()).distinct();
  }

  private static double value(Meter meter) {
    return meter.measure().iterator().next().getValue();
  }
}
