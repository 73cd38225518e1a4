package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates.VersionCount;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.GroupMembers;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutLog.Hold;
import io.groupota.spi.TriggerQueue;
import io.groupota.spi.UpdateTrigger;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Works out from the difference between what a group serves and what its devices report whom to
 * tell, and tells them.
 */
final class TriggerMessages {
  private static final int PAGE = 500;

  private final OtaRepository repository;
  private final GroupDirectory directory;
  private final RolloutAssignments assignments;

  TriggerMessages(Spis spis, RolloutAssignments assignments) {
    this.repository = spis.repository();
    this.directory = spis.groups();
    this.assignments = assignments;
  }

  /**
   * What the triggers of a group depend on.
   *
   * @param members how many devices it has
   * @param counts how many of them report what
   * @param hold the rollout that has a say in it; asked for only if devices are told one by one
   */
  record GroupFacts(GroupMembers members, List<VersionCount> counts, Optional<Hold> hold) {}

  /** Sends what is to be sent for a claim. */
  void send(TriggerQueue.Claim claim, GroupFacts facts, TriggerRound round) {
    GroupId group = claim.group();
    for (Map.Entry<String, Long> user : facts.members().groupAddressed().entrySet()) {
      if (needsTrigger(claim, user.getKey(), user.getValue(), facts.counts())) {
        round.send(new UpdateTrigger(user.getKey(), group, Optional.empty(), claim.version()));
      }
    }
    if (facts.members().deviceAddressed() > 0) {
      if (claim.reason() == TriggerQueue.Reason.DEPLOYED) {
        sendToDevicesNotOn(claim, facts.hold(), round);
      } else {
        sendToDevicesBehind(claim, facts, round);
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

  private void sendToDevicesNotOn(
      TriggerQueue.Claim claim, Optional<Hold> hold, TriggerRound round) {
    DeviceId after = null;
    List<Device> page;
    do {
      page = directory.devices(claim.group(), Addressing.DEVICE, after, PAGE);
      Map<DeviceId, DeviceState> states =
          page.isEmpty() ? Map.of() : repository.states(page.stream().map(Device::id).toList());
      Map<DeviceId, String> wanted =
          assignments.versions(hold, claim.version(), page, reported(states.values()));
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

  private void sendToDevicesBehind(TriggerQueue.Claim claim, GroupFacts facts, TriggerRound round) {
    Optional<String> target = facts.hold().flatMap(assignments::target);
    List<String> versions =
        facts.counts().stream()
            .filter(count -> count.addressing() == Addressing.DEVICE)
            .flatMap(count -> count.version().stream())
            .filter(version -> !version.equals(claim.version()))
            .filter(version -> !target.equals(Optional.of(version)))
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
              facts.hold(), claim.version(), List.copyOf(devices.values()), reported(page));
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
}
