package io.groupota.micrometer;

import io.groupota.GroupOtaService;
import io.groupota.ReportCounts;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** What a service and what is around it say of themselves when a registry asks. Thread-safe. */
final class Readings {
  private record Downloads(IntSupplier active, LongSupplier refused) {}

  private volatile @Nullable GroupOtaService service;
  private volatile @Nullable Downloads downloads;
  private volatile @Nullable BooleanSupplier connected;

  void service(GroupOtaService observed) {
    service = observed;
  }

  void downloads(IntSupplier active, LongSupplier refused) {
    downloads = new Downloads(active, refused);
  }

  void mqtt(BooleanSupplier isConnected) {
    connected = isConnected;
  }

  void bindTo(MeterRegistry registry, Tags tags) {
    FunctionCounter.builder(
            "ota.events.dropped", this, ofService(GroupOtaService::droppedEvents, 0))
        .description("Events that queued listeners did not get")
        .tags(tags)
        .register(registry);
    bindReports(registry, tags);
    bindDownloads(registry, tags);
    Gauge.builder("ota.mqtt.connected", this, Readings::connected)
        .description("Whether the broker is connected")
        .tags(tags)
        .register(registry);
  }

  private void bindReports(MeterRegistry registry, Tags tags) {
    Gauge.builder("ota.reports.waiting", this, ofReports(ReportCounts::waiting, Double.NaN))
        .description("Devices with reports that wait to be saved")
        .tags(tags)
        .register(registry);
    FunctionCounter.builder(
            "ota.reports.dropped", this, ofReports(ReportCounts::droppedRefreshes, 0))
        .description("Reports that said nothing new and were dropped under overload")
        .tags(tags)
        .register(registry);
    FunctionCounter.builder("ota.reports.refused", this, ofReports(ReportCounts::refusedChanges, 0))
        .description("Reports that may have said something new and were refused under overload")
        .tags(tags)
        .register(registry);
  }

  private void bindDownloads(MeterRegistry registry, Tags tags) {
    FunctionCounter.builder(
            "ota.downloads.refused", this, ofDownloads(d -> d.refused().getAsLong(), 0))
        .description("Downloads that were refused since too many ran")
        .tags(tags)
        .register(registry);
    Gauge.builder("ota.downloads.active", this, ofDownloads(d -> d.active().getAsInt(), Double.NaN))
        .description("Downloads that run now")
        .tags(tags)
        .register(registry);
  }

  private static ToDoubleFunction<Readings> ofService(
      ToDoubleFunction<GroupOtaService> value, double otherwise) {
    return readings -> {
      GroupOtaService observed = readings.service;
      return observed == null ? otherwise : value.applyAsDouble(observed);
    };
  }

  private static ToDoubleFunction<Readings> ofReports(
      ToDoubleFunction<ReportCounts> value, double otherwise) {
    return ofService(service -> value.applyAsDouble(service.reportCounts()), otherwise);
  }

  private static ToDoubleFunction<Readings> ofDownloads(
      ToDoubleFunction<Downloads> value, double otherwise) {
    return readings -> {
      Downloads observed = readings.downloads;
      return observed == null ? otherwise : value.applyAsDouble(observed);
    };
  }

  private double connected() {
    BooleanSupplier observed = connected;
    if (observed == null) {
      return Double.NaN;
    }
    return observed.getAsBoolean() ? 1 : 0;
  }
}
