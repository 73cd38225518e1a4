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
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deploys: cheap checks, then the file in one pass into the blob store, then one transaction. */
final class Deployments {
  private static final Logger LOG = LoggerFactory.getLogger(Deployments.class);

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
    Optional<OtaUpdate> served = repository.served(group.id());
    checkGuards(request, served);
    Deployed deployed =
        uploads.upload(
            request.firmware(),
            (key, firmware) -> {
              UpdateId id = new UpdateId(key.value());
              return record(group, update(request, group.id(), id, key, firmware), served, request);
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
    Deployed deployed =
        record(group, update, repository.served(groupId), served -> {})
            .orElseThrow(() -> new NoSuchUpdateException(earlier));
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

  private Deployed record(
      Group group, OtaUpdate update, Optional<OtaUpdate> seen, DeployRequest request) {
    return record(group, update, seen, served -> checkGuards(request, served))
        .orElseThrow(Deployments::swept);
  }

  /**
   * The last one to commit wins, but the group must still serve what the guards were checked
   * against, and what the event says that was replaced.
   *
   * @param seen what the group served when the guards were checked
   * @return empty if the blob is gone
   */
  private Optional<Deployed> record(
      Group group,
      OtaUpdate update,
      Optional<OtaUpdate> seen,
      Consumer<Optional<OtaUpdate>> guards) {
    Optional<OtaUpdate> served = seen;
    UpdateLog.Outcome outcome = commit(group, update, served.map(OtaUpdate::id));
    while (outcome == UpdateLog.Outcome.SERVED_CHANGED) {
      served = repository.served(group.id());
      guards.accept(served);
      outcome = commit(group, update, served.map(OtaUpdate::id));
    }
    return outcome == UpdateLog.Outcome.BLOB_GONE
        ? Optional.empty()
        : Optional.of(new Deployed(update, served, Optional.of(update.owner())));
  }

  private UpdateLog.Outcome commit(Group group, OtaUpdate update, Optional<UpdateId> replaces) {
    UpdateLog.Entry entry =
        new UpdateLog.Entry(update, ids.next(), path(group), Optional.of(replaces));
    try {
      return repository.record(entry);
    } catch (StorageException e) {
      if (isRecorded(update, e)) {
        return UpdateLog.Outcome.RECORDED;
      }
      throw e;
    }
  }

  /** The logical name of what a group serves; holds the group's token. */
  static String path(Group group) {
    return "ota/group/" + group.id() + group.token().value() + "/firmware.bin";
  }

  /**
   * The blob of a redeploy is recorded already, so there is nothing that would wait for the end of
   * a commit that is still under way.
   */
  private boolean isRecorded(OtaUpdate update, StorageException failure) {
    BooleanSupplier recorded = () -> repository.update(update.id()).isPresent();
    if (update.redeployOf().isEmpty()) {
      return uploads.isCommitted(update.blob(), failure, recorded);
    }
    try {
      return recorded.getAsBoolean();
    } catch (StorageException e) {
      failure.addSuppressed(e);
      return false;
    }
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
