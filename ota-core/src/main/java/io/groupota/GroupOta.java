package io.groupota;

import io.groupota.internal.DefaultGroupOtaService;
import io.groupota.internal.Settings;
import io.groupota.internal.Spis;
import io.groupota.internal.Subscription;
import io.groupota.spi.BlobStore;
import io.groupota.spi.EntitlementPolicy;
import io.groupota.spi.FirmwareInspector;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.OtaListener;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.UpdateNotifier;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The entry point: {@code GroupOta.builder()…build()} makes a {@link GroupOtaService}. */
public final class GroupOta {
  private GroupOta() {}

  /**
   * Begins a service.
   *
   * @return a builder; set at least the repository, the blob store and the groups
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Collects what a service works with and how. Not thread-safe. Each {@link #build()} returns an
   * independent service. Whatever is given to it stays the host's: the service never closes it.
   */
  public static final class Builder {
    private static final Duration LONGEST = Duration.ofDays(36_500);

    private @Nullable OtaRepository repository;
    private @Nullable BlobStore blobStore;
    private @Nullable GroupDirectory groups;
    private UpdateNotifier notifier = UpdateNotifier.none();
    private EntitlementPolicy entitlement = EntitlementPolicy.everyone();
    private FirmwareInspector inspector = FirmwareInspector.anyFile();
    private final List<Subscription> listeners = new ArrayList<>();
    private Clock clock = Clock.systemUTC();
    private RandomGenerator random = new SecureRandom();
    private Duration retriggerInterval = Duration.ofMinutes(10);
    private Duration triggerTimeout = Duration.ofSeconds(10);
    private Duration triggerLease = Duration.ofSeconds(30);
    private int triggersInFlight = 1_000;
    private Duration pollInterval = Duration.ofSeconds(1);
    private Duration flushInterval = Duration.ofMillis(500);
    private Duration lastSeenInterval = Duration.ofMinutes(1);
    private int reportCapacity = 100_000;
    private Duration cacheTtl = Duration.ofMillis(500);
    private long maxFirmwareSize = 64L << 20;
    private Retention retention = Retention.DEFAULT;
    private Duration deployGrace = Duration.ofHours(1);
    private int pageSize = 25;
    private int maxPageSize = 1_000;

    private Builder() {}

    /**
     * Where the state is kept. Required.
     *
     * @param repository the repository
     * @return this builder
     */
    public Builder repository(OtaRepository repository) {
      this.repository = Objects.requireNonNull(repository, "repository");
      return this;
    }

    /**
     * Where firmware files are kept. Required.
     *
     * @param blobStore the store
     * @return this builder
     */
    public Builder blobStore(BlobStore blobStore) {
      this.blobStore = Objects.requireNonNull(blobStore, "blobStore");
      return this;
    }

    /**
     * Who knows the groups and the devices. Required.
     *
     * @param groups the directory
     * @return this builder
     */
    public Builder groups(GroupDirectory groups) {
      this.groups = Objects.requireNonNull(groups, "groups");
      return this;
    }

    /**
     * How devices are told to check for an update. Default: not at all, devices poll.
     *
     * @param notifier the notifier
     * @return this builder
     */
    public Builder notifier(UpdateNotifier notifier) {
      this.notifier = Objects.requireNonNull(notifier, "notifier");
      return this;
    }

    /**
     * Which owners may deploy. Default: all.
     *
     * @param entitlement the policy
     * @return this builder
     */
    public Builder entitlement(EntitlementPolicy entitlement) {
      this.entitlement = Objects.requireNonNull(entitlement, "entitlement");
      return this;
    }

    /**
     * Which files are accepted as firmware. Default: any file; {@link
     * io.groupota.firmware.Esp32ImageInspector} is the strict one.
     *
     * @param inspector the inspector
     * @return this builder
     */
    public Builder inspector(FirmwareInspector inspector) {
      this.inspector = Objects.requireNonNull(inspector, "inspector");
      return this;
    }

    /**
     * Adds a listener that is called by the thread that did the work, before that goes on: it must
     * return quickly. Default: none; each call adds one, and they are called in that order.
     *
     * @param listener the listener
     * @return this builder
     */
    public Builder listener(OtaListener listener) {
      listeners.add(
          new Subscription(Objects.requireNonNull(listener, "listener"), OptionalInt.empty()));
      return this;
    }

