package io.groupota.internal;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DevicePage;
import io.groupota.DeviceReport;
import io.groupota.DeviceState;
import io.groupota.FirmwareDownload;
import io.groupota.GroupId;
import io.groupota.GroupOtaService;
import io.groupota.InvalidRequestException;
import io.groupota.OtaPage;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.ReportCounts;
import io.groupota.Token;
import io.groupota.UpdateId;
import io.groupota.UpdatePage;
import io.groupota.VersionChange;
import io.groupota.VersionDiff;
import io.groupota.event.Deployed;
import io.groupota.event.Work;
import io.groupota.rollout.Rollouts;
import io.groupota.spi.Device;
import io.groupota.spi.OtaRepository;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The service: checks who asks, hands over to the part that does the work, and runs the background
 * work.
 */
public final class DefaultGroupOtaService implements GroupOtaService {
  private static final Logger LOG = LoggerFactory.getLogger(DefaultGroupOtaService.class);
  private static final Duration SWEEP_INTERVAL = Duration.ofMinutes(10);
  private static final int BATCH = 1_000;

  private final Events events;
  private final OtaRepository repository;
  private final Spis spis;
  private final Settings.Limits limits;
  private final OwnedGroups groups;
  private final Deployments deployments;
  private final RolloutAssignments assignments;
  private final ServedFirmware firmware;
  private final DefaultRollouts rollouts;
  private final VersionDiffs diffs;
  private final BehindWatch behindWatch;
  private final KnownDevices knownDevices;
  private final ReportBuffer reports;
  private final BackgroundWork saving;
  private final BackgroundWork triggering;
  private final BackgroundWork sweeping;
  private final BackgroundWork driving;
  private final Worker dispatchWorker;
  private final Worker reportWorker;
  private final Worker sweepWorker;
  private final Worker rolloutWorker;
  private boolean started;
  private volatile boolean closed;

  /** Wires the parts together; nothing runs before {@link #start()}. */
  public DefaultGroupOtaService(
      Spis spis,
      Settings settings,
      List<Subscription> listeners,
      Clock clock,
      RandomGenerator random) {
    this.events = new Events(listeners, clock);
    this.spis = spis;
    this.repository = spis.repository();
    this.limits = settings.limits();
    this.groups = new OwnedGroups(spis.groups(), spis.entitlement());
    ObjectIds ids = new ObjectIds(clock, random);
    FirmwareUploads uploads = new FirmwareUploads(spis, ids, clock, limits);
    this.deployments = new Deployments(spis, groups, uploads, ids, clock);
    MemberContexts contexts =
        new MemberContexts(repository, settings.triggers().retriggerInterval());
    RolloutEnrolment enrolment = new RolloutEnrolment(spis, contexts);
    ServedUpdates updates =
        new ServedUpdates(spis.groups(), repository, settings.cacheTtl(), clock);
    this.assignments =
        new RolloutAssignments(repository, enrolment, updates, settings.cacheTtl(), clock);
    this.firmware = new ServedFirmware(spis, updates, assignments, settings.cacheTtl(), clock);
    this.diffs = new VersionDiffs(repository, spis.groups());
    TriggerDispatcher dispatcher =
        new TriggerDispatcher(spis, assignments, settings.triggers(), events);
    Sweeper sweeper = new Sweeper(spis, limits, events);
    this.triggering =
        new BackgroundWork(Work.TRIGGERS, () -> dispatcher.dispatch(this::isClosed), events);
    this.sweeping = new BackgroundWork(Work.SWEEP, () -> sweeper.sweep(this::isClosed), events);
    this.dispatchWorker =
        new Worker("ota-dispatcher", settings.triggers().pollInterval(), triggering);
    this.behindWatch =
        new BehindWatch(
            repository, firmware, settings.triggers().retriggerInterval(), dispatchWorker::wake);
    RolloutEvents rolloutEvents = new RolloutEvents(events, repository);
    Rollback rollback = new Rollback(spis, deployments, ids);
    RolloutMembers members =
        new RolloutMembers(
            repository,
            contexts,
            new MemberTriggers(spis, rolloutEvents, settings.triggers(), dispatchWorker::wake),
            rolloutEvents);
    RolloutEngine engine =
        new RolloutEngine(
            repository,
            new RolloutEngine.Parts(
                enrolment, members, rollback, rolloutEvents, dispatchWorker::wake),
            firmware,
            settings.triggers().lease(),
            new ElapsedTime(clock));
    this.driving = new BackgroundWork(Work.ROLLOUTS, () -> engine.run(this::isClosed), events);
    this.rolloutWorker = new Worker("ota-rollouts", settings.triggers().pollInterval(), driving);
    RolloutDeploys deploys =
        new RolloutDeploys(
            spis, new RolloutDeploys.Parts(groups, deployments, uploads, ids, this::invalidate));
    this.rollouts =
        new DefaultRollouts(
            repository, deploys, rollback, rolloutEvents, limits, rolloutWorker::wake);
    this.knownDevices = new KnownDevices(spis, settings.reports(), clock);
    ReportTally tally = new ReportTally();
    this.reports =
        new ReportBuffer(
            new ReportSaver(
                repository,
                new ReportSaver.Parts(
                    knownDevices,
                    behindWatch,
                    assignments,
                    new DeviceEvents(events, repository, assignments),
                    tally),
                clock),
            tally,
            settings.reports().capacity(),
            clock);
    this.saving = new BackgroundWork(Work.REPORTS, reports::flush, events);
    this.reportWorker = new Worker("ota-reports", settings.reports().flushInterval(), saving);
    this.sweepWorker = new Worker("ota-sweeper", SWEEP_INTERVAL, sweeping);
  }

