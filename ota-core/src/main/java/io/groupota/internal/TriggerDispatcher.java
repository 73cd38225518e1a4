package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.event.Triggered;
import io.groupota.event.Work;
import io.groupota.event.WorkRetried;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates.VersionCount;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.GroupMembers;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.TriggerQueue;
import io.groupota.spi.UpdateNotifier;
import io.groupota.spi.UpdateTrigger;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the triggers that are due: claims a group, works out from the difference between what it
 * serves and what its devices report whom to tell, and ends the claim when every message was handed
 * over. A crash in between leaves a claim whose lease expires.
 */
final class TriggerDispatcher {
  private static final Logger LOG = LoggerFactory.getLogger(TriggerDispatcher.class);
  private static final int CLAIMS = 20;
  private static final int PAGE = 500;
  private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(10);

  private final OtaRepository repository;
  private final GroupDirectory directory;
  private final UpdateNotifier notifier;
  private final RolloutAssignments assignments;
  private final Settings.Triggers settings;
  private final Events events;

  TriggerDispatcher(
      Spis spis, RolloutAssignments assignments, Settings.Triggers settings, Events events) {
    this.assignments = assignments;
    this.repository = spis.repository();
    this.directory = spis.groups();
    this.notifier = spis.notifier();
    this.settings = settings;
    this.events = events;
  }

  /** Sends all that is due, or what it can until it is told to stop. */
  void dispatch(BooleanSupplier stopping) {
    List<TriggerQueue.Claim> claims;
    do {
      claims = repository.claimDue(settings.lease(), CLAIMS);
      HeldClaims held = new HeldClaims(repository, settings.lease(), claims);
      for (TriggerQueue.Claim claim : claims) {
        if (stopping.getAsBoolean()) {
          repository.retry(claim, Duration.ZERO);
        } else if (held.holds(claim)) {
          dispatch(claim, held, stopping);
        }
        held.end(claim);
      }
    } while (claims.size() == CLAIMS && !stopping.getAsBoolean());
  }

  private void dispatch(TriggerQueue.Claim claim, HeldClaims held, BooleanSupplier stopping) {
    TriggerRound round =
        new TriggerRound(
            notifier, settings.inFlight(), settings.timeout(), () -> held.holds(claim), stopping);
    @Nullable Throwable failure;
    try {
      send(claim, round);
      failure = round.await();
    } catch (RuntimeException e) {
      failure = e;
    }
    if (failure == null) {
      complete(claim, round.sent());
    } else if (held.holds(claim)) {
      retry(claim, failure.toString());
    } else {
      tellTakenOver(claim, round.sent());
    }
  }

  private void complete(TriggerQueue.Claim claim, long messages) {
    if (!repository.complete(claim)) {
      tellTakenOver(claim, messages);
      return;
    }
    LOG.info(
        "Triggered group {} for {} (update {}): {} messages",
        claim.group(),
        claim.version(),
        claim.update(),
        messages);
    events.emit(
        new Triggered(
            events.now(),
            claim.group(),
            claim.update(),
            claim.version(),
            claim.reason(),
            messages));
  }

  private void retry(TriggerQueue.Claim claim, String cause) {
    int attempt = claim.attempts() + 1;
    Duration delay = backoff(claim.attempts());
    LOG.warn(
        "Triggering group {} for {} (update {}) failed, attempt {}; next one in {} ms: {}",
        claim.group(),
        claim.version(),
        claim.update(),
        attempt,
        delay.toMillis(),
        cause);
    if (repository.retry(claim, delay)) {
      events.emit(
          new WorkRetried(
              events.now(),
              Work.TRIGGERS,
              claim.group(),
              claim.update(),
              claim.version(),
              attempt,
              delay,
              cause));
    }
  }

  private static void tellTakenOver(TriggerQueue.Claim claim, long messages) {
    LOG.warn(
        "Another node took over triggering group {} for {} (update {}); {} messages were sent here",
        claim.group(),
        claim.version(),
        claim.update(),
        messages);
  }

  private void send(TriggerQueue.Claim claim, TriggerRound round) {
    GroupId group = claim.group();
    GroupMembers members = directory.members(group);
    List<VersionCount> counts = repository.versionCounts(group);
    for (Map.Entry<String, Long> user : members.groupAddressed().entrySet()) {
      if (needsTrigger(claim, user.getKey(), user.getValue(), counts)) {
        round.send(new UpdateTrigger(user.getKey(), group, Optional.empty(), claim.version()));
      }
    }
    if (members.deviceAddressed() > 0) {
      if (claim.reason() == TriggerQueue.Reason.DEPLOYED) {
        sendToDevicesNotOn(claim, round);
      } else {
        sendToDevicesBehind(claim, counts, round);
      }
    }
  }

