package io.groupota.internal;

import io.groupota.BlobKey;
import io.groupota.FirmwareUnreadableException;
import io.groupota.StorageException;
import io.groupota.firmware.Firmware;
import io.groupota.firmware.FirmwareSource;
import io.groupota.spi.BlobLedger;
import io.groupota.spi.BlobStore;
import io.groupota.spi.FirmwareInspector;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * Brings files into the blob store, in one pass. The key of the blob is reserved before its first
 * byte is written, so whatever fails or crashes in between, the sweeper finds what was left.
 */
final class FirmwareUploads {
  private final BlobLedger ledger;
  private final ReservedKeys keys;
  private final BlobStore blobs;
  private final FirmwareInspector inspector;
  private final long maxFirmwareSize;

  FirmwareUploads(Spis spis, ObjectIds ids, Clock clock, Settings.Limits limits) {
    this.ledger = spis.repository();
    this.keys = new ReservedKeys(ledger, ids, clock, limits.deployGrace());
    this.blobs = spis.blobs();
    this.inspector = spis.inspector();
    this.maxFirmwareSize = limits.maxFirmwareSize();
  }

  /**
   * Stores a file and commits what it is for; if either fails, the blob is abandoned.
   *
   * @param commit takes the key of the blob, whose value is a new id
   */
  <T> T upload(FirmwareSource source, BiFunction<BlobKey, Firmware, T> commit) {
    BlobKey key = keys.take();
    try {
      return commit.apply(key, store(key, source));
    } catch (RuntimeException | Error e) {
      abandon(key, e);
      throw e;
    }
  }

  /**
   * Looks whether a commit that failed went through after all: a connection that breaks after a
   * commit looks like one that breaks before it. A commit may still be under way, too, whose answer
   * nobody waited for; abandoning the blob waits for its end.
   *
   * @param look looks for what was to be committed
   * @throws StorageException if that cannot be told
   */
  <T> T afterFailure(BlobKey key, StorageException failure, Supplier<T> look) {
    try {
      ledger.abandon(key);
      return look.get();
    } catch (StorageException e) {
      failure.addSuppressed(e);
      throw new StorageException(
          failure.getMessage() + "; whether the firmware is deployed is unknown", failure);
    }
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

  /** Does nothing to a reservation that a commit of unknown outcome made final after all. */
  private void abandon(BlobKey key, Throwable failure) {
    try {
      ledger.abandon(key);
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }
}