  @Override
  public OtaUpdate deploy(DeployRequest request) {
    Objects.requireNonNull(request, "request");
    return served(deployments.deploy(request));
  }

  @Override
  public OtaUpdate redeploy(OwnerId owner, GroupId group, UpdateId update) {
    Objects.requireNonNull(owner, "owner");
    Objects.requireNonNull(group, "group");
    Objects.requireNonNull(update, "update");
    return served(deployments.redeploy(owner, group, update));
  }

  private OtaUpdate served(Deployed deployed) {
    invalidate(deployed.group());
    events.emit(deployed);
    dispatchWorker.wake();
    return deployed.update();
  }

  private void invalidate(GroupId group) {
    firmware.invalidate(group);
    behindWatch.invalidate(group);
  }

  @Override
  public Rollouts rollouts() {
    return rollouts;
  }

  @Override
  public VersionDiff diff(OwnerId owner, GroupId group, String version) {
    Objects.requireNonNull(owner, "owner");
    Objects.requireNonNull(group, "group");
    Objects.requireNonNull(version, "version");
    VersionChange.between(null, version);
    groups.require(owner, group);
    return diffs.diff(group, version);
  }

  @Override
  public DevicePage diffDevices(
      OwnerId owner,
      GroupId group,
      String version,
      VersionChange.Direction direction,
      @Nullable DeviceId after,
      int limit) {
    Objects.requireNonNull(owner, "owner");
    Objects.requireNonNull(group, "group");
    Objects.requireNonNull(version, "version");
    Objects.requireNonNull(direction, "direction");
    VersionChange.between(null, version);
    if (limit < 1) {
      throw new InvalidRequestException("limit", "limit must be at least 1");
    }
    groups.require(owner, group);
    return diffs.devices(group, version, direction, after, Math.min(limit, limits.maxPageSize()));
  }

  @Override
  public OtaPage latestUpdates(OwnerId owner, OtaQuery query) {
    Objects.requireNonNull(owner, "owner");
    Objects.requireNonNull(query, "query");
    OtaQuery bounded =
        new OtaQuery(
            query.search(), query.offset(), OptionalInt.of(pageSize(query.limit())), query.order());
    return repository.latest(owner, bounded);
  }

  @Override
  public UpdatePage history(OwnerId owner, GroupId group, long offset, OptionalInt limit) {
    Objects.requireNonNull(owner, "owner");
    Objects.requireNonNull(group, "group");
    Objects.requireNonNull(limit, "limit");
    if (offset < 0) {
      throw new InvalidRequestException("offset", "offset must not be negative");
    }
    if (limit.orElse(0) < 0) {
      throw new InvalidRequestException("limit", "limit must not be negative");
    }
    groups.require(owner, group);
    return repository.history(group, offset, pageSize(limit));
  }

  private int pageSize(OptionalInt limit) {
    return Math.min(limit.orElse(limits.pageSize()), limits.maxPageSize());
  }

  @Override
  public Optional<OtaUpdate> served(GroupId group) {
    Objects.requireNonNull(group, "group");
    return firmware.served(group);
  }

  @Override
  public Optional<OtaUpdate> served(DeviceId device) {
    Objects.requireNonNull(device, "device");
    return firmware.served(device);
  }

  @Override
  public Optional<FirmwareDownload> download(GroupId group, Token token) {
    Objects.requireNonNull(group, "group");
    Objects.requireNonNull(token, "token");
    return firmware.download(group, token);
  }

  @Override
  public Optional<FirmwareDownload> download(DeviceId device, Token token) {
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(token, "token");
    return firmware.download(device, token);
  }

  @Override
  public boolean report(DeviceReport report) {
    Objects.requireNonNull(report, "report");
    // Asked again: what was added before the service was closed is saved by that, anything later
    // not.
    return !closed && reports.add(report) && !closed;
  }

  @Override
  public ReportCounts reportCounts() {
    return reports.counts();
  }

  @Override
  public Optional<DeviceState> deviceState(OwnerId owner, DeviceId device) {
    Objects.requireNonNull(owner, "owner");
    Objects.requireNonNull(device, "device");
    boolean owned =
        Optional.ofNullable(spis.groups().devices(List.of(device)).get(device))
            .flatMap(Device::group)
            .flatMap(spis.groups()::group)
            .filter(group -> group.owner().equals(owner))
            .isPresent();
    return owned
        ? Optional.ofNullable(repository.states(List.of(device)).get(device))
        : Optional.empty();
  }

  @Override
  public void forget(Collection<DeviceId> devices) {
    Objects.requireNonNull(devices, "devices");
    List<DeviceId> all = new ArrayList<>(devices);
    for (int from = 0; from < all.size(); from += BATCH) {
      repository.forgetDevices(all.subList(from, Math.min(all.size(), from + BATCH)));
    }
    knownDevices.forget(all);
  }

  @Override
  public long droppedEvents() {
    return events.dropped();
  }

  @Override
  public synchronized void start() {
    if (closed) {
      throw new IllegalStateException("The service is closed; build a new one");
    }
    if (!started) {
      // Each does nothing if it runs already: there may have been no thread for the next one.
      events.start();
      dispatchWorker.start();
      reportWorker.start();
      sweepWorker.start();
      rolloutWorker.start();
      started = true;
    }
  }

  @Override
  public void runOnce() {
    try {
      saving.run();
      driving.run();
      triggering.run();
      sweeping.run();
    } finally {
      events.drain();
    }
  }

  private boolean isClosed() {
    return closed;
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    dispatchWorker.stop();
    reportWorker.stop();
    sweepWorker.stop();
    rolloutWorker.stop();
    try {
      saving.run();
    } catch (RuntimeException e) {
      LOG.warn("The last reports of devices could not be saved; they will repeat themselves", e);
    } finally {
      events.close();
    }
  }
}