    /**
     * Adds a listener that may be slow, one that calls a webhook for example. It gets one event
     * after another in a thread of its own, {@code ota-events}, which runs from {@code start()} to
     * {@code close()}; without {@code start()}, in {@code runOnce()}. Events wait for it in memory,
     * so a process that dies loses them; what finds no place is dropped and counted ({@link
     * GroupOtaService#droppedEvents()}). {@code close()} lets it have what waits, for ten seconds
     * and the event that it is at.
     *
     * @param listener the listener
     * @param capacity how many events may wait, at least 1; roughly 0.5 KB of memory each
     * @return this builder
     * @throws IllegalArgumentException if the capacity is less
     */
    public Builder queuedListener(OtaListener listener, int capacity) {
      listeners.add(
          new Subscription(
              Objects.requireNonNull(listener, "listener"),
              OptionalInt.of(positive(capacity, "capacity"))));
      return this;
    }

    /**
     * The clock for the times that are recorded. Default: the system's, in UTC. When something is
     * due, and when a device reported something, is decided by the repository's; for that, how long
     * ago a report came is measured by this clock, or with a system's clock by the counter of the
     * JVM, which nobody sets. A clock that stands still, in a test, lets reports of a device come
     * at the same time: then the greatest version counts.
     *
     * @param clock the clock
     * @return this builder
     */
    public Builder clock(Clock clock) {
      this.clock = Objects.requireNonNull(clock, "clock");
      return this;
    }

    /**
     * What the random bytes of identifiers come from. Default: {@link SecureRandom}. Only for
     * simulations and tests that must come out the same again: two services with the same numbers
     * make the same identifiers.
     *
     * @param random the source, used while the service is built
     * @return this builder
     */
    public Builder random(RandomGenerator random) {
      this.random = Objects.requireNonNull(random, "random");
      return this;
    }

    /**
     * The least time between two triggers of a group to devices that show up with another version.
     * Default: 10 minutes.
     *
     * @param interval positive, at most 36,500 days
     * @return this builder
     * @throws IllegalArgumentException if it is not
     */
    public Builder retriggerInterval(Duration interval) {
      this.retriggerInterval = positive(interval, "retriggerInterval");
      return this;
    }

    /**
     * How long to wait for the notifier to hand over a trigger before it counts as failed. Default:
     * 10 seconds.
     *
     * @param timeout positive, at most 36,500 days
     * @return this builder
     * @throws IllegalArgumentException if it is not
     */
    public Builder triggerTimeout(Duration timeout) {
      this.triggerTimeout = positive(timeout, "triggerTimeout");
      return this;
    }

    /**
     * How long a node holds a due trigger before another node may take it over. Default: 30
     * seconds. Choose more than the trigger timeout, which is not checked: with less, another node
     * may send a trigger again that this one still waits for.
     *
     * @param lease positive, at most 36,500 days
     * @return this builder
     * @throws IllegalArgumentException if it is not
     */
    public Builder triggerLease(Duration lease) {
      this.triggerLease = positive(lease, "triggerLease");
      return this;
    }

    /**
     * How many triggers are handed to the notifier at once, of groups and of rollouts each.
     * Default: 1,000; the MQTT notifier takes both.
     *
     * @param triggers at least 1
     * @return this builder
     * @throws IllegalArgumentException if it is less
     */
    public Builder triggersInFlight(int triggers) {
      this.triggersInFlight = positive(triggers, "triggersInFlight");
      return this;
    }

    /**
     * How often a node looks for triggers that are due without its having been told, those of other
     * nodes for example. Default: 1 second.
     *
     * @param interval positive, at most 36,500 days
     * @return this builder
     * @throws IllegalArgumentException if it is not
     */
    public Builder pollInterval(Duration interval) {
      this.pollInterval = positive(interval, "pollInterval");
      return this;
    }

    /**
     * How long reports of devices are collected before they are saved together. Default: 500
     * milliseconds.
     *
     * @param interval positive, at most 36,500 days
     * @return this builder
     * @throws IllegalArgumentException if it is not
     */
    public Builder flushInterval(Duration interval) {
      this.flushInterval = positive(interval, "flushInterval");
      return this;
    }

    /**
     * How often the time of a device's last report is saved while nothing else changes; also how
     * long a service believes that what it saved of a device is still what is saved, though another
     * one may have saved something since. Default: 1 minute.
     *
     * @param interval positive, at most 36,500 days
     * @return this builder
     * @throws IllegalArgumentException if it is not
     */
    public Builder lastSeenInterval(Duration interval) {
      this.lastSeenInterval = positive(interval, "lastSeenInterval");
      return this;
    }

