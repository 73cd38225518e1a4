package io.groupota.internal;

import io.groupota.BlobKey;
import io.groupota.Retention;
import io.groupota.StorageException;
import io.groupota.event.UpdatesRemoved;
import io.groupota.spi.BlobStore;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.UpdateLog.Pruned;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes the updates that need not be kept, then deletes the files of these and those of deploys
 * that failed or died.
 */
final class Sweeper {
  private static final Logger LOG = LoggerFactory.getLogger(Sweeper.class);
  private static final int BATCH = 100;
  private static final int MOST_FAILURES = 3;

  private final OtaRepository repository;
  private final BlobStore blobs;
  private final Retention retention;
  private final Duration grace;
  private final Events events;

  Sweeper(Spis spis, Settings.Limits limits, Events events) {
    this.repository = spis.repository();
    this.blobs = spis.blobs();
    this.retention = limits.retention();
    this.grace = limits.deployGrace();
    this.events = events;
  }

  /** Ends early, between two steps, when it is told to stop. */
  void sweep(BooleanSupplier stopping) {
    both(() -> both(() -> prune(stopping), () -> deleteFiles(stopping)), blobs::sweep);
  }

  /** Does the second whatever comes of the first; no failure hides the other. */
  private static void both(Runnable first, Runnable second) {
    try {
      first.run();
    } catch (RuntimeException | Error e) {
      try {
        second.run();
      } catch (RuntimeException | Error later) {
        if (later != e) {
          e.addSuppressed(later);
        }
      }
      throw e;
    }
    second.run();
  }

  private void prune(BooleanSupplier stopping) {
    if (retention.equals(Retention.EVERYTHING)) {
      return;
    }
    Optional<Pruned> pruned;
    do {
      pruned = repository.prune(retention);
      pruned.filter(group -> !group.removed().isEmpty()).ifPresent(this::tell);
    } while (pruned.isPresent() && !stopping.getAsBoolean());
  }

  private void tell(Pruned pruned) {
    LOG.info(
        "Removed {} old updates of group {}: {}",
        pruned.removed().size(),
        pruned.group(),
        pruned.removed());
    events.emit(new UpdatesRemoved(events.now(), pruned.group(), pruned.removed()));
  }

  private void deleteFiles(BooleanSupplier stopping) {
    List<BlobKey> abandoned;
    do {
      abandoned = repository.claimAbandoned(grace, BATCH);
      deleteFiles(abandoned);
    } while (abandoned.size() == BATCH && !stopping.getAsBoolean());
  }

  /**
   * One that cannot be deleted holds up no other, but a store that is away is not asked for all.
   * Tried in a random order: those that cannot be deleted are the oldest and would come first each
   * time, and a few of them would end each sweep before any other.
   */
  private void deleteFiles(List<BlobKey> abandoned) {
    List<BlobKey> shuffled = new ArrayList<>(abandoned);
    Collections.shuffle(shuffled);
    List<BlobKey> gone = new ArrayList<>();
    List<StorageException> failures = new ArrayList<>();
    List<BlobKey> deleted = new ArrayList<>();
    for (BlobKey key : shuffled) {
      try {
        if (blobs.delete(key)) {
          deleted.add(key);
        }
        gone.add(key);
      } catch (StorageException e) {
        failures.add(e);
        if (failures.size() == MOST_FAILURES) {
          break;
        }
      }
    }
    if (!deleted.isEmpty()) {
      LOG.info("Deleted {} firmware files that no update has: {}", deleted.size(), deleted);
    }
    both(() -> throwFirst(failures), () -> repository.forget(gone));
  }

  private static void throwFirst(List<StorageException> failures) {
    if (failures.isEmpty()) {
      return;
    }
    StorageException first = failures.get(0);
    failures.stream().filter(other -> other != first).forEach(first::addSuppressed);
    throw first;
  }
}
