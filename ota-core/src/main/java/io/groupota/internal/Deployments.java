package io.groupota.internal;

import io.groupota.BlobKey;
import io.groupota.DeployRequest;
import io.groupota.GroupId;
import io.groupota.NoSuchGroupException;
import io.groupota.NoSuchUpdateException;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.StorageException;
import io.groupota.UpdateId;
import io.groupota.VersionChange;
import io.groupota.VersionRefusedException;
import io.groupota.event.Deployed;
import io.groupota.firmware.Firmware;
import io.groupota.spi.Group;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.UpdateLog;
import io.groupota.spi.UpdateLog.Outcome;
import io.groupota.spi.UpdateLog.Recording;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deploys: cheap checks, then the file in one pass into the blob store, then one transaction. */
final class Deployments {
  private static final Logger LOG = LoggerFactory.getLogger(Deployments.class);

  /** Among so many an update is that was recorded a moment ago, and the one before it. */
  private static final int LAST = 20;

  private final OtaRepository repository;
  private final OwnedGroups groups;
  private final FirmwareUploads uploads;
  private final ObjectIds ids;
  private final Clock clock;

  Deployments(Spis spis, OwnedGroups groups, FirmwareUploads uploads, ObjectIds ids, Clock clock) {
    this.repository = spis.repository();
    this.groups = groups;
    this.uploads = uploads;
    this.ids = ids;
    this.clock = clock;
  }

  Deployed deploy(DeployRequest request) {
    Group group = groups.requireForDeploy(request.owner(), request.group());
    if (!group.token().equals(request.token())) {
      throw new NoSuchGroupException();
    }
    Optional<Optional<OtaUpdate>> seen = checkGuards(request, group.id());
    Deployed deployed =
        uploads.upload(
            request.firmware(),
            (key, firmware) -> {
              UpdateId id = new UpdateId(key.value());
              return record(group, update(request, group.id(), id, key, firmware), seen, request);
            });
    LOG.info(
        "Group {} serves {} now (update {}, {} bytes)",
        group.id(),
        request.version(),
        deployed.update().id(),
        deployed.update().firmware().size());
    return deployed;
  }

  Deployed redeploy(OwnerId owner, GroupId groupId, UpdateId earlier) {
    Group group = groups.requireForDeploy(owner, groupId);
    OtaUpdate source =
        repository
            .update(earlier)
            .filter(update -> update.group().equals(groupId))
            .orElseThrow(() -> new NoSuchUpdateException(earlier));
    OtaUpdate update = repeat(source, group);
    Recording recording = commit(group, update, Optional.empty());
    if (recording.outcome() == Outcome.BLOB_GONE) {
      throw new NoSuchUpdateException(earlier);
    }
    Deployed deployed = deployed(update, recording);
    LOG.info(
        "Group {} serves {} again (update {}, of {})",
        groupId,
        update.version(),
        update.id(),
        earlier);
    return deployed;
  }

  /** An update that brings a group what another one brought, to it or to another group. */
  OtaUpdate repeat(OtaUpdate source, Group group) {
    return new OtaUpdate(
        new UpdateId(ids.next()),
        group.id(),
        group.owner(),
        source.version(),
        source.firmware(),
        source.blob(),
        Optional.of(source.id()),
        source.mustPassThrough(),
        now());
  }

  /** The update of an upload to a group of the owner. */
  OtaUpdate update(
      DeployRequest request, GroupId group, UpdateId id, BlobKey key, Firmware firmware) {
    return new OtaUpdate(
        id,
        group,
        request.owner(),
        request.version(),
        firmware,
        key,
        Optional.empty(),
        request.mustPassThrough(),
        now());
  }

  /**
   * The last one to commit wins, but the group must still serve what the guards were checked
   * against.
   *
   * @param seen what the group served when the guards were checked, empty if there are none
   */
  private Deployed record(
      Group group, OtaUpdate update, Optional<Optional<OtaUpdate>> seen, DeployRequest request) {
    Recording recording = commit(group, update, seen);
    while (recording.outcome() == Outcome.SERVED_CHANGED) {
      recording = commit(group, update, checkGuards(request, group.id()));
    }
    if (recording.outcome() == Outcome.BLOB_GONE) {
      throw swept();
    }
    return deployed(update, recording);
  }

  private static Deployed deployed(OtaUpdate update, Recording recording) {
    return new Deployed(update, recording.previous(), Optional.of(update.owner()));
  }

  private Recording commit(Group group, OtaUpdate update, Optional<Optional<OtaUpdate>> replaces) {
    Optional<Optional<UpdateId>> condition =
        replaces.isPresent() ? Optional.of(replaces.get().map(OtaUpdate::id)) : Optional.empty();
    UpdateLog.Entry entry = new UpdateLog.Entry(update, ids.next(), path(group), condition);
    try {
      return repository.record(entry);
    } catch (StorageException e) {
      return recorded(update, e).orElseThrow(() -> e);
    }
  }

  /** The logical name of what a group serves; holds the group's token. */
  static String path(Group group) {
    return "ota/group/" + group.id() + group.token().value() + "/firmware.bin";
  }

  /**
   * What the answer was that was lost, empty if the update is not recorded. The blob of a redeploy
   * is recorded already, so there is nothing that would wait for the end of a commit that is still
   * under way.
   */
  private Optional<Recording> recorded(OtaUpdate update, StorageException failure) {
    if (update.redeployOf().isEmpty()) {
      return uploads.afterFailure(update.blob(), failure, () -> recorded(update));
    }
    try {
      return recorded(update);
    } catch (StorageException e) {
      failure.addSuppressed(e);
      return Optional.empty();
    }
  }

  private Optional<Recording> recorded(OtaUpdate update) {
    if (repository.update(update.id()).isEmpty()) {
      return Optional.empty();
    }
    List<OtaUpdate> last = repository.history(update.group(), 0, LAST).updates();
    Optional<OtaUpdate> previous =
        last.contains(update)
            ? last.stream().skip(last.indexOf(update) + 1L).findFirst()
            : Optional.empty();
    return Optional.of(new Recording(Outcome.RECORDED, previous));
  }

  /** Returns what the group served then, empty if there are no guards that would ask. */
  private Optional<Optional<OtaUpdate>> checkGuards(DeployRequest request, GroupId group) {
    if (!request.refuseDowngrade() && !request.refuseSameVersion()) {
      return Optional.empty();
    }
    Optional<OtaUpdate> served = repository.served(group);
    checkGuards(request, served);
    return Optional.of(served);
  }

  static void checkGuards(DeployRequest request, Optional<OtaUpdate> served) {
    if (served.isEmpty()) {
      return;
    }
    String from = served.get().version();
    boolean refused =
        switch (VersionChange.between(from, request.version()).direction()) {
          case DOWNGRADE -> request.refuseDowngrade();
          case CURRENT -> request.refuseSameVersion();
          case UPGRADE, UNKNOWN -> false;
        };
    if (refused) {
      throw new VersionRefusedException(from, request.version());
    }
  }

  static StorageException swept() {
    return new StorageException(
        "The deploy took longer than its grace and was swept; upload the firmware again", null);
  }

  /** In the precision of what is recorded. */
  Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }
}