  /**
   * One message reaches all group-addressed devices of a user, so one device that needs it is
   * enough.
   */
  private static boolean needsTrigger(
      TriggerQueue.Claim claim, String user, long devices, List<VersionCount> counts) {
    long current = 0;
    long behind = 0;
    for (VersionCount count : counts) {
      if (count.addressing() == Addressing.GROUP && count.mqttUser().equals(user)) {
        if (count.version().isEmpty()) {
          continue;
        }
        if (count.version().get().equals(claim.version())) {
          current += count.devices();
        } else {
          behind += count.devices();
        }
      }
    }
    return behind > 0 || (claim.reason() == TriggerQueue.Reason.DEPLOYED && current < devices);
  }

  private void sendToDevicesNotOn(TriggerQueue.Claim claim, TriggerRound round) {
    DeviceId after = null;
    List<Device> page;
    do {
      page = directory.devices(claim.group(), Addressing.DEVICE, after, PAGE);
      Map<DeviceId, DeviceState> states =
          page.isEmpty() ? Map.of() : repository.states(page.stream().map(Device::id).toList());
      Map<DeviceId, String> wanted =
          assignments.versions(claim.group(), claim.version(), page, reported(states.values()));
      for (Device device : page) {
        Optional<String> reported =
            Optional.ofNullable(states.get(device.id())).flatMap(DeviceState::reportedVersion);
        String version = wanted.get(device.id());
        if (version != null && !reported.equals(Optional.of(version))) {
          round.send(trigger(claim, device, version));
        }
        after = device.id();
      }
    } while (page.size() == PAGE && round.isHealthy());
  }

  private void sendToDevicesBehind(
      TriggerQueue.Claim claim, List<VersionCount> counts, TriggerRound round) {
    List<String> versions =
        counts.stream()
            .filter(count -> count.addressing() == Addressing.DEVICE)
            .flatMap(count -> count.version().stream())
            .filter(version -> !version.equals(claim.version()))
            .filter(version -> !assignments.isTarget(claim.group(), version))
            .distinct()
            .toList();
    if (versions.isEmpty()) {
      return;
    }
    DeviceId after = null;
    List<DeviceState> page;
    do {
      page = repository.reporting(claim.group(), versions, Addressing.DEVICE, after, PAGE);
      List<DeviceId> ids = page.stream().map(DeviceState::device).toList();
      Map<DeviceId, Device> devices = ids.isEmpty() ? Map.of() : membersOf(claim.group(), ids);
      Map<DeviceId, String> wanted =
          assignments.versions(
              claim.group(), claim.version(), List.copyOf(devices.values()), reported(page));
      for (DeviceState state : page) {
        Device device = devices.get(state.device());
        String version = wanted.get(state.device());
        if (device != null
            && version != null
            && !state.reportedVersion().equals(Optional.of(version))) {
          round.send(trigger(claim, device, version));
        }
        after = state.device();
      }
    } while (page.size() == PAGE && round.isHealthy());
  }

  private static Map<DeviceId, String> reported(Collection<DeviceState> states) {
    Map<DeviceId, String> reported = new HashMap<>();
    states.forEach(
        state ->
            state.reportedVersion().ifPresent(version -> reported.put(state.device(), version)));
    return reported;
  }

  private Map<DeviceId, Device> membersOf(GroupId group, List<DeviceId> ids) {
    Map<DeviceId, Device> members = new HashMap<>(directory.devices(ids));
    members
        .values()
        .removeIf(
            device ->
                device.addressing() != Addressing.DEVICE
                    || !device.group().equals(Optional.of(group)));
    return members;
  }

  private static UpdateTrigger trigger(TriggerQueue.Claim claim, Device device, String version) {
    return new UpdateTrigger(device.mqttUser(), claim.group(), Optional.of(device.id()), version);
  }

  /**
   * Exponential from one second, with up to half of it as jitter, so that nodes do not stay in
   * step.
   */
  private static Duration backoff(int attempts) {
    long millis = Math.min(LONGEST_BACKOFF.toMillis(), 1_000L << Math.min(attempts, 10));
    return Duration.ofMillis(millis / 2 + ThreadLocalRandom.current().nextLong(millis / 2 + 1));
  }
}
