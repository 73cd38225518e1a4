package io.groupota.internal;

import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.UpdateId;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Group;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.TrackedRollout;
import io.groupota.spi.UpdateLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Works out what the groups of a rollout are to serve when it is rolled back. */
final class Rollback {
  private final OtaRepository repository;
  private final GroupDirectory directory;
  private final Deployments deployments;
  private final ObjectIds ids;

  Rollback(Spis spis, Deployments deployments, ObjectIds ids) {
    this.repository = spis.repository();
    this.directory = spis.groups();
    this.deployments = deployments;
    this.ids = ids;
  }

  /**
   * The entries to record; empty if a group has nothing to go back to, so that the rollout cannot
   * be rolled back.
   *
   * @param to what all groups are to serve, empty for what each served before
   */
  Optional<List<UpdateLog.Entry>> entries(Rollout rollout, Optional<UpdateId> to) {
    List<UpdateLog.Entry> entries = new ArrayList<>();
    for (RolloutGroup part : rollout.groups()) {
      if (part.status() == RolloutGroup.Status.RELEASED) {
        continue;
      }
      boolean servesBase = part.status() == RolloutGroup.Status.WAITING && to.isEmpty();
      if (servesBase) {
        continue;
      }
      Optional<OtaUpdate> source = to.or(part::base).flatMap(repository::update);
      Optional<Group> group = directory.group(part.group());
      if (source.isEmpty()) {
        return Optional.empty();
      }
      // A group that is gone from the directory has nobody to serve.
      group.ifPresent(present -> entries.add(entry(present, source.get())));
    }
    return Optional.of(entries);
  }

  private UpdateLog.Entry entry(Group group, OtaUpdate source) {
    return new UpdateLog.Entry(
        deployments.repeat(source, group), ids.next(), Deployments.path(group), Optional.empty());
  }

  /** Whether an update is in the history of a group of the rollout. */
  boolean isOf(Rollout rollout, UpdateId update) {
    Optional<GroupId> group = repository.update(update).map(OtaUpdate::group);
    return rollout.groups().stream()
        .map(RolloutGroup::group)
        .anyMatch(part -> group.filter(part::equals).isPresent());
  }

  /** Rolls back, unless somebody was first, as is another deploy to one of the groups. */
  boolean take(TrackedRollout seen, List<UpdateLog.Entry> entries) {
    return repository
        .advance(seen, rolledBack(seen), new RolloutStep.RollBack(entries))
        .isPresent();
  }

  /** Where a rollout is once it is rolled back. */
  static RolloutProgress rolledBack(TrackedRollout seen) {
    return seen.progress()
        .but()
        .state(RolloutState.ROLLED_BACK, seen.progress().reason())
        .endedAt(seen.now())
        .due(Optional.of(seen.now()))
        .build();
  }
}
