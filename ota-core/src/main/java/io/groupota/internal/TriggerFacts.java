package io.groupota.internal;

import io.groupota.GroupId;
import io.groupota.spi.DeviceStates;
import io.groupota.spi.DeviceStates.VersionCount;
import io.groupota.spi.GroupMembers;
import io.groupota.spi.RolloutLog.Hold;
import io.groupota.spi.TriggerQueue;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Looks up what the triggers of groups depend on, for many groups at once. Thread-safe. */
final class TriggerFacts {
  private static final GroupMembers NOBODY = new GroupMembers(Map.of(), 0);

  private final DirectoryLookups directory;
  private final DeviceStates states;
  private final RolloutAssignments assignments;

  TriggerFacts(Spis spis, RolloutAssignments assignments) {
    this.directory = new DirectoryLookups(spis.groups());
    this.states = spis.repository();
    this.assignments = assignments;
  }

  /**
   * What was looked up.
   *
   * @param groups what each group's triggers depend on
   */
  record Facts(Map<GroupId, TriggerMessages.GroupFacts> groups) {
    private static final TriggerMessages.GroupFacts NOTHING =
        new TriggerMessages.GroupFacts(NOBODY, List.of(), Optional.empty());

    /** Whether devices of the group are told one by one. */
    boolean isByDevice(TriggerQueue.Claim claim) {
      return of(claim).members().deviceAddressed() > 0;
    }

    TriggerMessages.GroupFacts of(TriggerQueue.Claim claim) {
      return groups.getOrDefault(claim.group(), NOTHING);
    }
  }

  /** Something failed that the groups need; it may be the lookup of one of them. */
  static final class LookUpFailed extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient RuntimeException cause;

    private LookUpFailed(RuntimeException cause) {
      super(cause);
      this.cause = cause;
    }

    String reason() {
      return cause.toString();
    }
  }

  Facts lookUp(List<TriggerQueue.Claim> claims) throws LookUpFailed {
    List<GroupId> groups = claims.stream().map(TriggerQueue.Claim::group).toList();
    try {
      Map<GroupId, GroupMembers> members = directory.members(groups);
      List<GroupId> byDevice =
          groups.stream()
              .filter(group -> members.getOrDefault(group, NOBODY).deviceAddressed() > 0)
              .toList();
      Map<GroupId, List<VersionCount>> counts = states.versionCounts(groups);
      Map<GroupId, Hold> holds = byDevice.isEmpty() ? Map.of() : assignments.presentHolds(byDevice);
      Map<GroupId, TriggerMessages.GroupFacts> facts = new HashMap<>();
      for (GroupId group : groups) {
        facts.put(
            group,
            new TriggerMessages.GroupFacts(
                members.getOrDefault(group, NOBODY),
                counts.getOrDefault(group, List.of()),
                Optional.ofNullable(holds.get(group))));
      }
      return new Facts(facts);
    } catch (RuntimeException e) {
      throw new LookUpFailed(e);
    }
  }
}
