package io.groupota.testkit.contract;

/**
 * What every {@link io.groupota.spi.OtaRepository} must do: the contracts of its roles. Implement
 * it in a test class:
 *
 * <pre>{@code
 * class MyRepositoryTest implements OtaRepositoryContract {
 *   @Override
 *   public OtaRepository repository(Clock clock) {
 *     return new MyRepository(emptyDatabase(), clock);
 *   }
 *
 *   @Override
 *   public OtaRepository anotherNode(OtaRepository repository, Clock clock) {
 *     return new MyRepository(sameDatabase(), clock);
 *   }
 * }
 * }</pre>
 *
 * <p>To see the results by role, implement {@link UpdateLogContract}, {@link RetentionContract},
 * {@link BlobLedgerContract}, {@link TriggerQueueContract} and {@link DeviceStatesContract} in
 * classes of their own instead.
 */
public interface OtaRepositoryContract
    extends UpdateLogContract,
        RetentionContract,
        BlobLedgerContract,
        TriggerQueueContract,
        DeviceStatesContract,
        RolloutLogContract,
        RolloutQueueContract,
        RolloutStepsContract,
        RolloutRacesContract,
        OfferLogContract {}
