package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.OtaUpdate;
import io.groupota.UpdateId;
import io.groupota.spi.OfferLog;
import io.groupota.spi.OtaRepository;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What devices of rollouts were told when they checked for an update, so that the download that
 * follows gives just that, on whichever node and whatever moved in between.
 */
final class Offers {
  /** Devices download within seconds of a check. */
  static final Duration VALIDITY = Duration.ofMinutes(2);

  /** A device that checks more often than this does not cost a write each time. */
  private static final Duration RENEWAL = VALIDITY.dividedBy(2);

  private final OtaRepository repository;

  Offers(OtaRepository repository) {
    this.repository = repository;
  }

  /** What the device was told a moment ago. */
  Optional<UpdateId> lately(DeviceId device) {
    return fresh(device).map(OfferLog.Offer::update);
  }

  /**
   * Keeps what a device of a rollout is told. Not that it is to stay with the target that it runs
   * already: it has nothing to download, and most devices of a fleet are such for most of the time.
   *
   * @param target what the rollout brings
   */
  void keep(DeviceId device, Optional<OtaUpdate> told, UpdateId target) {
    if (told.isEmpty()) {
      withdraw(device);
      return;
    }
    OtaUpdate update = told.get();
    Optional<OfferLog.Offer> before = fresh(device);
    boolean needed =
        before.isPresent()
            ? !before.get().update().equals(update.id())
                || before.get().age().compareTo(RENEWAL) >= 0
            : !update.id().equals(target) || !runs(device, update);
    if (needed) {
      repository.offer(device, update.id());
    }
  }

  /** No rollout decides for the device any more: it downloads what its group serves. */
  void withdraw(DeviceId device) {
    if (fresh(device).isPresent()) {
      repository.withdrawOffer(device);
    }
  }

  private Optional<OfferLog.Offer> fresh(DeviceId device) {
    return repository.offer(device).filter(offer -> offer.age().compareTo(VALIDITY) < 0);
  }

  private boolean runs(DeviceId device, OtaUpdate update) {
    return Optional.ofNullable(repository.states(List.of(device)).get(device))
        .flatMap(DeviceState::reportedVersion)
        .filter(update.version()::equals)
        .isPresent();
  }
}
