package io.groupota.micrometer;

import io.groupota.GroupOtaService;
import io.groupota.UpdateCode;
import io.groupota.VersionChange;
import io.groupota.VersionChange.Direction;
import io.groupota.event.Deployed;
import io.groupota.event.DeviceChanged;
import io.groupota.event.DeviceFellBack;
import io.groupota.event.DeviceProgressed;
import io.groupota.event.DeviceUpdated;
import io.groupota.event.OtaEvent;
import io.groupota.event.RolloutChanged;
import io.groupota.event.RolloutChanged.Change;
import io.groupota.event.RolloutDeviceChanged;
import io.groupota.event.Triggered;
import io.groupota.event.UpdatesRemoved;
import io.groupota.event.Work;
import io.groupota.event.WorkFailed;
import io.groupota.event.WorkRetried;
import io.groupota.micrometer.Totals.Meter;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.spi.OtaListener;
import io.groupota.spi.TriggerQueue.Reason;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts what a service does, for any Micrometer registry:
 *
 * <pre>{@code
 * GroupOtaMetrics metrics = new GroupOtaMetrics();
 * GroupOtaService ota = GroupOta.builder()….listener(metrics).build();
 * metrics.observing(ota).bindTo(registry);
 * }</pre>
 *
 * <table>
 * <caption>The meters of a node: counters since its start, and gauges that say so</caption>
 * <tr><th>name</th><th>tags</th><th>counts</th></tr>
 * <tr><td>{@code ota.deploys}</td><td>{@code kind}: {@code upload}, {@code redeploy}</td>
 *     <td>updates that were deployed</td></tr>
 * <tr><td>{@code ota.triggers}</td><td>{@code reason}: {@code deployed}, {@code behind}</td>
 *     <td>rounds of messages to a group that were handed over; single devices of a rollout
 *     count in {@code ota.rollout.devices} instead, as {@code triggered}</td></tr>
 * <tr><td>{@code ota.trigger.messages}</td><td>{@code reason}, as above</td>
 *     <td>the messages of these rounds</td></tr>
 * <tr><td>{@code ota.device.updates}</td><td>{@code direction}: {@code upgrade}, {@code
 *     downgrade}, {@code unknown} (a first report, no semantic version before, or updated by
 *     a rollout, which does not keep the version before)</td>
 *     <td>devices that came to report the served version</td></tr>
 * <tr><td>{@code ota.device.fallbacks}</td><td></td>
 *     <td>devices that reported the served version and then another</td></tr>
 * <tr><td>{@code ota.device.changes}</td><td></td>
 *     <td>other changes of a reported version, first reports included</td></tr>
 * <tr><td>{@code ota.device.codes}</td><td>{@code code}: {@code 200} to {@code 203}</td>
 *     <td>update codes that devices sent</td></tr>
 * <tr><td>{@code ota.updates.removed}</td><td></td>
 *     <td>old updates that retention removed</td></tr>
 * <tr><td>{@code ota.rollout.changes}</td><td>{@code change}: {@code opened}, {@code enrolled},
 *     {@code started}, {@code stage_begun}, {@code approval_needed}, {@code approved}, {@code
 *     paused}, {@code resumed}, {@code pace_changed}, {@code completed}, {@code canceled}, {@code
 *     rolled_back}, {@code expired}, {@code superseded}</td>
 *     <td>what happened to rollouts as a whole</td></tr>
 * <tr><td>{@code ota.rollout.devices}</td><td>{@code state}: {@code queued}, {@code admitted},
 *     {@code triggered}, {@code downloading}, {@code retrying}, {@code updated}, {@code failed},
 *     {@code timed_out}, {@code rejected}, {@code fell_back}, {@code excluded}, {@code
 *     canceled}</td>
 *     <td>devices of rollouts that came into the state by themselves</td></tr>
 * <tr><td>{@code ota.retries}</td><td>{@code work}: {@code triggers}, {@code rollouts}; others
 *     stay 0</td>
 *     <td>triggers of a group, or of devices of a rollout, that could not be sent and are tried
 *     again</td></tr>
 * <tr><td>{@code ota.failures}</td><td>{@code work}: {@code triggers}, {@code reports}, {@code
 *     rollouts}, {@code sweep}</td>
 *     <td>runs of background work that failed as a whole</td></tr>
 * <tr><td>{@code ota.events.dropped}</td><td></td>
 *     <td>events that queued listeners did not get; needs {@link #observing}</td></tr>
 * <tr><td>{@code ota.reports.waiting}</td><td></td>
 *     <td>gauge: devices whose reports wait to be saved now, at most {@code reportCapacity} of the
 *     service; needs {@link #observing}</td></tr>
 * <tr><td>{@code ota.reports.dropped}</td><td></td>
 *     <td>reports that would only have said that a device is still there, and were refused or
 *     dropped under overload; needs {@link #observing}</td></tr>
 * <tr><td>{@code ota.reports.refused}</td><td></td>
 *     <td>reports that said something new, or may have, and were refused under overload; needs
 *     {@link #observing}</td></tr>
 * <tr><td>{@code ota.mqtt.connected}</td><td></td>
 *     <td>gauge: 1 while the broker is connected, else 0; needs {@link #mqtt}</td></tr>
 * <tr><td>{@code ota.downloads.active}</td><td></td>
 *     <td>gauge: downloads over HTTP that run now; needs {@link #downloads}</td></tr>
 * <tr><td>{@code ota.downloads.refused}</td><td></td>
 *     <td>downloads that were refused since too many ran; needs {@link #downloads}</td></tr>
 * </table>
 *
 * <p>The name of a meter says what it counts, so none has a base unit. What needs a call that was
 * not made is 0, or {@code NaN} for a gauge. Each value of a tag is there from the start, with 0,
 * and none names a group, a device or a version: the number of time series is that of this table.
 * Each node counts what it did; a sum over the nodes counts each change once. Thread-safe.
 */
public final class GroupOtaMetrics implements MeterBinder, OtaListener {
  private final Tags tags;
  private final Totals totals = new Totals();

  private final Map<Boolean, LongAdder> deploys =
      totals.of(
          new Meter("ota.deploys", "Updates that were deployed"),
          "kind",
          List.of(false, true),
          again -> again ? "redeploy" : "upload");

  private final Map<Reason, LongAdder> triggers =
      totals.of(
          new Meter("ota.triggers", "Rounds of messages to a group"),
          "reason",
          EnumSet.allOf(Reason.class),
          GroupOtaMetrics::text);

  private final Map<Reason, LongAdder> messages =
      totals.of(
          new Meter("ota.trigger.messages", "Messages that tell devices to check"),
          "reason",
          EnumSet.allOf(Reason.class),
          GroupOtaMetrics::text);

  private final Map<Direction, LongAdder> updates =
      totals.of(
          new Meter("ota.device.updates", "Devices that came to run what is served"),
          "direction",
          EnumSet.complementOf(EnumSet.of(Direction.CURRENT)),
          GroupOtaMetrics::text);

  private final LongAdder fallbacks =
      totals.of(new Meter("ota.device.fallbacks", "Devices that no longer run the update"));

  private final LongAdder changes =
      totals.of(new Meter("ota.device.changes", "Devices that report some other version"));

  private final Map<UpdateCode, LongAdder> codes =
      totals.of(
          new Meter("ota.device.codes", "Update codes that devices sent"),
          "code",
          EnumSet.allOf(UpdateCode.class),
          code -> Integer.toString(code.code()));

  private final LongAdder removed =
      totals.of(new Meter("ota.updates.removed", "Old updates that were removed"));

  private final Map<Change, LongAdder> rollouts =
      totals.of(
          new Meter("ota.rollout.changes", "What happened to rollouts"),
          "change",
          EnumSet.allOf(Change.class),
          GroupOtaMetrics::text);

  private final Map<RolloutDeviceState, LongAdder> rolloutDevices =
      totals.of(
          new Meter("ota.rollout.devices", "Devices of rollouts that came into a state"),
          "state",
          EnumSet.allOf(RolloutDeviceState.class),
          GroupOtaMetrics::text);

  private final Map<Work, LongAdder> retries =
      totals.of(
          new Meter("ota.retries", "Work for a group that is tried again"),
          "work",
          EnumSet.allOf(Work.class),
          GroupOtaMetrics::text);

  private final Map<Work, LongAdder> failures =
      totals.of(
          new Meter("ota.failures", "Runs of background work that failed"),
          "work",
          EnumSet.allOf(Work.class),
          GroupOtaMetrics::text);

  private final Readings readings = new Readings();

  /** Counts without tags of the host. */
  public GroupOtaMetrics() {
    this(Tags.empty());
  }

  /**
   * Counts with tags that every meter gets.
   *
   * @param tags the tags, the same for all nodes or one value per node
   */
  public GroupOtaMetrics(Iterable<Tag> tags) {
    this.tags = Tags.of(tags);
  }

  /**
   * Reads also what a service says of itself. Before or after {@link #bindTo}.
   *
   * @param service the service that has this listener
   * @return this
   */
  public GroupOtaMetrics observing(GroupOtaService service) {
    readings.service(service);
    return this;
  }

  /**
   * Reads also how busy the downloads of an HTTP server are. Before or after {@link #bindTo}. With
   * the servlet of {@code ota-http}: {@code downloads(() -> servlet.downloads().active(), () ->
   * servlet.downloads().refused())}.
   *
   * @param active how many run at this moment
   * @param refused how many were refused so far, never less than before
   * @return this
   */
  public GroupOtaMetrics downloads(IntSupplier active, LongSupplier refused) {
    readings.downloads(active, refused);
    return this;
  }

  /**
   * Reads also whether the broker is connected. Before or after {@link #bindTo}. With the link of
   * {@code ota-mqtt}: {@code mqtt(link::isConnected)}.
   *
   * @param connected whether it is at this moment
   * @return this
   */
  public GroupOtaMetrics mqtt(BooleanSupplier connected) {
    readings.mqtt(Objects.requireNonNull(connected, "connected"));
    return this;
  }

  /**
   * Registers the meters. May be called for several registries.
   *
   * @param registry the registry
   */
  @Override
  public void bindTo(MeterRegistry registry) {
    totals.bindTo(registry, tags);
    readings.bindTo(registry, tags);
  }

  @Override
  public void onEvent(OtaEvent event) {
    if (event instanceof Deployed deployed) {
      add(deploys, deployed.update().redeployOf().isPresent(), 1);
    } else if (event instanceof Triggered triggered) {
      add(triggers, triggered.reason(), 1);
      add(messages, triggered.reason(), triggered.messages());
    } else if (event instanceof DeviceUpdated updated) {
      add(updates, direction(updated), 1);
    } else if (event instanceof DeviceFellBack) {
      fallbacks.increment();
    } else if (event instanceof DeviceChanged) {
      changes.increment();
    } else if (event instanceof DeviceProgressed progressed) {
      add(codes, progressed.code(), 1);
    } else if (event instanceof UpdatesRemoved gone) {
      removed.add(gone.updates().size());
    } else if (event instanceof RolloutChanged changed) {
      add(rollouts, changed.change(), 1);
    } else if (event instanceof RolloutDeviceChanged moved) {
      add(rolloutDevices, moved.to(), 1);
    } else if (event instanceof WorkRetried retried) {
      add(retries, retried.work(), 1);
    } else if (event instanceof WorkFailed failed) {
      add(failures, failed.work(), 1);
    }
  }

  private static Direction direction(DeviceUpdated updated) {
    return VersionChange.between(updated.from().orElse(null), updated.version()).direction();
  }

  private static <K> void add(Map<K, LongAdder> sums, K value, long amount) {
    @Nullable LongAdder sum = sums.get(value);
    if (sum != null) {
      sum.add(amount);
    }
  }

  private static String text(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
