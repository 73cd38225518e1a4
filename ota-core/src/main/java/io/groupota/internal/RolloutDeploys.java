package io.groupota.internal;

import io.groupota.BlobKey;
import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.InvalidRequestException;
import io.groupota.NoSuchGroupException;
import io.groupota.OtaUpdate;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.UpdateId;
import io.groupota.firmware.Firmware;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.Selector;
import io.groupota.rollout.Stage;
import io.groupota.rollout.StopRule;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutLog;
import io.groupota.spi.UpdateLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Deploys by a plan: checks that it fits the groups, stores the file once, opens the rollout. */
final class RolloutDeploys {
  private static final int MOST_GROUPS = 1_000;

  private final OtaRepository repository;
  private final GroupDirectory directory;
  private final OwnedGroups groups;
  private final Deployments deployments;
  private final FirmwareUploads uploads;
  private final ObjectIds ids;

  /** Forgets what is remembered of groups. */
  private final Invalidation invalidation;

  /** Told of groups of which something was changed. */
  @FunctionalInterface
  interface Invalidation {
    void of(GroupId group);
  }

  /** What it works with. */
  record Parts(
      OwnedGroups groups,
      Deployments deployments,
      FirmwareUploads uploads,
      ObjectIds ids,
      Invalidation invalidation) {}

  RolloutDeploys(Spis spis, Parts parts) {
    this.repository = spis.repository();
    this.directory = spis.groups();
    this.groups = parts.groups();
    this.deployments = parts.deployments();
    this.uploads = parts.uploads();
    this.ids = parts.ids();
    this.invalidation = parts.invalidation();
  }

  RolloutLog.Opening deploy(DeployRequest request, Map<GroupId, Token> others, RolloutPlan plan) {
    List<Group> owned = owned(request, others);
    checkFit(plan, owned);
    owned.forEach(group -> Deployments.checkGuards(request, repository.served(group.id())));
    RolloutLog.Opening opened =
        uploads.upload(
            request.firmware(),
            (key, firmware) -> open(key, opening(request, plan, owned, firmware, key)));
    owned.forEach(group -> invalidation.of(group.id()));
    return opened;
  }

  /** Forgets what is remembered of the groups of a rollout. */
  void changed(Rollout rollout) {
    rollout.groups().stream().map(RolloutGroup::group).forEach(invalidation::of);
  }

  private List<Group> owned(DeployRequest request, Map<GroupId, Token> others) {
    if (others.size() > MOST_GROUPS) {
      throw wrong("groups must have at most " + MOST_GROUPS + " entries");
    }
    others.values().forEach(token -> Objects.requireNonNull(token, "others"));
    Map<GroupId, Token> all = new TreeMap<>(others);
    all.put(request.group(), request.token());
    List<Group> owned = new ArrayList<>();
    all.forEach(
        (id, token) -> {
          Group group = groups.requireForDeploy(request.owner(), id);
          if (!group.token().equals(token)) {
            throw new NoSuchGroupException();
          }
          owned.add(group);
        });
    return owned;
  }

  private void checkFit(RolloutPlan plan, List<Group> owned) {
    if (plan.schedule().deadline().filter(end -> !end.isAfter(deployments.now())).isPresent()) {
      throw wrong("the deadline is past");
    }
    Set<GroupId> present = owned.stream().map(Group::id).collect(Collectors.toSet());
    for (Group group : owned) {
      if (plan.completeIn(group.id()).isEmpty()) {
        throw wrong(
            "the stages leave out devices of group "
                + group.id()
                + "; end them with a stage of 100 percent");
      }
    }
    for (Stage stage : plan.stages()) {
      if (stage.selector() instanceof Selector.WholeGroups whole
          && !present.containsAll(whole.groups())) {
        throw wrong("a stage names a group that is not deployed to");
      }
      if (stage.selector() instanceof Selector.Named named) {
        checkNamed(named, present);
      }
    }
    checkPlaces(plan, owned);
    checkRollback(plan, owned);
  }

  private void checkNamed(Selector.Named named, Set<GroupId> present) {
    Map<DeviceId, Device> known = new DirectoryLookups(directory).devices(named.devices());
    for (DeviceId id : named.devices()) {
      boolean fits =
          Optional.ofNullable(known.get(id))
              .filter(device -> device.addressing() == Addressing.DEVICE)
              .flatMap(Device::group)
              .filter(present::contains)
              .isPresent();
      if (!fits) {
        throw wrong(
            "a stage names device "
                + id
                + ", which is not addressed by itself in one of the groups");
      }
    }
  }

  /** A percentage of devices that cannot be told apart would be nobody, then everybody. */
  private void checkPlaces(RolloutPlan plan, List<Group> owned) {
    boolean byPlace =
        plan.stages().stream().map(Stage::selector).anyMatch(RolloutEnrolment::isByPlace);
    if (byPlace
        && owned.stream().allMatch(group -> directory.members(group.id()).deviceAddressed() == 0)) {
      throw wrong(
          "the groups have no device that is addressed by itself, so that percentages and numbers"
              + " would take nobody; use stages of whole groups");
    }
  }

  private void checkRollback(RolloutPlan plan, List<Group> owned) {
    for (StopRule rule : plan.stopRules()) {
      if (rule.action() != StopRule.Action.ROLL_BACK) {
        continue;
      }
      for (Group group : owned) {
        if (rule.rollBackTo().isEmpty() && repository.served(group.id()).isEmpty()) {
          throw wrong(
              "group "
                  + group.id()
                  + " serves nothing that could be rolled back to; name an update or pause");
        }
      }
      rule.rollBackTo().ifPresent(update -> checkOwned(update, owned));
    }
  }

  private void checkOwned(UpdateId update, List<Group> owned) {
    Optional<GroupId> group = repository.update(update).map(OtaUpdate::group);
    if (owned.stream().noneMatch(one -> group.filter(one.id()::equals).isPresent())) {
      throw wrong("roll_back_to names update " + update + ", which none of the groups has");
    }
  }

  private static InvalidRequestException wrong(String problem) {
    return new InvalidRequestException("plan", "plan: " + problem);
  }

  private RolloutLog.Opening opening(
      DeployRequest request, RolloutPlan plan, List<Group> owned, Firmware firmware, BlobKey key) {
    RolloutId id = new RolloutId(key.value());
    List<RolloutLog.Target> targets = new ArrayList<>();
    for (Group group : owned) {
      OtaUpdate update =
          deployments.update(request, group.id(), new UpdateId(ids.next()), key, firmware);
      targets.add(
          new RolloutLog.Target(
              update,
              ids.next(),
              Deployments.path(group),
              plan.completeIn(group.id()).orElseThrow()));
    }
    return new RolloutLog.Opening(
        id, request.owner(), request.version(), plan, targets, deployments.now());
  }

  private RolloutLog.Opening open(BlobKey blob, RolloutLog.Opening opening) {
    UpdateLog.Outcome outcome;
    try {
      outcome = repository.open(opening);
    } catch (StorageException e) {
      if (!uploads.afterFailure(blob, e, () -> repository.rollout(opening.id()).isPresent())) {
        throw e;
      }
      outcome = UpdateLog.Outcome.RECORDED;
    }
    if (outcome == UpdateLog.Outcome.BLOB_GONE) {
      throw Deployments.swept();
    }
    return opening;
  }
}