    /**
     * How many devices may have reports waiting to be saved, and how many are remembered so that
     * repetitions are not saved; roughly 0.5 KB of memory each. Default: 100,000. Choose at least
     * the number of devices that report to this node.
     *
     * <p>Reports that only refresh the time of the last one get three quarters of the room, and
     * give it up again for others; update codes and devices that this node does not know yet get
     * seven eighths; the rest is kept for devices that are known to run another version. {@link
     * GroupOtaService#reportCounts()} says how full it is and what was dropped.
     *
     * @param devices at least 1
     * @return this builder
     * @throws IllegalArgumentException if it is less
     */
    public Builder reportCapacity(int devices) {
      this.reportCapacity = positive(devices, "reportCapacity");
      return this;
    }

    /**
     * How old an answer to a device's check may be: the time after which a deploy on one node is
     * served by the others. That a group was removed from the directory may show later, see {@link
     * GroupOtaService#served(GroupId)}. Default: 500 milliseconds.
     *
     * @param ttl positive, at most 36,500 days
     * @return this builder
     * @throws IllegalArgumentException if it is not
     */
    public Builder cacheTtl(Duration ttl) {
      this.cacheTtl = positive(ttl, "cacheTtl");
      return this;
    }

    /**
     * The largest firmware. Default: 64 MiB.
     *
     * @param bytes at least 1
     * @return this builder
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxFirmwareSize(long bytes) {
      if (bytes < 1) {
        throw new IllegalArgumentException("maxFirmwareSize must be positive, but is " + bytes);
      }
      this.maxFirmwareSize = bytes;
      return this;
    }

    /**
     * How long a deploy may take from its first byte to its commit; after that its file may be
     * swept. Default: 1 hour.
     *
     * @param grace positive, at most 36,500 days
     * @return this builder
     * @throws IllegalArgumentException if it is not
     */
    public Builder deployGrace(Duration grace) {
      this.deployGrace = positive(grace, "deployGrace");
      return this;
    }

    /**
     * Which updates are kept. Default: {@link Retention#DEFAULT}, the last 10 of a group and
     * everything younger than 30 days.
     *
     * @param retention what is kept, {@link Retention#EVERYTHING} to remove nothing
     * @return this builder
     */
    public Builder retention(Retention retention) {
      this.retention = Objects.requireNonNull(retention, "retention");
      return this;
    }

    /**
     * The page size of a query that names none, and the largest one that is given. Default: 25 and
     * 1,000.
     *
     * @param standard at least 1
     * @param maximum at least the standard one
     * @return this builder
     * @throws IllegalArgumentException if one of them is too small
     */
    public Builder pageSize(int standard, int maximum) {
      if (positive(standard, "pageSize") > maximum) {
        throw new IllegalArgumentException(
            "pageSize " + standard + " is larger than its maximum " + maximum);
      }
      this.pageSize = standard;
      this.maxPageSize = maximum;
      return this;
    }

    /**
     * Builds a service. It does no work in the background before {@link GroupOtaService#start()}.
     *
     * @return a new service
     * @throws IllegalStateException if the repository, the blob store or the groups are missing
     */
    public GroupOtaService build() {
      Spis spis =
          new Spis(
              required(repository, "repository"),
              required(blobStore, "blobStore"),
              required(groups, "groups"),
              notifier,
              entitlement,
              inspector);
      Settings settings =
          new Settings(
              new Settings.Triggers(
                  retriggerInterval, triggerTimeout, triggerLease, pollInterval, triggersInFlight),
              new Settings.Reports(flushInterval, lastSeenInterval, reportCapacity),
              new Settings.Limits(maxFirmwareSize, deployGrace, retention, pageSize, maxPageSize),
              cacheTtl);
      return new DefaultGroupOtaService(spis, settings, List.copyOf(listeners), clock, random);
    }

    private static <T> T required(@Nullable T value, String name) {
      if (value == null) {
        throw new IllegalStateException("Call " + name + "(...) before build()");
      }
      return value;
    }

    /** Times are counted in nanoseconds, in which a long has room for 292 years. */
    private static Duration positive(Duration value, String name) {
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException(name + " must be positive, but is " + value);
      }
      if (value.compareTo(LONGEST) > 0) {
        throw new IllegalArgumentException(
            name + " must be at most " + LONGEST.toDays() + " days, but is " + value);
      }
      return value;
    }

    private static int positive(int value, String name) {
      if (value < 1) {
        throw new IllegalArgumentException(name + " must be at least 1, but is " + value);
      }
      return value;
    }
  }
}
