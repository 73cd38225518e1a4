package io.groupota.spi;

/**
 * Keeps the state of the library, one transaction per call. Seven roles, each a small interface of
 * its own; one object implements all of them, since a deploy changes several of them at once.
 *
 * <p>Implementations are thread-safe and may be shared by many nodes; they retry a whole
 * transaction that lost a race inside the database, and throw {@link io.groupota.StorageException}
 * when the storage fails. Their own clock, one for all nodes, decides when something is due;
 * callers pass durations only. Prove one with the contracts of the testkit.
 */
public interface OtaRepository
    extends UpdateLog, BlobLedger, TriggerQueue, DeviceStates, RolloutLog, RolloutQueue, OfferLog {}
