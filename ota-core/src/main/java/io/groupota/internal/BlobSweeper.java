package io.groupota.internal;

import io.groupota.BlobKey;
import io.groupota.spi.BlobLedger;
import io.groupota.spi.BlobStore;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes the files of deploys that failed or died. */
final class BlobSweeper {
  private static final Logger LOG = LoggerFactory.getLogger(BlobSweeper.class);
  private static final int BATCH = 100;

  private final BlobLedger ledger;
  private final BlobStore blobs;
  private final Duration grace;

  BlobSweeper(BlobLedger ledger, BlobStore blobs, Duration grace) {
    this.ledger = ledger;
    this.blobs = blobs;
    this.grace = grace;
  }

  void sweep() {
    List<BlobKey> abandoned;
    do {
      abandoned = ledger.claimAbandoned(grace, BATCH);
      long deleted = abandoned.stream().filter(blobs::delete).count();
      ledger.forget(abandoned);
      if (deleted > 0) {
        LOG.info("Swept {} firmware files of deploys that did not finish", deleted);
      }
    } while (abandoned.size() == BATCH);
    blobs.sweep();
  }
}
