package io.groupota.internal;

import io.groupota.BlobKey;
import io.groupota.DeployRequest;
import io.groupota.FirmwareUnreadableException;
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
import io.groupota.firmware.FirmwareSource;
import io.groupota.spi.BlobStore;
import io.groupota.spi.FirmwareInspector;
import io.groupota.spi.Group;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.UpdateLog;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deploys: cheap checks, then the file in one pass into the blob store, then one transaction. The
 * key of the blob is reserved before its first byte is written, so whatever fails or crashes in
 * between, the sweeper finds what was left.
 */
final class Deployments {
  private static final Logger LOG = LoggerFactory.getLogger(Deployments.class);

  private final OtaRepository repository;
  private final BlobStore blobs;
  private final FirmwareInspector inspector;
  private final OwnedGroups groups;
  private final ObjectIds ids;
  private final long maxFirmwareSize;
  private final Clock clock;

  Deployments(Spis spis, OwnedGroups groups, long maxFirmwareSize, Clock clock) {
    this.repository = spis.repository();
    this.blobs = spis.blobs();
    this.inspector = spis.inspector();
    this.groups = groups;
    this.ids = new ObjectIds(clock);
    this.maxFirmwareSize = maxFirmwareSize;
    this.clock = clock;
  }

  Deployed deploy(DeployRequest request) {
    Group group = groups.requireForDeploy(request.owner(), request.group());
    if (!group.token().equals(request.token())) {
      throw new NoSuchGroupException();
    }
    checkGuards(request, repository.served(group.id()));
    UpdateId id = new UpdateId(ids.next());
    BlobKey key = new BlobKey(group.id() + "/" + id);
    repository.reserve(key);
    Deployed deployed;
    try {
      Firmware firmware = store(key, request.firmware());
      OtaUpdate update =
          new OtaUpdate(
              id,
              group.id(),
              group.owner(),
              request.version(),
              firmware,
              key,
              Optional.empty(),
              request.mustPassThrough(),
              now());
      deployed =
          record(group, update, served -> checkGuards(request, served))
              .orElseThrow(Deployments::swept);
    } catch (RuntimeException | Error e) {
      abandon(key, e);
      throw e;
    }
    LOG.info(
        "Group {} serves {} now (update {}, {} bytes)",
        group.id(),
        request.version(),
        id,
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
    OtaUpdate update =
        new OtaUpdate(
            new UpdateId(ids.next()),
            groupId,
            group.owner(),
            source.version(),
            source.firmware(),
            source.blob(),
            Optional.of(earlier),
            source.mustPassThrough(),
            now());
    Deployed deployed =
        record(group, update, served -> {}).orElseThrow(() -> new NoSuchUpdateException(earlier));
    LOG.info(
        "Group {} serves {} again (update {}, of {})",
        groupId,
        update.version(),
        update.id(),
        earlier);
    return deployed;
  }

  private Firmware store(BlobKey key, FirmwareSource source) {
    try (InputStream bytes = source.open()) {
      MeasuringStream measured = new MeasuringStream(bytes, maxFirmwareSize, inspector);
      blobs.put(key, measured);
      return measured.firmware();
    } catch (IOException e) {
      throw new FirmwareUnreadableException(e);
    }
  }

  /**
   * The last one to commit wins, but the group must still serve what the guards were checked
   * against, and what the event says that was replaced.
   *
   * @return empty if the blob is gone
   */
  private Optional<Deployed> record(
      Group group, OtaUpdate update, Consumer<Optional<OtaUpdate>> guards) {
    Optional<OtaUpdate> served;
    UpdateLog.Outcome outcome;
    do {
      served = repository.served(group.id());
      guards.accept(served);
      outcome = commit(group, update, served.map(OtaUpdate::id));
    } while (outcome == UpdateLog.Outcome.SERVED_CHANGED);
    return outcome == UpdateLog.Outcome.BLOB_GONE
        ? Optional.empty()
        : Optional.of(new Deployed(update, served));
  }

  private UpdateLog.Outcome commit(Group group, OtaUpdate update, Optional<UpdateId> replaces) {
    String path = "ota/group/" + group.id() + group.token().value() + "/firmware.bin";
    UpdateLog.Entry entry = new UpdateLog.Entry(update, ids.next(), path, Optional.of(replaces));
    try {
      return repository.record(entry);
    } catch (StorageException e) {
      if (isRecorded(update.id(), e)) {
        return UpdateLog.Outcome.RECORDED;
      }
      throw e;
    }
  }

  /**
   * A connection that breaks after a commit looks like one that breaks before it; the row tells.
   */
  private boolean isRecorded(UpdateId id, StorageException failure) {
    try {
      return repository.update(id).isPresent();
    } catch (StorageException e) {
      failure.addSuppressed(e);
      return false;
    }
  }

  private static void checkGuards(DeployRequest request, Optional<OtaUpdate> served) {
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

  private static StorageException swept() {
    return new StorageException(
        "The deploy took longer than its grace and was swept; upload the firmware again", null);
  }

  /** Does nothing to a reservation that a commit of unknown outcome made final after all. */
  private void abandon(BlobKey key, Throwable failure) {
    try {
      repository.abandon(key);
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }
}
